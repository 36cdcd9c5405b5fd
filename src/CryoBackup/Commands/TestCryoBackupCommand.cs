using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Text;
using CryoBackup.Verification;

namespace CryoBackup.Commands;

/// <summary>Test-CryoBackup: proves backups from their files alone, or by a rehearsal of their restore.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CryoBackup", DefaultParameterSetName = PathSet)]
[OutputType(typeof(VerificationResult), typeof(bool))]
public sealed class TestCryoBackupCommand : CryoBackupOneServerCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private VerificationOptions _given = new();
    private VerificationRequest _request = new();
    private readonly List<VerificationTask> _waiting = [];
    private VerificationPlan _plan = new(new VerificationRequest(), []);
    private readonly List<VerificationResult> _results = [];
    private bool _came;

    /// <summary>Backup files, or folders of which each backup is tested; wildcards are expanded.
    /// Without it the folder of the configuration.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [PathOfObject]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Backup files or folders, taken as they are written. What New-, Get- and Get-ChildItem emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Of a folder only the backups of these databases; wildcards are * and ?. Not from the pipeline,
    /// whose objects have a database too.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Database { get; set; } = [];

    /// <summary>Of a folder only the newest backup of each database of each server, a whole one where there is any.</summary>
    [Parameter]
    public SwitchParameter Latest { get; set; }

    /// <summary>How deep to go.</summary>
    [Parameter]
    public VerificationLevel Level
    {
        get => _given.Level ?? _request.Level;
        set => _given = _given with { Level = value };
    }

    /// <summary>Which share of each file to read, such as 5%, at level Hash: by chance what sampled Tests before have not read.</summary>
    [Parameter]
    [Percent]
    [ArgumentCompleter(typeof(ShareCompleter))]
    public int? Sample
    {
        get => _given.Sample;
        set => _given = _given with { Sample = value };
    }

    /// <summary>Identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Identity { get; set; } = [];

    /// <summary>Writes a report: a name that ends in .json or .html, or an existing folder. Nothing is overwritten.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    /// <summary>Emits only true or false for each backup.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <summary>How old a backup may be; of a folder, the newest proven backup of each database.</summary>
    [Parameter]
    [Duration(NeedsUnit = true)]
    [ValidatePositiveDuration]
    public TimeSpan? MaxAge
    {
        get => _given.MaxAge;
        set => _given = _given with { MaxAge = value };
    }

    /// <summary>How long the restore may take.</summary>
    [Parameter]
    [Duration(NeedsUnit = true)]
    [ValidatePositiveDuration]
    public TimeSpan? MaxRestoreTime
    {
        get => _given.MaxRestoreTime;
        set => _given = _given with { MaxRestoreTime = value };
    }

    /// <summary>How long the proof of one backup may take; a bare number is seconds; $null for no limit.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? Timeout
    {
        get => _given.Timeout ?? _request.Timeout;
        set => _given = _given with { Timeout = value ?? System.Threading.Timeout.InfiniteTimeSpan };
    }

    /// <summary>The folder of the server programs of the throwaway server.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ServerPath { get; set; }

    /// <summary>The locale of the rehearsal's database: as the server's machine names it, or icu:name, builtin:name. The source's, or what
    /// means the same there, without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocaleCompleter))]
    public string? Locale
    {
        get => _given.Locale;
        set => _given = _given with { Locale = value };
    }

    /// <summary>Leaves the rehearsal's server, or database, and says how to connect.</summary>
    [Parameter]
    public SwitchParameter Keep
    {
        get => _given.Keep ?? false;
        set => _given = _given with { Keep = value };
    }

    /// <summary>Permits a rehearsal on the server that the backup came from.</summary>
    [Parameter]
    public SwitchParameter Force
    {
        get => _given.Force ?? false;
        set => _given = _given with { Force = value };
    }

    /// <summary>Permits to restore as a superuser what an ordinary role may not create.</summary>
    [Parameter]
    public SwitchParameter AllowSuperuser
    {
        get => _given.AllowSuperuser ?? false;
        set => _given = _given with { AllowSuperuser = value };
    }

    /// <summary>How many rehearsals run at once.</summary>
    [Parameter]
    [ValidateRange(1, 64)]
    public int ThrottleLimit { get; set; } = 1;

    /// <summary>Reads the configuration and resolves the identities' paths.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Test);
        OpenEvidence(RunKind.Verification, ReportPath);
        if (
            _given.Sample is not null
            || (_given.Level ?? VerificationOptions.Of(Configuration).Level ?? _request.Level) != VerificationLevel.Restore
        )
        {
            ForgetPreferredServer();
        }

        try
        {
            _given = _given with
            {
                Connection = Connection,
                Identities = FileSystemPaths.Literals(SessionState, Identity),
                ServerPath = ServerPath is null ? null : FileSystemPaths.Literal(SessionState, ServerPath, CryoBackupError.PgToolNotFound),
            };
            _request = _given.Over(VerificationOptions.Of(Configuration)).Over(_request);
        }
        catch (CryoBackupException failure)
        {
            Report(failure, Identity);
        }

        _plan = new VerificationPlan(_request, Database, Latest);
    }

    /// <summary>Tests each backup.</summary>
    protected override void ProcessRecord()
    {
        _came = true;
        bool literal = ParameterSetName == LiteralPathSet;
        if (literal || Path.Length > 0 || MyInvocation.ExpectingInput)
        {
            foreach (string path in literal ? LiteralPath : Path)
            {
                if (ResolveBackups(path, literal) is { } paths)
                {
                    Gather(path, (observer, stop) => _plan.Of(path, paths, observer, stop));
                }
                else
                {
                    EmitFalse();
                }
            }
        }
        else
        {
            Gather(nameof(Path), (observer, stop) => _plan.Configured(Configuration, observer, stop));
        }

        // Several at once can only be begun when they are known.
        if (ThrottleLimit == 1 || Level != VerificationLevel.Restore)
        {
            TestWaiting();
        }
    }

    /// <summary>Rehearses what was gathered to be rehearsed at once.</summary>
    protected override void EndProcessing()
    {
        TestWaiting();
        if (WarnIfNothingCame(_came, "no backup was tested") && Quiet)
        {
            Emit(false);
        }

        base.EndProcessing();
        Summarize();
    }

    /// <summary>Says of several backups how many passed, and which did not, to whoever sits there: not in the output.</summary>
    private void Summarize()
    {
        if (_results.Count > 1 && !Quiet)
        {
            string text = string.Join(Environment.NewLine, VerificationSummary.Lines(_results).Select(VisibleText.Of));
            WriteInformation(new HostInformationMessage { Message = text }, ["PSHOST"]);
        }
    }

    private void TestWaiting()
    {
        VerificationTask[] tasks = [.. _waiting];
        _waiting.Clear();
        Evidence.Expect(tasks);
        RunEngines(
            tasks,
            ThrottleLimit,
            (task, observer, stop) => Evidence.Run(task, observer, stop),
            (_, result) =>
            {
                if (result is not null)
                {
                    _results.Add(result);
                    Emit(Quiet ? result.IsValid : result);
                }
                else
                {
                    EmitFalse();
                }
            }
        );
    }

    private void Gather(string given, Func<Action<EngineMessage>, CancellationToken, IReadOnlyList<VerificationTask>> plan)
    {
        if (RunEngine(given, plan) is { } tasks)
        {
            _waiting.AddRange(tasks);
        }
        else
        {
            EmitFalse();
        }
    }

    /// <summary>For whoever asked only for true or false, what failed is not good.</summary>
    private void EmitFalse()
    {
        if (Quiet)
        {
            Emit(false);
        }
    }
}
