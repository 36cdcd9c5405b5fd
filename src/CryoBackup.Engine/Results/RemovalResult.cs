namespace CryoBackup;

/// <summary>What becomes, or became, of a backup: what Remove-CryoBackup emits of each.</summary>
public sealed class RemovalResult
{
    /// <summary>What becomes of it.</summary>
    public RemovalAction Action { get; internal set; }

    /// <summary>Every rule that keeps it, in words; else why none does, or what keeps it from being removed.</summary>
    public ResultList<string> Reasons { get; internal set; } = [];

    /// <summary>The database.</summary>
    public string Database { get; init; } = "";

    /// <summary>The server's host name, address or socket folder.</summary>
    public string ComputerName { get; init; } = "";

    /// <summary>The server's system identifier; empty where the manifest does not say.</summary>
    public string SystemIdentifier { get; init; } = "";

    /// <summary>When the backup began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>The stored file's size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>True if it holds only a selection of the database.</summary>
    public bool Partial { get; init; }

    /// <summary>When its content was last proven, in UTC; null if it is not.</summary>
    public DateTime? Proven { get; init; }

    /// <summary>When it last came back in a rehearsal, in UTC; null if it did not.</summary>
    public DateTime? Rehearsed { get; init; }

    /// <summary>True if it holds suspiciously less than the one before.</summary>
    public bool Degraded { get; init; }

    /// <summary>True if nothing of its group is removed, for the newest is not proven or degraded.</summary>
    public bool Frozen { get; init; }

    /// <summary>True if Protect-CryoBackup holds it.</summary>
    internal bool Held { get; init; }

    /// <summary>The backup file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>The action and the backup.</summary>
    public override string ToString() => $"{Action} {Path}";
}
