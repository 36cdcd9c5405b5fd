using System.Management.Automation;
using CryoBackup.Completion;
using CryoBackup.Configuration;
using CryoBackup.Copies;
using CryoBackup.Hosting;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Copy-CryoBackup: brings backups to other places, and proves them where they lie.</summary>
[Cmdlet(
    VerbsCommon.Copy,
    "CryoBackup",
    DefaultParameterSetName = PathSet,
    SupportsShouldProcess = true,
    ConfirmImpact = ConfirmImpact.Medium
)]
[OutputType(typeof(BackupInfo))]
public sealed class CopyCryoBackupCommand : CryoBackupCmdlet
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";

    private readonly HashSet<string> _copied = new(StringComparer.Ordinal);
    private IReadOnlyList<CopyTarget> _destinations = [];
    private bool _came;

    /// <summary>Backup files, or folders of which each backup is copied; wildcards are expanded.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];

    /// <summary>Backup files or folders, taken as they are written. What New-, Get- and Get-ChildItem emit is bound here.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = LiteralPathSet)]
    [Alias("PSPath", "LP")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// Where the copies are to lie: folders, s3://bucket/prefix, azblob://account/container/prefix, rclone://remote/path. Without it the
    /// copies of
    /// the configuration.
    /// </summary>
    [Parameter(Position = 1)]
    [ValidateNotNullOrEmpty]
    public string[] Destination { get; set; } = [];

    /// <summary>Reads the configuration and resolves the destinations.</summary>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        ReadConfiguration(ConfigurationUse.Copy, Destination.Length > 0 ? ["copies"] : []);
        try
        {
            string[] given = FileSystemPaths.Literals(SessionState, Destination, text => !StoreLocation.IsStore(text));
            _destinations = CopyPlan.Destinations(Configuration, given);
        }
        catch (CryoBackupException failure)
        {
            Report(failure, Destination);
        }
    }

    /// <summary>Copies each backup to each destination.</summary>
    protected override void ProcessRecord()
    {
        _came = true;
        bool literal = ParameterSetName == LiteralPathSet;
        foreach (string path in literal ? LiteralPath : Path)
        {
            foreach (string backup in Backups(path, literal).Where(_copied.Add))
            {
                foreach (CopyTarget destination in _destinations)
                {
                    Copy(backup, destination);
                }
            }
        }
    }

    /// <summary>Says so where nothing came.</summary>
    protected override void EndProcessing()
    {
        WarnIfNothingCame(_came, "no backup was copied");
        base.EndProcessing();
    }

    private void Copy(string backup, CopyTarget destination)
    {
        if (!MayDo(backup, VisibleText.Of($"Copy the backup '{backup}' to '{destination.Location}'.")))
        {
            return;
        }

        var request = new CopyRequest
        {
            Path = backup,
            Store = CopyPlan.Options(Configuration),
            Destination = destination,
        };
        if (RunEngine(backup, (observer, stop) => BackupCopier.Run(request, observer, stop)) is { } copy)
        {
            WriteObject(copy);
        }
    }

    private IReadOnlyList<string> Backups(string path, bool literal)
    {
        try
        {
            IReadOnlyList<string> paths = FileSystemPaths.Resolve(SessionState, path, literal, CryoBackupError.BackupNotFound);
            return RunEngine(path, (observer, stop) => CopyPlan.Backups(paths, CopyPlan.Options(Configuration), observer, stop)) ?? [];
        }
        catch (Exception failure) when (failure is CryoBackupException or IOException or UnauthorizedAccessException)
        {
            Report(failure, path);
            return [];
        }
    }
}
