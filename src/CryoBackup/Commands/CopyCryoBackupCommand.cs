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
public sealed class CopyCryoBackupCommand : CryoBackupPathCmdlet
{
    private readonly HashSet<string> _copied = new(StringComparer.Ordinal);
    private IReadOnlyList<CopyTarget> _destinations = [];

    /// <summary>Backup files, or folders of which each backup is copied; wildcards are expanded.</summary>
    [Parameter(
        Mandatory = true,
        Position = 0,
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true,
        ParameterSetName = PathSet
    )]
    [PathOfObject]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(BackupPathCompleter))]
    public string[] Path { get; set; } = [];

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
        foreach ((string given, IReadOnlyList<string> paths) in ResolveRecord(Path))
        {
            foreach (string backup in Backups(given, paths).Where(_copied.Add))
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
        WarnIfNothingCame(Came, "no backup was copied");
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

    private IReadOnlyList<string> Backups(string given, IReadOnlyList<string> paths) =>
        RunEngine(given, (observer, stop) => CopyPlan.Backups(paths, CopyPlan.Options(Configuration), observer, stop)) ?? [];
}
