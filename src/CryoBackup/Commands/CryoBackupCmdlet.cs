using System.Management.Automation;
using System.Management.Automation.Host;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Text;
using CryoBackup.Verification;

namespace CryoBackup.Commands;

/// <summary>
/// What all cmdlets share: the engine works on a thread of its own, what it has to say comes through one queue, and only the
/// pipeline's thread speaks to PowerShell.
/// </summary>
public abstract class CryoBackupCmdlet : StoppableCmdlet
{
    // How long the end of a command that was stopped may take to tell of it.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly List<object> _held = [];
    private readonly MessageDisplay _display;
    private readonly EnginePump _pump;
    private RecordedRun? _evidence;
    private bool _tidied;

    /// <summary>Makes a cmdlet; PowerShell does.</summary>
    protected CryoBackupCmdlet()
    {
        _display = new MessageDisplay(this);
        _pump = new EnginePump(this, _display, Stop);
    }

    /// <summary>
    /// The configuration file; else that of CRYOBACKUP_CONFIG, else config/backup_config.yaml or config/cryobackup.yaml of the current
    /// location.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Config { get; set; }

    /// <summary>The configuration, once <see cref="ReadConfiguration"/> found one.</summary>
    private protected BackupConfiguration? Configuration { get; private set; }

    /// <summary>Reads the configuration, if there is one; one that is wrong ends the command before anything is done.</summary>
    /// <param name="use">What it is used for.</param>
    /// <param name="replaced">Paths of keys that parameters replace.</param>
    private protected void ReadConfiguration(ConfigurationUse use, params IReadOnlyCollection<string> replaced)
    {
        try
        {
            string? given = Config is null ? null : FileSystemPaths.Literal(SessionState, Config, CryoBackupError.ConfigurationInvalid);
            if (ConfigurationFile.Find(given, SessionState.Path.CurrentFileSystemLocation.ProviderPath) is { } path)
            {
                Configuration = ConfigurationFile.Read(path, message => _display.Show(message, 0));
                WriteVerbose(VisibleText.Of($"Read the configuration '{path}':"));
                foreach (string line in ConfigurationView.ToYaml(Configuration).TrimEnd().Split('\n'))
                {
                    WriteVerbose(VisibleText.Of(line.TrimEnd('\r')));
                }
                Configuration.Require(use, replaced);
            }
        }
        catch (CryoBackupException exception)
        {
            Report(exception, Config ?? "");
        }
    }

    /// <summary>Closes the record of a run that was stopped, and releases what the cmdlet holds.</summary>
    /// <param name="disposing">True when called by <see cref="StoppableCmdlet.Dispose()"/>.</param>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            EndEvidence();
        }

        base.Dispose(disposing);
    }

    /// <summary>What a path of backups stands for, as full paths; a wrong one is reported, so that the others go on.</summary>
    /// <param name="path">The path.</param>
    /// <param name="literal">True if it is taken as it is written.</param>
    /// <returns>Null for a wrong one.</returns>
    private protected IReadOnlyList<string>? ResolveBackups(string path, bool literal)
    {
        try
        {
            return FileSystemPaths.Resolve(SessionState, path, literal, CryoBackupError.BackupNotFound);
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            return null;
        }
    }

    /// <summary>
    /// Runs one of the engine's verbs to its end, passing on what it says; returns only when its thread is done, whatever happens.
    /// A bad record is written as an error, so that the next one goes on; a bad environment ends the command.
    /// </summary>
    /// <typeparam name="TResult">What the verb returns.</typeparam>
    /// <param name="target">The record, which becomes the error's target where the failure names none.</param>
    /// <param name="verb">The verb, which takes an observer and a token.</param>
    /// <param name="mayEndCommand">False where the next record has an environment of its own.</param>
    /// <returns>What the verb returned; null if it failed.</returns>
    /// <exception cref="PipelineStoppedException">The pipeline was stopped, or a bad environment ended the command.</exception>
    private protected TResult? RunEngine<TResult>(
        object target,
        Func<Action<EngineMessage>, CancellationToken, TResult> verb,
        bool mayEndCommand = true
    )
        where TResult : class
    {
        TResult? result = null;
        RunEngines([target], 1, (_, observer, token) => verb(observer, token), (_, found) => result = found, mayEndCommand);
        return result;
    }

    /// <summary>
    /// As <see cref="RunEngine"/>, for several records at once: each has its own progress bar, and the failure of one never stops the
    /// others.
    /// </summary>
    /// <typeparam name="TItem">The records.</typeparam>
    /// <typeparam name="TResult">What the verb returns.</typeparam>
    /// <param name="items">The records.</param>
    /// <param name="atOnce">How many are worked on at once.</param>
    /// <param name="verb">The verb, which takes a record, an observer and a token.</param>
    /// <param name="done">Called on the pipeline's thread as each ends, with what the verb returned; null if it failed.</param>
    /// <param name="mayEndCommand">False where the next record has an environment of its own.</param>
    /// <exception cref="PipelineStoppedException">The pipeline was stopped, or a bad environment ended the command.</exception>
    private protected void RunEngines<TItem, TResult>(
        IReadOnlyList<TItem> items,
        int atOnce,
        Func<TItem, Action<EngineMessage>, CancellationToken, TResult> verb,
        Action<TItem, TResult?> done,
        bool mayEndCommand = true
    )
        where TItem : notnull
        where TResult : class
    {
        if (!_tidied)
        {
            _tidied = true;
            DeadRuns.Remove();
        }

        _pump.Run(
            items,
            atOnce,
            verb,
            (item, worker) => done(item, Outcome(item is VerificationTask task ? task.Request.Path : item, worker, mayEndCommand))
        );
    }

    private TResult? Outcome<TResult>(object target, Task<TResult> worker, bool mayEndCommand)
        where TResult : class
    {
        if (worker.IsCompletedSuccessfully)
        {
            return worker.Result;
        }

        if (Stopping)
        {
            throw new PipelineStoppedException();
        }

        Report(worker.Exception?.InnerException ?? new TaskCanceledException(worker), target, mayEndCommand);
        return null;
    }

    /// <summary>Writes a failure as an error, or ends the command where the environment is at fault.</summary>
    /// <param name="failure">What went wrong.</param>
    /// <param name="target">The thing it happened to, used where the failure names none.</param>
    /// <param name="mayEndCommand">False where the next record has an environment of its own.</param>
    private protected void Report(Exception failure, object target, bool mayEndCommand = true)
    {
        ErrorRecord record = ErrorRecords.Create(failure, target);
        _evidence?.Fail(target as string ?? "", failure, RestoreWish);
        if (mayEndCommand && failure is CryoBackupException known && ErrorRecords.EndsCommand(known.Error))
        {
            FinishEvidence();
            ThrowTerminatingError(record);
        }

        WriteError(record);
    }

    /// <summary>Asks before something is changed, once for each thing, or says with -WhatIf what would be done.</summary>
    /// <param name="target">The thing, which becomes the error's target where nobody can be asked.</param>
    /// <param name="deed">What is to be done with it, as sentences; nothing in them acts on a terminal.</param>
    /// <returns>True if it may be done.</returns>
    /// <exception cref="PipelineStoppedException">Nobody can be asked, which ended the command.</exception>
    private protected bool MayDo(string target, string deed)
    {
        try
        {
            return ShouldProcess(deed, deed, "Are you sure you want to do this?");
        }
        catch (Exception failure)
            when (failure
                    is InvalidOperationException
                        or HostException
                        or RemoteException
                        or NotImplementedException
                        or NullReferenceException
            )
        {
            // Each host refuses in its own way; that of PowerShell's console, at the end of its input, by a mistake of its own.
            bool mayForce = MyInvocation.MyCommand.Parameters.ContainsKey("Force");
            ErrorRecord record = ErrorRecords.Create(
                ErrorRecords.NobodyToAsk,
                ErrorCategory.InvalidOperation,
                target,
                $"{MyInvocation.MyCommand.Name} asks before it changes '{target}', and nobody can be asked here; nothing was changed.",
                $"See with -WhatIf what would be done; if that is meant, give -Confirm:$false{(mayForce ? " or -Force" : "")}."
            );
            _evidence?.Fail(target, record.Exception, RestoreWish);
            FinishEvidence();
            ThrowTerminatingError(record);
            throw;
        }
    }

    /// <summary>Tells whether a common parameter was given, or is preferred.</summary>
    /// <param name="commonParameter">The parameter, a switch.</param>
    /// <param name="preference">The variable that stands for it where it is not given; null for none.</param>
    /// <returns>True if it holds.</returns>
    private protected bool IsAsked(string commonParameter, string? preference) =>
        MyInvocation.BoundParameters.TryGetValue(commonParameter, out object? bound)
            ? bound is SwitchParameter { IsPresent: true }
            : preference is not null && LanguagePrimitives.IsTrue(GetVariableValue(preference));

    /// <summary>What a restore was asked for, for its report; null for other verbs.</summary>
    private protected virtual RestoreRequest? RestoreWish => null;

    /// <summary>The record of the run, once <see cref="OpenEvidence"/> was called.</summary>
    private protected RecordedRun Evidence => _evidence ?? throw new InvalidOperationException("The run has no record yet.");

    /// <summary>Opens the record of the run; an unusable report path ends the command before anything is done.</summary>
    /// <param name="kind">What the run does.</param>
    /// <param name="reportPath">What was given as -ReportPath; null for nothing.</param>
    private protected void OpenEvidence(RunKind kind, string? reportPath = null)
    {
        try
        {
            _evidence = new RecordedRun(
                kind,
                Configuration,
                reportPath is null ? null : FileSystemPaths.Literal(SessionState, reportPath, CryoBackupError.ConfigurationInvalid)
            );
        }
        catch (CryoBackupException exception)
        {
            ThrowTerminatingError(ErrorRecords.Create(exception, reportPath ?? ""));
        }
    }

    /// <summary>Writes a result, at once or, where the end of the run adds to it, then.</summary>
    /// <param name="result">The result.</param>
    private protected void Emit(object result)
    {
        if (Evidence.HoldsResults)
        {
            _held.Add(result);
        }
        else
        {
            WriteObject(result);
        }
    }

    /// <summary>Says that nothing was done because nothing came: an empty list looks like a list of good backups.</summary>
    /// <param name="came">True if a record came.</param>
    /// <param name="consequence">What was not done, as the end of a sentence.</param>
    /// <returns>True if it was said.</returns>
    private protected bool WarnIfNothingCame(bool came, string consequence)
    {
        if (came || !MyInvocation.ExpectingInput)
        {
            return false;
        }

        WriteWarning($"Nothing came through the pipeline: {consequence}.");
        return true;
    }

    /// <summary>Closes the record of the run and writes the results that waited for it.</summary>
    protected override void EndProcessing() => FinishEvidence();

    private void FinishEvidence()
    {
        if (_evidence is not { } evidence)
        {
            return;
        }

        RunEngine(
            evidence,
            (observer, stop) =>
            {
                evidence.Finish(observer, stop);
                return evidence;
            }
        );
        EndEvidence();
        WriteObject(_held, enumerateCollection: true);
        _held.Clear();
    }

    /// <summary>Lets go of the record. One of a command that was stopped is closed first, without a word to PowerShell.</summary>
    private void EndEvidence()
    {
        if (_evidence is not { } evidence)
        {
            return;
        }

        _evidence = null;
        using CancellationTokenSource limit = new(LastWords);
        evidence.Finish(static _ => { }, limit.Token);
        evidence.Dispose();
    }
}
