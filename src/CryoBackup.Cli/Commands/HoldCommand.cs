using System.CommandLine;
using System.Globalization;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Cli.Commands;

/// <summary>What the commands of holds share.</summary>
internal abstract class HoldCommand : Command
{
    private readonly Operands _paths = new("path", "Backup files, or their locations in a store; * and ? are allowed in a file's name");

    private readonly ConfigOption _config = new(ConfigurationUse.Hold);

    /// <summary>Makes it.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="description">What it does.</param>
    /// <param name="isPut">True to hold, false to let go.</param>
    protected HoldCommand(string name, string description, bool isPut)
        : base(name, description)
    {
        _paths.AddTo(this);
        _config.AddTo(this);
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
                observer => new RecordedRun(RunKind.Hold, _config.Read(arguments, observer), null),
                (evidence, backup, observer, stop) =>
                    [evidence.Run(Request(arguments) with { Path = backup, Store = Reach(arguments, observer) }, isPut, observer, stop)],
                BackupTable.Print,
                _ => ExitCode.Good
            )
        );
    }

    /// <summary>What is asked for, but for the backup.</summary>
    /// <param name="arguments">The command line.</param>
    protected abstract HoldRequest Request(ParseResult arguments);

    private StoreOptions Reach(ParseResult arguments, Action<EngineMessage> observer) =>
        CopyPlan.Options(_config.Read(arguments, observer));
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

    private readonly Option<bool> _legalHold = new("--legal-hold")
    {
        Description = "Let the store itself keep everybody from deleting it, until unprotect takes that off",
    };

    public ProtectCommand()
        : base("protect", "Keep backups from being removed, whatever removes old ones", isPut: true)
    {
        Add(_until);
        Add(_reason);
        Add(_legalHold);
    }

    protected override HoldRequest Request(ParseResult arguments) =>
        new()
        {
            Until = arguments.GetValue(_until),
            Reason = arguments.GetValue(_reason) ?? "",
            LegalHold = arguments.GetValue(_legalHold),
        };
}

/// <summary>cryobackup unprotect: takes holds off backups.</summary>
internal sealed class UnprotectCommand : HoldCommand
{
    public UnprotectCommand()
        : base("unprotect", "Take the hold off backups", isPut: false) { }

    protected override HoldRequest Request(ParseResult arguments) => new();
}
