namespace CryoBackup;

/// <summary>What a verification concludes.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum Verdict : long
{
    /// <summary>Every check that the level asks for ran and passed.</summary>
    Passed,

    /// <summary>At least one check failed: do not rely on this backup.</summary>
    Failed,

    /// <summary>Nothing failed, but something that the level asks for could not be checked.</summary>
    Inconclusive,
}

/// <summary>What Test-CryoBackup found.</summary>
public sealed class VerificationResult
{
    /// <summary>The database that the backup is of; empty where it could not be read.</summary>
    public string Database { get; init; } = "";

    /// <summary>The backup file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>How deep the verification went.</summary>
    public VerificationLevel Level { get; init; }

    /// <summary>Which share of the file was to be read, in percent; null where all of it was. A verdict on a part proves nothing of the
    /// rest.</summary>
    public int? Sample { get; init; }

    /// <summary>Which share of the file this and the sampled Tests before it, in the round that goes on, have read, from 0 to 1; null
    /// where nothing was sampled.</summary>
    public double? Covered { get; init; }

    /// <summary>The conclusion.</summary>
    public Verdict Verdict { get; init; }

    /// <summary>True only for the verdict Passed.</summary>
    public bool IsValid => Verdict == Verdict.Passed;

    /// <summary>Why, in one sentence: the first failed check, or what was proven.</summary>
    public string Reason { get; init; } = "";

    /// <summary>
    /// The id of the error that the first failed check, else the first that could not run, is for a command that needs it: HashMismatch,
    /// ArchiveCorrupt, IdentityMissing, IdentityWrong, …; null for Passed, and where no error belongs to the check.
    /// </summary>
    public CryoBackupError? ErrorId =>
        Verdict == Verdict.Passed
            ? null
            : (
                Checks.FirstOrDefault(check => check.Outcome == CheckOutcome.Failed)
                ?? Checks.FirstOrDefault(check => check is { Outcome: CheckOutcome.NotRun, ErrorId: not null })
            )?.ErrorId;

    /// <summary>Every check, in the order in which they ran.</summary>
    public ResultList<CheckResult> Checks { get; init; } = [];

    /// <summary>Every table, expected and found; empty below level Content.</summary>
    public ResultList<TableComparison> Tables { get; init; } = [];

    /// <summary>What was unexpected beside the verdict: a report that could not be written,
    /// a notification that could not be sent.</summary>
    public ResultList<string> Warnings { get; internal set; } = [];

    /// <summary>What the administrator can do about a verdict other than Passed; null where nothing is known to help.</summary>
    public string? Remedy { get; init; }

    /// <summary>The server of the rehearsal, for example "PostgreSQL 15.18"; null where there was none.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>How long the restore took, without the verification before and the comparison after it;
    /// null where nothing was restored.</summary>
    public TimeSpan? RestoreDuration { get; init; }

    /// <summary>What the rehearsal restored disabled, or not at all, and why; empty below level Restore.</summary>
    public ResultList<string> LeftOut { get; init; } = [];

    /// <summary>Every difference between the restored database and the archive, one sentence each; empty below level Restore.</summary>
    public ResultList<string> Differences { get; init; } = [];

    /// <summary>How to connect to the rehearsal that was kept, and how to remove it; null where none was.</summary>
    public string? Kept { get; init; }

    /// <summary>True if it tells of what is missing: <see cref="Path"/> is then the folder that was looked into.</summary>
    internal bool IsOfFolder { get; init; }

    /// <summary>The SHA-256 of the stored file in upper-case hexadecimal; empty if it was not read, or only a sample of it.</summary>
    public string Hash { get; init; } = "";

    /// <summary>When the verification began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public DateTime End { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The report's full path; null where none was asked for.</summary>
    public string? ReportPath { get; internal set; }

    /// <summary>This result with other checks, and what follows from them.</summary>
    /// <param name="checks">The checks.</param>
    /// <param name="verdict">The verdict.</param>
    /// <param name="reason">Its reason.</param>
    /// <param name="remedy">What can be done about it.</param>
    internal VerificationResult With(CheckResult[] checks, Verdict verdict, string reason, string? remedy) =>
        new()
        {
            Database = Database,
            Path = Path,
            Level = Level,
            Sample = Sample,
            Covered = Covered,
            Verdict = verdict,
            Reason = reason,
            Remedy = remedy,
            Checks = checks,
            Tables = Tables,
            Hash = Hash,
            ServerVersion = ServerVersion,
            RestoreDuration = RestoreDuration,
            LeftOut = LeftOut,
            Differences = Differences,
            Kept = Kept,
            IsOfFolder = IsOfFolder,
            Warnings = Warnings,
            Start = Start,
            End = End,
            Duration = Duration,
            ReportPath = ReportPath,
        };

    /// <summary>Database and verdict.</summary>
    public override string ToString() => $"{Database}: {Verdict}";
}
