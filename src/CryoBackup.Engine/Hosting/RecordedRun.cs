using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Copies;
using CryoBackup.Notifications;
using CryoBackup.Reports;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Verification;

namespace CryoBackup.Hosting;

/// <summary>
/// What a run leaves behind and whom it tells: log, reports, metrics and notifications, as the configuration and -ReportPath say. A host
/// names with Expect what it is about to do, lets each thing be worked on by one of the Run methods, names with <see cref="Fail"/> what
/// failed before it came to that, and calls <see cref="Finish"/> once, also when it was stopped. None of these fails because of the
/// evidence itself: what cannot be written or sent is a warning. The Run methods and <see cref="Fail"/> may be called on several threads at
/// once.
/// </summary>
public sealed partial class RecordedRun : IDisposable
{
    private readonly RunRecord _run;
    private readonly RunReports? _reports;
    private readonly MetricsSettings? _metrics;
    private readonly RunTelling? _telling;
    private readonly RunLog? _log;
    private readonly bool _writesEvents;
    private readonly List<string> _troubles = [];
    private readonly object _gate = new();
    private readonly ExpectedWork _expected = new();
    private bool _started;
    private bool _finished;

    /// <summary>Prepares the record of a run. Nothing is written or sent yet.</summary>
    /// <param name="kind">What the run does.</param>
    /// <param name="configuration">The configuration file; null for none: then only a report is written, if one is asked for.</param>
    /// <param name="reportPath">
    /// The full path that the user gave for the report: a name that ends in .json or .html, or an existing folder; null for none.
    /// </param>
    /// <exception cref="CryoBackupException">
    /// ConfigurationInvalid: the report's name has another extension; DestinationNotWritable: it exists already.
    /// </exception>
    public RecordedRun(RunKind kind, BackupConfiguration? configuration, string? reportPath)
    {
        _run = new RunRecord { Kind = kind, Start = DateTime.UtcNow };
        _log = configuration?.Log is { } log ? new RunLog(log, kind, Note) : null;
        _reports = RunReports.Files(kind, configuration?.Reports, reportPath) is { } files
            ? new RunReports(files, _log, exception => Trouble("The report could not be written", exception))
            : null;
        _metrics = configuration?.Metrics;
        _writesEvents = configuration is { EventLog: true };
        _telling =
            configuration is not null && new Notifier(configuration.Notifications) is { IsEmpty: false } notifier
                ? new RunTelling(notifier)
                : null;
    }

    /// <summary>
    /// True if results change at the end of the run, by the report's path or by a warning: a host must emit them only after
    /// <see cref="Finish"/>.
    /// </summary>
    public bool HoldsResults => _reports is not null || _telling is not null || _metrics is not null || _log is not null || _writesEvents;

    /// <summary>
    /// Names backups or verifications that are about to be made. One that was not begun when the run ends is a failure: nobody else would
    /// miss it.
    /// </summary>
    /// <param name="requests">The very objects, of <see cref="BackupRequest"/> or <see cref="VerificationTask"/>,
    /// that are given to Run later.</param>
    public void Expect(IEnumerable<object> requests)
    {
        ArgumentNullException.ThrowIfNull(requests);
        foreach (object request in requests)
        {
            _expected.Add(request);
        }
    }

    /// <summary>Takes back what was named with Expect, for the user declined it.</summary>
    /// <param name="request">What is not done.</param>
    public void Forgo(object request) => _expected.Remove(request);

    /// <summary>Backs up a database, on record. See <see cref="BackupWriter.Run"/>.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the backup, which leaves nothing.</param>
    /// <returns>The backup.</returns>
    /// <exception cref="CryoBackupException">It was not made.</exception>
    public BackupInfo Run(BackupRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) =>
        Record(request, request.Database, request.Folder, null, () => Make(request, Watch(observer), cancellationToken), Add);

    /// <summary>Verifies a backup, or the freshness of a database, on record. See <see cref="VerificationTask.Run"/>.</summary>
    /// <param name="task">What is asked for.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the verification and every program and server of it.</param>
    /// <returns>The verdict.</returns>
    /// <exception cref="CryoBackupException">There could be none.</exception>
    public VerificationResult Run(VerificationTask task, Action<EngineMessage> observer, CancellationToken cancellationToken) =>
        Record(task, task.Request.Path, task.Database, null, () => task.Run(Watch(observer), cancellationToken), Add);

    /// <summary>Restores a backup, on record. See <see cref="BackupRestorer.Run"/>.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the restore, and puts back what can be.</param>
    /// <returns>What was done, or would be.</returns>
    /// <exception cref="CryoBackupException">It was not restored.</exception>
    public RestoreResult Run(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) =>
        Record(
            request,
            request.Path,
            null,
            request,
            () => BackupRestorer.Run(request, Watch(observer), cancellationToken),
            result => Add(request, result)
        );

    /// <summary>Tells that the run begins. Returns at once; the telling goes on beside the work.</summary>
    internal void Start()
    {
        lock (_gate)
        {
            if (!_started)
            {
                _started = true;
                _telling?.Begin();
            }
        }
    }

    /// <summary>Adds the log to those who listen to the engine.</summary>
    /// <param name="observer">Who listens already.</param>
    /// <returns>The observer for the engine.</returns>
    internal Action<EngineMessage> Watch(Action<EngineMessage> observer) =>
        _log is null
            ? observer
            : message =>
            {
                if (message is WarningMessage warning)
                {
                    _log.Warn(warning.Text);
                }

                observer(message);
            };

    /// <summary>Tells that the work on one thing begins.</summary>
    /// <param name="thing">The database that is backed up, or the full path of the backup that is verified or restored.</param>
    /// <param name="other">The folder that takes the backup, or the database that a folder is asked for; else null.</param>
    /// <returns>The moment, in UTC.</returns>
    internal DateTime Begin(string thing, string? other = null)
    {
        Start();
        _log?.Begin(_run.Kind.Subject(thing, other));
        return DateTime.UtcNow;
    }

    /// <summary>Takes a backup that was made.</summary>
    /// <param name="backup">What New returned.</param>
    internal void Add(BackupInfo backup)
    {
        Take(RunItem.Of(backup));
        _log?.Made(backup);
    }

    /// <summary>Takes a backup that was verified.</summary>
    /// <param name="result">What Test returned.</param>
    internal void Add(VerificationResult result)
    {
        var item = RunItem.Of(result);
        Take(item);
        _log?.Verified(result, item.Message);
    }

    /// <summary>Takes a backup that was restored, or planned to be.</summary>
    /// <param name="request">What Restore was asked for.</param>
    /// <param name="result">What it returned.</param>
    internal void Add(RestoreRequest request, RestoreResult result)
    {
        var item = RunItem.Of(request, result);
        Take(item);
        _log?.Restored(item.Message);
    }

    /// <summary>Takes a failure that came instead of a result. One that is known already, because a Run method threw it,
    /// is not taken twice.</summary>
    /// <param name="thing">The database, or the full path of the backup.</param>
    /// <param name="failure">What was thrown.</param>
    /// <param name="request">What Restore was asked for; null for another verb.</param>
    public void Fail(string thing, Exception failure, RestoreRequest? request = null) =>
        TakeFailure(thing, null, failure, DateTime.UtcNow, request);

    /// <summary>
    /// Writes the report and the metrics and tells everybody, all at the same time. What could not be written or sent is a warning: given
    /// to the observer, and added to the results. A second call does nothing, and so does a run that worked on nothing.
    /// </summary>
    /// <param name="observer">Takes warnings and verbose messages.</param>
    /// <param name="cancellationToken">Gives up telling.</param>
    public void Finish(Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        if (_finished)
        {
            return;
        }

        foreach ((string thing, string? database, CryoBackupException missed) in _expected.TakeMissed())
        {
            TakeFailure(thing, database, missed, DateTime.UtcNow, null);
        }

        if (!_started || _run.Items.Count == 0)
        {
            return;
        }

        _finished = true;
        _run.End = DateTime.UtcNow;
        _run.Sort();

        // Each stands alone: whatever one of them throws, the others are written and told.
        Attempt("The report could not be written", () => _reports?.Write(_run, cancellationToken));
        Attempt("The metrics could not be written", WriteMetrics);
        Attempt("The events could not be written", WriteEvents);
        Attempt("The notifications failed", () => _telling?.End(_run, Told, Trouble, observer, cancellationToken));
        _log?.End(_run.State);
        foreach (string trouble in _troubles)
        {
            observer(new WarningMessage(trouble));
        }

        Warn();
    }

    /// <summary>Ends what is still being told.</summary>
    public void Dispose() => _telling?.Dispose();

    private static BackupInfo Make(BackupRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        BackupInfo backup = BackupWriter.Run(request, observer, cancellationToken);
        BackupCopier.CopyAll(backup, request.Copies, request.CopiesRequired, observer, cancellationToken);
        return backup;
    }

    private TResult Record<TResult>(
        object key,
        string thing,
        string? other,
        RestoreRequest? request,
        Func<TResult> work,
        Action<TResult> add
    )
    {
        Forgo(key);
        DateTime begun = Begin(thing, other);
        TResult result;
        try
        {
            result = work();
        }
        catch (Exception exception)
        {
            TakeFailure(thing, other, exception, begun, request);
            throw;
        }

        // What was done stands, whatever becomes of its record.
        Attempt("The run could not be recorded", () => add(result));
        return result;
    }

    private void TakeFailure(string thing, string? other, Exception failure, DateTime begun, RestoreRequest? request)
    {
        RunItem item;
        lock (_gate)
        {
            if (_run.Items.Exists(known => ReferenceEquals(known.Failure, failure)))
            {
                return;
            }

            RunSubject subject = _run.Kind.Subject(thing, other);
            item = RunItem.Failed(_run.Kind, subject.Database ?? "", subject.Path, failure, begun, request);
            Take(item);
        }

        _log?.Failed(item.Message, failure);
    }

    private void Take(RunItem item)
    {
        Start();
        lock (_gate)
        {
            _run.Items.Add(item);
        }
    }

    private void WriteMetrics()
    {
        if (_metrics is not null)
        {
            MetricsFile.Update(_metrics.File, _run);
        }
    }

    private void WriteEvents()
    {
        if (_writesEvents && OperatingSystem.IsWindows())
        {
            WindowsEvents.Write(_run);
        }
    }

    private void Told(string channel) => _log?.Told(channel, _run.Title);

    private void Attempt(string whatFailed, Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            Trouble(whatFailed, exception);
        }
    }

    private void Trouble(string whatFailed, Exception exception) => Trouble($"{whatFailed}: {InWords(exception)}");

    private static string InWords(Exception exception) =>
        exception is CryoBackupException or OperationCanceledException
            ? RunItem.Describe(exception)
            : $"it failed ({exception.GetType().Name}: {exception.Message})";

    private void Trouble(string text)
    {
        Note(text);
        _log?.Warn(text);
    }

    private void Note(string trouble)
    {
        lock (_gate)
        {
            _troubles.Add(trouble);
        }
    }

    /// <summary>The results bear what went wrong in telling of them; they have not been emitted yet.</summary>
    private void Warn()
    {
        if (_troubles.Count == 0)
        {
            return;
        }

        foreach (RunItem item in _run.Items)
        {
            switch (item)
            {
                case { Backup: { } backup }:
                    backup.Warnings = [.. backup.Warnings, .. _troubles];
                    break;
                case { Verification: { } verification }:
                    verification.Warnings = [.. verification.Warnings, .. _troubles];
                    break;
                case { Restore: { } restore }:
                    restore.Warnings = [.. restore.Warnings, .. _troubles];
                    break;
            }
        }
    }
}
