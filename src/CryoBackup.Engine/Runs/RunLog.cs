using CryoBackup.Configuration;
using CryoBackup.Storage;

namespace CryoBackup.Runs;

/// <summary>What a run writes into the log: the predecessor's sentences where it had one for it.</summary>
internal sealed class RunLog
{
    private readonly LogFile _file;
    private readonly RunVerb _verb;

    /// <summary>Prepares the log of a run. Nothing is written yet.</summary>
    /// <param name="settings">The file, its form and size.</param>
    /// <param name="verb">What the run does.</param>
    /// <param name="fail">Is told once, in one sentence, if the log cannot be written.</param>
    public RunLog(LogSettings settings, RunVerb verb, Action<string> fail)
    {
        _file = new LogFile(settings, verb, fail);
        _verb = verb;
    }

    /// <summary>The work on one thing begins.</summary>
    /// <param name="thing">The database that is backed up, or the full path of the backup that is verified or restored.</param>
    /// <param name="other">The folder that takes the backup, or the database that a folder is asked for; else null.</param>
    public void Begin(string thing, string? other) =>
        _file.Info(
            _verb switch
            {
                RunVerb.Backup => $"Starting database backup of {thing} to: {other}",
                RunVerb.Restore => $"Selected backup file for restore: {thing}",
                _ when other is not null => $"Looking for a proven backup of {other} in: {thing}",
                _ => $"Verifying backup: {Path.GetFileName(thing)}",
            }
        );

    /// <summary>A backup was made.</summary>
    /// <param name="backup">What New returned.</param>
    public void Made(BackupInfo backup)
    {
        _file.Info($"Database backup completed successfully: {backup.Path}");
        _file.Info($"Backup metadata created: {backup.ManifestPath}");
        foreach (string removed in backup.Removed)
        {
            _file.Info($"Removed old backup: {removed}");
        }
    }

    /// <summary>A backup was verified.</summary>
    /// <param name="result">What Test returned.</param>
    /// <param name="message">The conclusion in one sentence.</param>
    public void Verified(VerificationResult result, string message)
    {
        foreach (CheckResult check in result.Checks)
        {
            Write(check, result.Path);
        }

        Action<string> write = result.Verdict switch
        {
            Verdict.Passed => _file.Info,
            Verdict.Inconclusive => _file.Warning,
            _ => _file.Error,
        };
        write(message);
    }

    /// <summary>A backup was restored, or planned to be.</summary>
    /// <param name="message">What was done, in one sentence.</param>
    public void Restored(string message) => _file.Info(message);

    /// <summary>Something failed.</summary>
    /// <param name="message">What, in one sentence.</param>
    /// <param name="failure">What was thrown.</param>
    public void Failed(string message, Exception failure)
    {
        _file.Error(message);
        foreach (string line in (failure as CryoBackupException)?.StandardError ?? [])
        {
            _file.Error(line);
        }
    }

    /// <summary>A report was written.</summary>
    /// <param name="kind">What it is of.</param>
    /// <param name="path">Its full path.</param>
    public void Reported(string kind, string path) => _file.Info($"{kind} report created: {path}");

    /// <summary>A channel was told.</summary>
    /// <param name="channel">Its name.</param>
    /// <param name="title">The run in one line.</param>
    public void Told(string channel, string title) => _file.Info($"Notification sent by {channel}: {title}");

    /// <summary>Something is unexpected.</summary>
    /// <param name="message">What, in one sentence.</param>
    public void Warn(string message) => _file.Warning(message);

    /// <summary>The run has ended.</summary>
    /// <param name="state">How.</param>
    public void End(RunState state)
    {
        string process = _verb switch
        {
            RunVerb.Backup => "Backup",
            RunVerb.Restore => "Database restore",
            _ => "Backup verification",
        };
        _file.Info(state == RunState.Failure ? $"{process} process completed with failures" : $"{process} process completed successfully");
    }

    private void Write(CheckResult check, string path)
    {
        (string name, string file) = check.Name switch
        {
            CheckNames.File => ("file integrity check", path),
            CheckNames.Format => ("format check", path),
            CheckNames.Metadata => ("metadata verification", path + BackupFileName.ManifestSuffix),
            _ => (check.Name.Replace('_', ' ') + " check", path),
        };
        switch (check.Outcome)
        {
            case CheckOutcome.Passed:
                _file.Info($"Backup {name} passed: {file}");
                break;
            case CheckOutcome.Failed:
                _file.Error($"Backup {name} failed: {file}: {check.Detail}");
                break;
            default:
                _file.Info($"Backup {name} not run: {file}: {check.Detail}");
                break;
        }
    }
}
