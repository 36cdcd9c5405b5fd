namespace CryoBackup.Retention;

/// <summary>A backup as a policy sees it.</summary>
/// <param name="Id">By what it is told from all others; with equal times it decides the order.</param>
/// <param name="Group">Whose backup it is.</param>
/// <param name="Start">When it began, in UTC.</param>
internal sealed record KeptBackup(string Id, BackupGroup Group, DateTime Start)
{
    /// <summary>True if its file is there, of the size that its manifest tells, and it holds the whole database.</summary>
    public bool IsWhole { get; init; } = true;

    /// <summary>True if its content is proven: by New's own comparison or a Test since, and by no failed Test undone.</summary>
    public bool IsProven { get; init; } = true;

    /// <summary>True if what Tests concluded of it cannot be read: it counts as not proven, and stays.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>True if it came back in a rehearsal.</summary>
    public bool IsRehearsed { get; init; }

    /// <summary>True if it holds suspiciously less than the one before.</summary>
    public bool IsDegraded { get; init; }

    /// <summary>What pins it, in words; null for nothing.</summary>
    public string? Hold { get; init; }

    /// <summary>What the place itself keeps it by, and how long, in words; null for nothing.</summary>
    public string? Lock { get; init; }
}

/// <summary>What backups replace each other: those of one selection of one database of one server.</summary>
/// <param name="Server">The server's system identifier; empty where it is not known, and then nobody knows what replaces what.</param>
/// <param name="Database">The database.</param>
/// <param name="Selection">What of it; empty for the whole.</param>
internal sealed record BackupGroup(string Server, string Database, string Selection);

/// <summary>What becomes of a backup.</summary>
/// <param name="Backup">The backup.</param>
/// <param name="Action">Keep, Remove, or Blocked where only the place keeps it.</param>
/// <param name="Reasons">Every rule that keeps it; for one to be removed, why none does.</param>
internal sealed record RetentionDecision(KeptBackup Backup, RemovalAction Action, IReadOnlyList<string> Reasons);
