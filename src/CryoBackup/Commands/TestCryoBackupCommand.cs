using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Verification;

namespace CryoBackup.Commands;

/// <summary>Test-CryoBackup: proves backups from their files alone, or by a rehearsal of their restore.</summary>
[Cmdlet(VerbsDiagnostic.Test, "CryoBackup", DefaultParameterSetName = PathSet)]
[OutputType(typeof(VerificationResult), typeof(bool))]
public sealed class TestCryoBackupCommand : CryoBackupServerCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private VerificationOptions _given = new();
    private VerificationRequest _request = new();
    private readonly HashSet<string> _tested = new(StringComparer.Ordinal);
    private readonly List<VerificationTask> _waiting = [];
    private bool _came;

    /// <summary>Backup files, or folders of which each backup is tested; wildcards are expanded.
    /// Without it the folder of the configuration.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = PathSet)]
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

    /// <summary>How deep to go.</summary>
    [Parameter]
    public VerificationLevel Level
    {
        get => _given.Level ?? _request.Level;
        set => _given = _given with { Level = value };
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
                Gather(path, () => Requests(path, literal));
            }
        }
        else
        {
            GatherConfigured();
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
                    Emit(Quiet ? result.IsValid : result);
                }
                else if (Quiet)
                {
                    Emit(false);
                }
            }
        );
    }

    private void GatherConfigured()
    {
        IReadOnlyList<(string Folder, IReadOnlyList<string> Databases)> configured = BackupPlan.Expected(Configuration);
        foreach ((string folder, IReadOnlyList<string> databases) in configured)
        {
            Gather(folder, () => OfFolder(folder, databases));
        }

        if (configured.Count == 0)
        {
            Report(
                new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    "No backup is named to test, and no configuration names a folder of them.",
                    nameof(Path),
                    "Give -Path with a backup or a folder of them."
                ),
                nameof(Path)
            );
        }
    }

    private void Gather(string path, Func<IReadOnlyList<VerificationTask>> list)
    {
        try
        {
            _waiting.AddRange(list());
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            if (Quiet)
            {
                Emit(false);
            }
        }
    }

    private IReadOnlyList<VerificationTask> Requests(string path, bool literal)
    {
        IReadOnlyList<string> paths = literal
            ? [FileSystemPaths.Literal(SessionState, path, CryoBackupError.BackupNotFound)]
            : FileSystemPaths.Matching(SessionState, path, CryoBackupError.BackupNotFound);
        if (
            paths is [var only]
            && BackupFolder.IsManifest(only)
            && !Directory.Exists(only)
            && _tested.Contains(BackupFolder.BackupOf(only))
        )
        {
            // Get-ChildItem emits a backup and its manifest, which is proven with it.
            return [];
        }

        // A share that is not mounted is no folder, and none of its backups.
        bool asksOfFolders = Database.Length > 0 || _request.MaxAge is not null;
        bool IsFolder(string match) => asksOfFolders ? FolderVerification.IsPlace(match) : Directory.Exists(match);
        string[] files = [.. paths.Where(match => !IsFolder(match))];
        if (files.Length > 0 && Database.Length > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"-Database chooses among the backups of a folder; '{files[0]}' is none.",
                files[0],
                "Give the folder, or leave -Database out."
            );
        }

        // A single file is tested whatever its name is.
        string[] backups = paths.Count > 1 || BackupFolder.IsManifest(paths[0]) ? BackupFolder.Select(files) : files;
        _tested.UnionWith(backups);
        VerificationTask[] tasks =
        [
            .. backups.Select(backup => VerificationTask.Of(_request with { Path = backup })),
            .. paths.Where(IsFolder).SelectMany(folder => OfFolder(folder, [])),
        ];
        return tasks.Length > 0 || files.Length < paths.Count
            ? tasks
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{path}' holds no backup.",
                path,
                "Name a backup, or a folder that holds some."
            );
    }

    /// <summary>Each backup of a folder, or, with an age, the freshness of each database; what is missing is Failed.</summary>
    private IReadOnlyList<VerificationTask> OfFolder(string folder, IReadOnlyList<string> expected)
    {
        IReadOnlyList<VerificationTask>? found = RunEngine(
            folder,
            (observer, stop) => FolderVerification.Tasks(_request, folder, Database, expected, latest: false, observer, stop)
        );
        if (found is null && Quiet)
        {
            Emit(false);
        }

        _tested.UnionWith((found ?? []).Select(task => task.Request.Path));
        return found ?? [];
    }
}
