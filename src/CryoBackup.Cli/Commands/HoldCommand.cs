using System.CommandLine;
using System.Globalization;
using CryoBackup.Cli.Output;
using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Cli.Commands;

/// <summary>What the commands of holds share.</summary>
internal abstract class HoldCommand : Command
{
    private readonly Operands _paths = new("path", "Backup files; * and ? are allowed in the file name");

    protected HoldCommand(string name, string description)
        : base(name, description)
    {
        _paths.AddTo(this);
        Validators.Add(result =>
        {
            if (_paths.Count(result) == 0)
            {
                result.AddError("No backup is named.");
            }
        });
        SetAction(arguments =>
            Batch.Run<string, BackupInfo>(
                arguments,
                (_, _) => BackupFolder.Select(BackupFiles.Matching(_paths.Read(arguments))),
                (backup, _, _) => [Change(backup, arguments)],
                BackupTable.Print,
                _ => ExitCode.Good
            )
        );
    }

    /// <summary>Does it.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="arguments">The command line.</param>
    protected abstract BackupInfo Change(string backup, ParseResult arguments);
}

/// <summary>cryobackup protect: keeps backups from being removed.</summary>
internal sealed class ProtectCommand : HoldCommand
{
    private readonly Option<DateTime?> _until = new("--until")
    {
        Description = "Until when the hold lasts: 2027-01-31 or 2027-01-31T12:00:00Z; until it is taken off unless said otherwise",
        HelpName = "time",
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
            if (DateTime.TryParse(text, CultureInfo.InvariantCulture, Utc, out DateTime time))
            {
                return time;
            }
            argument.AddError($"'{text}' is no time such as 2027-01-31 or 2027-01-31T12:00:00Z.");
            return null;
        },
    };

    private readonly Option<string?> _reason = new("--reason")
    {
        Description = "Why, for whoever meets the hold later",
        HelpName = "words",
    };

    public ProtectCommand()
        : base("protect", "Keep backups from being removed, whatever removes old ones")
    {
        Add(_until);
        Add(_reason);
    }

    protected override BackupInfo Change(string backup, ParseResult arguments) =>
        BackupHold.Put(backup, arguments.GetValue(_until), arguments.GetValue(_reason) ?? "");
}

/// <summary>cryobackup unprotect: takes holds off backups.</summary>
internal sealed class UnprotectCommand : HoldCommand
{
    public UnprotectCommand()
        : base("unprotect", "Take the hold off backups") { }

    protected override BackupInfo Change(string backup, ParseResult arguments) => BackupHold.Take(backup);
}
