using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Inspection;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup list: the backups of a folder.</summary>
internal sealed class ListCommand : Command
{
    private readonly Operands _paths = new("path", "Folders; that of the configuration or the current one unless said otherwise");

    private readonly Option<string[]> _databases = new("--database", "-d")
    {
        Description = "Only backups of these databases; * and ? are allowed",
        HelpName = "database",
    };

    private readonly Option<bool> _latest = new("--latest") { Description = "Only the newest backup of each database of each server" };

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly ConfigOption _config = new(ConfigurationUse.Get);

    public ListCommand()
        : base("list", "List the backups of a folder, newest first")
    {
        _paths.AddTo(this);
        Add(_databases);
        Add(_latest);
        Add(_identity);
        _config.AddTo(this);
        SetAction(Run);
    }

    /// <summary>Lists each folder, then asks for each database that was named whether any folder has it.</summary>
    private int Run(ParseResult arguments)
    {
        string[] databases = arguments.GetValue(_databases) ?? [];
        var found = new HashSet<string>(StringComparer.Ordinal);
        var listed = new List<string>();
        return Batch.Run<(string? Folder, string? Database), BackupInfo>(
            arguments,
            (observer, _) =>
                [
                    .. Folders(arguments, observer).Select(folder => (folder, (string?)null)),
                    .. databases.Select(name => ((string?)null, name)),
                ],
            (item, observer, cancellationToken) =>
            {
                if (item.Folder is not { } folder)
                {
                    return listed.Count > 0 && BackupCatalog.NotFound([item.Database!], found, listed) is [var failure]
                        ? throw failure
                        : [];
                }
                BackupInfo[] backups =
                [
                    .. EncryptedTables.Read(
                        BackupCatalog.Find(
                            StoreLocation.FullPathOrLocation(folder),
                            databases,
                            arguments.GetValue(_latest),
                            observer,
                            cancellationToken,
                            CopyPlan.Options(_config.Read(arguments, observer))
                        ),
                        BackupPlan.Identities(_config.Read(arguments, observer), _identity.Read(arguments)),
                        observer,
                        cancellationToken,
                        CopyPlan.Options(_config.Read(arguments, observer))
                    ),
                ];
                listed.Add(StoreLocation.FullPathOrLocation(folder));
                found.UnionWith(backups.Select(backup => backup.Database));
                return backups;
            },
            BackupTable.Print,
            _ => ExitCode.Good
        );
    }

    private IReadOnlyList<string> Folders(ParseResult arguments, Action<EngineMessage> observer)
    {
        BackupConfiguration? configuration = _config.Read(arguments, observer);
        return _paths.Read(arguments) is { Length: > 0 } given ? given
            : BackupPlan.Folders(configuration) is { Count: > 0 } configured ? configured
            : ["."];
    }
}
