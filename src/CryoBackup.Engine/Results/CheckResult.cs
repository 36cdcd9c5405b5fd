namespace CryoBackup;

/// <summary>What became of one check.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum CheckOutcome : long
{
    /// <summary>It ran and what it looked at is good.</summary>
    Passed,

    /// <summary>It ran and what it looked at is bad.</summary>
    Failed,

    /// <summary>It did not run; the detail says why.</summary>
    NotRun,
}

/// <summary>One check of a verification.</summary>
public sealed class CheckResult
{
    /// <summary>The check's name: file_integrity, backup_format, metadata, hash_calculation, compression, content, …</summary>
    public string Name { get; init; } = "";

    /// <summary>What became of it.</summary>
    public CheckOutcome Outcome { get; init; }

    /// <summary>True only if it ran and passed.</summary>
    public bool Passed => Outcome == CheckOutcome.Passed;

    /// <summary>What was found, in one sentence.</summary>
    public string Detail { get; init; } = "";

    /// <summary>Which error it is for a command that needs what was checked, such as IdentityWrong;
    /// null where it passed or no error belongs to it.</summary>
    public CryoBackupError? ErrorId { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Name and outcome.</summary>
    public override string ToString() => $"{Name}: {Outcome}";
}
