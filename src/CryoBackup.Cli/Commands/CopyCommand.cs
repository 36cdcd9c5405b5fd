using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Copies;
using CryoBackup.Hosting;
using CryoBackup.Stores;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup copy: brings backups to other places, and proves them where they lie.</summary>
internal sealed class CopyCommand : Command
{
    private readonly Operands _paths = new("path", "Backup files, or folders of them; * and ? are allowed in the file name");

    private readonly Option<string[]> _destination = new("--destination", "-o")
    {
        Description =
            "Where the copies are to lie: folders, s3://bucket/prefix, azblob://account/container/prefix, rclone://remote/path; "
            + "the copies of the configuration unless said otherwise",
        HelpName = "location",
    };

    private readonly ConfigOption _config = new(ConfigurationUse.Copy);

    public CopyCommand()
        : base("copy", "Copy backups to other folders or to object storage, and prove them there by reading them back")
    {
        _paths.AddTo(this);
        Add(_destination);
        _config.AddTo(this);
        Validators.Add(result =>
        {
            if (_paths.Count(result) == 0)
            {
                result.AddError("No backup is named to copy.");
            }
        });
        SetAction(arguments =>
            Batch.Run<CopyRequest, BackupInfo>(
                arguments,
                (observer, stop) => Requests(arguments, observer, stop),
                (request, observer, cancellationToken) => [BackupCopier.Run(request, observer, cancellationToken)],
                BackupTable.Print,
                _ => ExitCode.Good
            )
        );
    }

    private IEnumerable<CopyRequest> Requests(ParseResult arguments, Action<EngineMessage> observer, CancellationToken stop)
    {
        string[] given = [.. (arguments.GetValue(_destination) ?? []).Select(Full)];
        BackupConfiguration? configuration = _config.Read(arguments, observer, given.Length > 0 ? ["copies"] : []);
        IReadOnlyList<CopyTarget> destinations = CopyPlan.Destinations(configuration, given);
        return CopyPlan
            .Backups(BackupFiles.Matching(_paths.Read(arguments)), CopyPlan.Options(configuration), observer, stop)
            .SelectMany(backup =>
                destinations.Select(destination => new CopyRequest
                {
                    Path = backup,
                    Store = CopyPlan.Options(configuration),
                    Destination = destination,
                })
            );
    }

    private static string Full(string text) => StoreLocation.IsStore(text) ? text : Path.GetFullPath(text);
}
