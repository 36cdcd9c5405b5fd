using System.CommandLine;
using CryoBackup.Cli.Output;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup list: the backups of a folder.</summary>
internal sealed class ListCommand : Command
{
    private readonly Operands _paths = new("path", "Folders; the current one unless said otherwise");

    private readonly Option<string[]> _databases = new("--database", "-d") { Description = "Only backups of these databases; * and ? are allowed", HelpName = "database" };

    private readonly Option<bool> _latest = new("--latest") { Description = "Only the newest backup of each database" };

    public ListCommand() : base("list", "List the backups of a folder, newest first")
    {
        _paths.AddTo(this);
        Add(_databases);
        Add(_latest);
        SetAction(arguments => Batch.Run<BackupInfo>(
            arguments,
            () => _paths.Read(arguments) is { Length: > 0 } folders ? folders : ["."],
            (folder, observer, cancellationToken) => BackupCatalog.Find(
                Path.GetFullPath(folder), arguments.GetValue(_databases), arguments.GetValue(_latest), observer, cancellationToken),
            BackupTable.Print,
            _ => ExitCode.Good));
    }
}
