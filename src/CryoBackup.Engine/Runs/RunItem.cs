using CryoBackup.Restore;
using CryoBackup.Storage;

namespace CryoBackup.Runs;

/// <summary>One thing that a run worked on, and what became of it: a result, or the failure that came instead of one.</summary>
internal sealed class RunItem
{
    /// <summary>The database; empty where it is not known.</summary>
    public string Database { get; init; } = "";

    /// <summary>The backup file's full path; empty where there is none.</summary>
    public string Path { get; init; } = "";

    /// <summary>How it ended.</summary>
    public RunState State { get; init; }

    /// <summary>What happened, in one sentence.</summary>
    public string Message { get; init; } = "";

    /// <summary>What was unexpected.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>When the work on it began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>When it ended, in UTC.</summary>
    public DateTime End { get; init; }

    /// <summary>What New made; null for another verb, or if it failed.</summary>
    public BackupInfo? Backup { get; init; }

    /// <summary>What Test found; null for another verb, or if it failed.</summary>
    public VerificationResult? Verification { get; init; }

    /// <summary>What Restore was asked for; null for another verb.</summary>
    public RestoreRequest? Wish { get; init; }

    /// <summary>What Restore did; null for another verb, or if it failed.</summary>
    public RestoreResult? Restore { get; init; }

    /// <summary>What became of a backup that was, or should have been, removed; null for another verb.</summary>
    public RemovalResult? Removal { get; init; }

    /// <summary>What Protect or Unprotect changed; null for another verb, or if it failed.</summary>
    public BackupInfo? Held { get; init; }

    /// <summary>What went wrong; null where there is a result.</summary>
    public Exception? Failure { get; init; }

    /// <summary>What the administrator can do; null where all is well, or nothing is known to help.</summary>
    public string? Remedy => Verification is not null ? Verification.Remedy : (Failure as CryoBackupException)?.Remedy;

    /// <summary>True if this is a verification without a verdict for or against the backup.</summary>
    public bool IsInconclusive => Verification is { Verdict: Verdict.Inconclusive };

    /// <summary>The backup's file name; where a folder holds none that is good, the database and the folder.</summary>
    public string FileName
    {
        get
        {
            string name = System.IO.Path.GetFileName(Path);
            return Verification is { IsOfFolder: true } && Database.Length > 0 ? $"{Database} in {name}" : name;
        }
    }

    /// <summary>The database if it is known, else the file's name.</summary>
    public string Name =>
        Database.Length > 0 ? Database
        : System.IO.Path.GetFileName(Path) is { Length: > 0 } name ? name
        : Path;

    /// <summary>The database, or where the backup itself does not tell, the one in the file's name;
    /// empty where that does not tell either.</summary>
    public string MeasuredDatabase =>
        Database.Length > 0 ? Database : BackupFileName.TryRead(System.IO.Path.GetFileName(Path))?.Database ?? "";

    /// <summary>A backup that was made.</summary>
    /// <param name="backup">What New returned.</param>
    public static RunItem Of(BackupInfo backup) =>
        new()
        {
            Database = backup.Database,
            Path = backup.Path,
            State = backup.Warnings.Length > 0 ? RunState.Warning : RunState.Success,
            Message = $"Backup completed successfully: {backup.Path}",
            Warnings = backup.Warnings,
            Start = backup.Start,
            End = backup.End,
            Backup = backup,
        };

    /// <summary>A backup that was verified, with whatever verdict.</summary>
    /// <param name="result">What Test returned.</param>
    public static RunItem Of(VerificationResult result) =>
        new()
        {
            Database = result.Database,
            Path = result.Path,
            // What could not be proven must be heard like what is wrong.
            State = result.IsValid ? RunState.Success : RunState.Failure,
            Message = result.Verdict switch
            {
                Verdict.Passed => $"Backup verification passed: {System.IO.Path.GetFileName(result.Path)}: {result.Reason}",
                Verdict.Inconclusive => $"Backup verification inconclusive: {System.IO.Path.GetFileName(result.Path)}: {result.Reason}",
                _ => $"Backup verification failed: {System.IO.Path.GetFileName(result.Path)}: {result.Reason}",
            },
            Start = result.Start,
            End = result.End,
            Verification = result,
        };

    /// <summary>A backup that was restored, or planned to be.</summary>
    /// <param name="request">What Restore was asked for.</param>
    /// <param name="result">What it returned.</param>
    public static RunItem Of(RestoreRequest request, RestoreResult result) =>
        new()
        {
            Database = result.SourceDatabase,
            Path = result.Path,
            State =
                result.Status == RestoreStatus.Failed ? RunState.Failure
                : result.Warnings.Length > 0 ? RunState.Warning
                : RunState.Success,
            Message = result.Status switch
            {
                RestoreStatus.Planned => $"Restore planned, nothing changed: {result.Path} into {result.TargetDatabase}",
                RestoreStatus.Restored => $"Database restore completed successfully from: {result.Path} into {result.TargetDatabase}",
                _ => $"Database restore failed: {result.Path} into {result.TargetDatabase}",
            },
            Warnings = result.Warnings,
            Start = result.Start,
            End = result.End,
            Wish = request,
            Restore = result,
        };

    /// <summary>What Remove did: each backup that it removed or that kept it from doing so, and each database of which nothing may be
    /// removed. What rules keep is not told.</summary>
    /// <param name="results">What Remove returned.</param>
    public static IEnumerable<RunItem> Of(IReadOnlyList<RemovalResult> results) =>
        results
            .Where(result => result.Action is RemovalAction.Removed or RemovalAction.Blocked)
            .Concat(
                results
                    .Where(result => result is { Frozen: true, Action: RemovalAction.Keep })
                    .DistinctBy(result => (result.Database, result.SystemIdentifier, result.Partial))
            )
            .Select(Of);

    private static RunItem Of(RemovalResult result)
    {
        string why = string.Join("; ", result.Reasons);
        return new RunItem
        {
            Database = result.Database,
            Path = result.Path,
            State = result.Action == RemovalAction.Removed ? RunState.Success : RunState.Warning,
            Message = result.Action switch
            {
                RemovalAction.Removed => $"Removed old backup: {result.Path}: {why}",
                RemovalAction.Blocked => $"Old backup not removed: {result.Path}: {why}",
                _ => $"No old backup of {result.Database} is removed: {why}",
            },
            Start = DateTime.UtcNow,
            End = DateTime.UtcNow,
            Removal = result,
        };
    }

    /// <summary>A backup that is held, or let go of.</summary>
    /// <param name="backup">What Protect or Unprotect returned.</param>
    public static RunItem OfHold(BackupInfo backup) =>
        new()
        {
            Database = backup.Database,
            Path = backup.Path,
            State = RunState.Success,
            Message = backup.Hold is { } hold ? $"Backup {hold}: {backup.Path}" : $"Backup let go of: {backup.Path}",
            Start = DateTime.UtcNow,
            End = DateTime.UtcNow,
            Held = backup,
        };

    /// <summary>Something that failed.</summary>
    /// <param name="kind">What was to be done.</param>
    /// <param name="database">The database; empty where it is not known.</param>
    /// <param name="path">The backup file; empty where there is none.</param>
    /// <param name="failure">What went wrong.</param>
    /// <param name="start">When the work on it began, in UTC.</param>
    /// <param name="request">What Restore was asked for; null for another verb.</param>
    public static RunItem Failed(
        RunKind kind,
        string database,
        string path,
        Exception failure,
        DateTime start,
        RestoreRequest? request = null
    ) =>
        new()
        {
            Database = database,
            Path = path,
            State = RunState.Failure,
            Message = $"{kind.Process} failed: {Describe(failure)}",
            Start = start,
            End = DateTime.UtcNow,
            Wish = request,
            Failure = failure,
        };

    /// <summary>A failure in one sentence.</summary>
    /// <param name="failure">What was thrown.</param>
    public static string Describe(Exception failure) =>
        failure is OperationCanceledException ? "It was stopped before its end." : failure.Message;
}
