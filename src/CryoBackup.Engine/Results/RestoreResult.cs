namespace CryoBackup;

/// <summary>How far a restore came.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum RestoreStatus : long
{
    /// <summary>Nothing was done: this is the plan.</summary>
    Planned,

    /// <summary>Restored, and every table compared.</summary>
    Restored,

    /// <summary>Failed; the error says in which state the target is.</summary>
    Failed,
}

/// <summary>What Restore-CryoBackup did, or would do.</summary>
public sealed class RestoreResult
{
    /// <summary>The backup file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>The database that the backup is of.</summary>
    public string SourceDatabase { get; init; } = "";

    /// <summary>The target server's host name, address or socket folder.</summary>
    public string ComputerName { get; init; } = "";

    /// <summary>The target server's port.</summary>
    public int Port { get; init; }

    /// <summary>The database that was restored into.</summary>
    public string TargetDatabase { get; init; } = "";

    /// <summary>Into what.</summary>
    public RestoreMode Mode { get; init; }

    /// <summary>How far it came.</summary>
    public RestoreStatus Status { get; init; }

    /// <summary>The roles that are created first, from the backup's globals.</summary>
    public ResultList<string> Roles { get; init; } = [];

    /// <summary>Every object that is restored, in the order in which it is: kind, schema and name.</summary>
    public ResultList<string> Objects { get; init; } = [];

    /// <summary>What belongs to something chosen and is left out, each with its reason.</summary>
    public ResultList<string> LeftOut { get; init; } = [];

    /// <summary>What -Clean drops with the backup's objects and the backup does not bring back, each as kind, schema and name:
    /// newer indexes, triggers, columns, privileges, ….</summary>
    public ResultList<string> AlsoDropped { get; init; } = [];

    /// <summary>Every table with data: expected and restored rows and fingerprints.</summary>
    public ResultList<TableComparison> Tables { get; init; } = [];

    /// <summary>What was unexpected, though the restore is good.</summary>
    public ResultList<string> Warnings { get; internal set; } = [];

    /// <summary>The name under which the database that was there before is kept; null where there was none.</summary>
    public string? PreviousDatabase { get; init; }

    /// <summary>The SQL of the plan in the order in which it would be run, with remarks where rows would come; empty unless it was asked
    /// for.</summary>
    public string Script { get; init; } = "";

    /// <summary>When the restore began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public DateTime End { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The report's full path; null where none was asked for.</summary>
    public string? ReportPath { get; internal set; }

    /// <summary>Target and status.</summary>
    public override string ToString() => $"{TargetDatabase}: {Status}";
}
