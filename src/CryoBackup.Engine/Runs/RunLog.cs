using CryoBackup.Configuration;
using CryoBackup.Storage;

namespace CryoBackup.Runs;

/// <summary>What a run writes into the log: the predecessor's sentences where it had one for it.</summary>
internal sealed class RunLog
{
    private readonly LogFile _file;
    private readonly RunKind _kind;

    /// <summary>Prepares the log of a run. Nothing is written yet.</summary>
    /// <param name="settings">The file, its form and size.</param>
    /// <param name="kind">What the run does.</param>
    /// <param name="fail">Is told once, in one sentence, if the log cannot be written.</param>
    public RunLog(LogSettings settings, RunKind kind, Action<string> fail)
    {
        _file = new LogFile(settings, kind, fail);
        _kind = kind;
    }

    /// <summary>The work on one thing begins.</summary>
    /// <param name="subject">What it is.</param>
    public void Begin(RunSubject subject) => _file.Info(_kind.Beginning(subject));

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

    /// <summary>A backup was removed, or could not be, or nothing of its database may be; or it is held, or let go of.</summary>
    /// <param name="item">What became of it.</param>
    public void Decided(RunItem item)
    {
        Action<string> write = item.State == RunState.Success ? _file.Info : _file.Warning;
        write(item.Message);
    }

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
        string how = state == RunState.Failure ? "with failures" : "successfully";
        _file.Info($"{_kind.Process} process completed {how}");
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
