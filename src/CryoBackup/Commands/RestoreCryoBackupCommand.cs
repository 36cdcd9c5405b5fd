using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Storage;

namespace CryoBackup.Commands;

/// <summary>Restore-CryoBackup: brings a backup back, and compares what came back with what was saved.</summary>
[Cmdlet(
    VerbsData.Restore,
    "CryoBackup",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.High
)]
[OutputType(typeof(RestoreResult))]
public sealed partial class RestoreCryoBackupCommand : CryoBackupOneServerCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string LatestSet = "Latest";

    private RestoreRequest _request = new();
    private bool _came;

    /// <summary>The backup file; a wildcard may match one backup only. With -Latest, the folder of the backups.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [Parameter(Position = 0, ParameterSetName = LatestSet)]
    [PathOfObject]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string Path { get; set; } = ".";

    /// <summary>The backup file, taken as it is written. What New-,
    /// Get- and Test-CryoBackup and Get-ChildItem emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = "";

    /// <summary>Takes the newest whole backup of -Database in the folder, which must be of one server.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LatestSet)]
    public SwitchParameter Latest { get; set; }

    /// <summary>The database whose newest backup is restored; the exact name.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LatestSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string Database { get; set; } = "";

    /// <summary>The verdict of Test-CryoBackup, which comes with what it emits: false is refused.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet, DontShow = true)]
    [Parameter(ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet, DontShow = true)]
    [TruthInWords]
    public bool? IsValid { get; set; }

    /// <summary>The database to restore into. Never taken from the pipeline, or a backup of production could land on production.</summary>
    [Parameter(Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(DatabaseCompleter))]
    public string TargetDatabase
    {
        get => _request.TargetDatabase;
        set => _request = _request with { TargetDatabase = value };
    }

    /// <summary>Creates the database, from template0 with the source's encoding and locale.</summary>
    [Parameter]
    public SwitchParameter Create
    {
        get => _request.Create;
        set => _request = _request with { Create = value };
    }

    /// <summary>The locale of the database that is created: as the server's machine names it, or icu:name, builtin:name. The source's,
    /// or what means the same there, without it.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(LocaleCompleter))]
    public string? Locale
    {
        get => _request.Locale;
        set => _request = _request with { Locale = value };
    }

    /// <summary>Identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Identity { get; set; } = [];

    /// <summary>Drops the backup's objects first, in one transaction with the restore: all or nothing.</summary>
    [Parameter]
    public SwitchParameter Clean
    {
        get => _request.Clean;
        set => _request = _request with { Clean = value };
    }

    /// <summary>Restores beside the database, compares, and then exchanges the two by name; the old one is kept under another.</summary>
    [Parameter]
    public SwitchParameter Swap
    {
        get => _request.Swap;
        set => _request = _request with { Swap = value };
    }

    /// <summary>Only these schemas, with everything that belongs to them; wildcards are * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Schema
    {
        get => [.. _request.Schema];
        set => _request = _request with { Schema = value };
    }

    /// <summary>Only these tables (name or schema.name), with everything that belongs to them; wildcards are * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Table
    {
        get => [.. _request.Table];
        set => _request = _request with { Table = value };
    }

    /// <summary>Restores definitions without rows.</summary>
    [Parameter]
    public SwitchParameter SchemaOnly
    {
        get => _request.SchemaOnly;
        set => _request = _request with { SchemaOnly = value };
    }

    /// <summary>Restores rows into tables that are there and empty.</summary>
    [Parameter]
    public SwitchParameter DataOnly
    {
        get => _request.DataOnly;
        set => _request = _request with { DataOnly = value };
    }

    /// <summary>Leaves every object to the restoring role instead of its recorded owner.</summary>
    [Parameter]
    public SwitchParameter NoOwner
    {
        get => _request.NoOwner;
        set => _request = _request with { NoOwner = value };
    }

    /// <summary>Leaves out GRANT and REVOKE.</summary>
    [Parameter]
    public SwitchParameter NoPrivileges
    {
        get => _request.NoPrivileges;
        set => _request = _request with { NoPrivileges = value };
    }

    /// <summary>Creates the roles that the backup needs and the server lacks, from the backup's globals.</summary>
    [Parameter]
    public SwitchParameter IncludeGlobals
    {
        get => _request.IncludeGlobals;
        set => _request = _request with { IncludeGlobals = value };
    }

    /// <summary>Restores without verifying the file first; only with -Force.</summary>
    [Parameter]
    public SwitchParameter SkipVerification
    {
        get => _request.SkipVerification;
        set => _request = _request with { SkipVerification = value };
    }

    /// <summary>Reads the whole content before the first change, even of a file that is the one that was proven when it was
    /// written.</summary>
    [Parameter]
    public SwitchParameter VerifyContent
    {
        get => _request.VerifyContent;
        set => _request = _request with { VerifyContent = value };
    }

    /// <summary>How many sessions restore at once. As many as suit without it.</summary>
    [Parameter]
    [ValidateRange(1, 256)]
    public int? Jobs
    {
        get => _request.Jobs;
        set => _request = _request with { Jobs = value };
    }

    /// <summary>Returns what would be done, with every object, and changes nothing.</summary>
    [Parameter]
    [Alias("TestMode")]
    public SwitchParameter PlanOnly
    {
        get => _request.PlanOnly;
        set => _request = _request with { PlanOnly = value };
    }

    /// <summary>Returns the SQL of the plan too, in the order in which it would be run.</summary>
    [Parameter]
    public SwitchParameter Script
    {
        get => _request.Script;
        set => _request = _request with { Script = value };
    }

    /// <summary>How long to wait for a lock in a database that is there already; a bare number is seconds.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan LockTimeout
    {
        get => _request.LockTimeout;
        set => _request = _request with { LockTimeout = value };
    }

    /// <summary>How long the restore may take; a bare number is seconds; no limit without it.</summary>
    [Parameter]
    [Duration]
    [ValidatePositiveDuration]
    public TimeSpan? Timeout
    {
        get => _request.Timeout;
        set => _request = _request with { Timeout = value };
    }

    /// <summary>Writes a report: a name that ends in .json or .html, or an existing folder. Nothing is overwritten.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    /// <summary>Asks no question, with -Swap ends the sessions of the database that is swapped out,
    /// and with -Clean drops also what the backup does not bring back.</summary>
    [Parameter]
    public SwitchParameter Force
    {
        get => _request.Force;
        set => _request = _request with { Force = value };
    }

    private protected override RestoreRequest? RestoreWish => _request;

    /// <summary>Hands connection and identities to the request.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Restore, BackupPlan.ReplacedBy(Connection));
        OpenEvidence(RunKind.Restore, ReportPath);
        _request = _request with { Connection = BackupPlan.Connect(Configuration, Connection) };
        try
        {
            _request = _request with
            {
                Store = CopyPlan.Options(Configuration),
                Identities = BackupPlan.Identities(Configuration, FileSystemPaths.Literals(SessionState, Identity)),
            };
        }
        catch (CryoBackupException exception)
        {
            Report(exception, Identity);
        }
    }

    /// <summary>Restores the backup.</summary>
    protected override void ProcessRecord()
    {
        _came = true;
        string given = ParameterSetName == LiteralPathSet ? LiteralPath : Path;
        if (IsValid == false)
        {
            WriteError(
                ErrorRecords.Create(
                    ErrorRecords.VerificationNotPassed,
                    ErrorCategory.InvalidData,
                    given,
                    $"'{given}' was not restored: its verification did not pass.",
                    "See the Reason of Test-CryoBackup's result; restore another backup, or this one by its path: as it is where the "
                        + "verdict was Inconclusive, with -SkipVerification and -Force if you accept what is wrong with it."
                )
            );
            return;
        }

        if (FindBackup(given) is not { } path || !MayRestore(path))
        {
            return;
        }

        _request = _request with { Path = path };
        if (RunEngine(path, (observer, stop) => Evidence.Run(_request, observer, stop)) is { } result)
        {
            Emit(result);
        }
    }

    /// <summary>Says so where nothing came, and closes the record.</summary>
    protected override void EndProcessing()
    {
        WarnIfNothingCame(_came, "nothing was restored");
        base.EndProcessing();
    }

    private string? FindBackup(string given)
    {
        try
        {
            if (ParameterSetName == LatestSet)
            {
                return FindLatest(
                    !MyInvocation.BoundParameters.ContainsKey(nameof(Path))
                    && BackupPlan.Folders(Configuration) is { Count: > 0 } configured
                        ? configured
                        : [FileSystemPaths.Place(SessionState, given, CryoBackupError.BackupNotFound)]
                );
            }

            string path =
                ParameterSetName == LiteralPathSet
                    ? FileSystemPaths.Place(SessionState, given, CryoBackupError.BackupNotFound)
                    : FindOne(given);
            return !BackupFolder.IsFolder(path) ? path : throw BackupFolder.NotOne(path, "Name one backup, or use -Latest with -Database.");
        }
        catch (CryoBackupException exception)
        {
            Report(exception, given);
            return null;
        }
    }

    private string FindOne(string given)
    {
        IReadOnlyList<string> matches = FileSystemPaths.Resolve(SessionState, given, literal: false, CryoBackupError.BackupNotFound);
        if (matches.Count == 1)
        {
            return matches[0];
        }

        string[] backups = BackupFolder.Select(matches);
        return backups is [var only]
            ? only
            : throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"'{given}' matches {backups.Length} backups; a restore takes one.",
                given,
                "Name one backup, or use -Latest with -Database."
            );
    }

    private string? FindLatest(IReadOnlyList<string> folders)
    {
        string folder = string.Join("', '", folders);
        return RunEngine(
            folder,
            (observer, stop) => BackupCatalog.FindLatest(folders, Database, observer, stop, CopyPlan.Options(Configuration))
        )?.Path;
    }
}
