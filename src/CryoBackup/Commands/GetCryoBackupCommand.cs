using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Inspection;
using CryoBackup.Reports;
using CryoBackup.Storage;

namespace CryoBackup.Commands;

/// <summary>Get-CryoBackup: lists the backups of folders, newest first.</summary>
[Cmdlet(VerbsCommon.Get, "CryoBackup", DefaultParameterSetName = PathSet)]
[OutputType(typeof(BackupInfo))]
public sealed partial class GetCryoBackupCommand : CryoBackupPathCmdlet
{
    private IReadOnlyList<string> _identities = [];
    private CatalogQuery _query = new();
    private readonly HashSet<string> _found = new(StringComparer.Ordinal);
    private readonly List<string> _listed = [];
    private FleetReport? _report;

    /// <summary>Folders, or locations of stores such as s3://bucket/prefix; wildcards are expanded.
    /// Without it that of the configuration, or the current location.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true, ParameterSetName = PathSet)]
    [PathOfObject]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = ["."];

    /// <summary>Only backups of these databases; wildcards are * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Database
    {
        get => [.. _query.Databases];
        set => _query = _query with { Databases = value };
    }

    /// <summary>Only backups of these servers: host names, host:port or system identifiers; wildcards are * and ?.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupContentCompleter))]
    public string[] Server
    {
        get => [.. _query.Servers];
        set => _query = _query with { Servers = value };
    }

    /// <summary>Only backups begun then or later: a time, local where it says no zone, or how long ago (7d).</summary>
    [Parameter]
    [Moment]
    public DateTime? Since
    {
        get => _query.Since;
        set => _query = _query with { Since = value?.ToUniversalTime() };
    }

    /// <summary>Only backups begun before: a time, local where it says no zone, or how long ago (7d).</summary>
    [Parameter]
    [Moment]
    public DateTime? Before
    {
        get => _query.Before;
        set => _query = _query with { Before = value?.ToUniversalTime() };
    }

    /// <summary>Only the newest backup of each database of each server in a folder, a whole one where there is any.</summary>
    [Parameter]
    public SwitchParameter Latest
    {
        get => _query.Latest;
        set => _query = _query with { Latest = value };
    }

    /// <summary>Only backups whose content is proven: by New-CryoBackup's own comparison, or a Test since.</summary>
    [Parameter]
    public SwitchParameter Proven
    {
        get => _query.Proven;
        set => _query = _query with { Proven = value };
    }

    /// <summary>Only backups that came back in a rehearsal.</summary>
    [Parameter]
    public SwitchParameter Rehearsed
    {
        get => _query.Rehearsed;
        set => _query = _query with { Rehearsed = value };
    }

    /// <summary>Only backups that hold suspiciously less than the newest proven one before them.</summary>
    [Parameter]
    public SwitchParameter Degraded
    {
        get => _query.Degraded;
        set => _query = _query with { Degraded = value };
    }

    /// <summary>Only backups of a selection of their database.</summary>
    [Parameter]
    public SwitchParameter Partial
    {
        get => _query.Partial;
        set => _query = _query with { Partial = value };
    }

    /// <summary>Also what is no complete backup: a file without a manifest, a manifest without a file, what a run left.</summary>
    [Parameter]
    public SwitchParameter All
    {
        get => _query.All;
        set => _query = _query with { All = value };
    }

    /// <summary>Also the folders below.</summary>
    [Parameter]
    public SwitchParameter Recurse
    {
        get => _query.Recurse;
        set => _query = _query with { Recurse = value };
    }

    /// <summary>Identity files or SSH private keys; the tables of encrypted backups that they open are read from the archives.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Identity { get; set; } = [];

    /// <summary>Writes a page of all databases that were listed: a name that ends in .html or .json, or an existing folder. Nothing is
    /// overwritten.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ReportPath { get; set; }

    /// <summary>Reads the configuration and resolves the identities' paths.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (IsTool)
        {
            RunTool();
            return;
        }

        ReadConfiguration(ConfigurationUse.Get);
        try
        {
            _identities = BackupPlan.Identities(Configuration, FileSystemPaths.Literals(SessionState, Identity));
            _report = ReportPath is null
                ? null
                : FleetReport.At(FileSystemPaths.Literal(SessionState, ReportPath, CryoBackupError.ConfigurationInvalid), Configuration);
        }
        catch (CryoBackupException exception)
        {
            Report(exception, Identity);
        }
    }

    /// <summary>Lists each folder.</summary>
    protected override void ProcessRecord()
    {
        if (IsTool)
        {
            return;
        }

        if (
            !MyInvocation.BoundParameters.ContainsKey(nameof(Path))
            && !MyInvocation.ExpectingInput
            && ParameterSetName == PathSet
            && BackupPlan.Folders(Configuration) is { Count: > 0 } configured
        )
        {
            _report?.Expect(BackupPlan.Expected(Configuration).SelectMany(place => place.Databases), _query.Databases);
            foreach (string folder in configured)
            {
                List(folder);
            }

            return;
        }

        foreach (string folder in ResolveRecord(Path).SelectMany(found => found.Paths))
        {
            List(folder);
        }
    }

    private void List(string folder)
    {
        if (
            RunEngine(
                folder,
                (observer, stop) =>
                    EncryptedTables
                        .Read(
                            BackupCatalog.Find(folder, _query, observer, stop, CopyPlan.Options(Configuration)),
                            _identities,
                            observer,
                            stop,
                            CopyPlan.Options(Configuration)
                        )
                        .ToArray()
            ) is
            { } backups
        )
        {
            _listed.Add(folder);
            _found.UnionWith(backups.Select(backup => backup.Database));
            _report?.Add(backups);
            WriteObject(backups, enumerateCollection: true);
        }
    }

    /// <summary>Names each database that was asked for and has no backup in any folder.</summary>
    protected override void EndProcessing()
    {
        if (_listed.Count > 0)
        {
            foreach (CryoBackupException failure in BackupCatalog.NotFound(_query, _found, _listed))
            {
                Report(failure, failure.Target ?? "");
            }
        }

        if (_report is { } report)
        {
            RunEngine(ReportPath!, (observer, _) => Told(report.Write(DateTime.UtcNow), observer));
        }

        base.EndProcessing();
    }

    private static IReadOnlyList<string> Told(IReadOnlyList<string> written, Action<EngineMessage> observer)
    {
        foreach (string path in written)
        {
            observer(new VerboseMessage($"Wrote the report '{path}'."));
        }

        return written;
    }
}
