using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup remove: removes what rules do not keep, or single backups.</summary>
internal sealed class RemoveCommand : Command
{
    private readonly Operands _paths = new(
        "path",
        "Folders or locations, of which the rules decide, or single backups; * and ? are allowed in a file's name"
    );

    private readonly Option<string[]> _databases = new("--database", "-d")
    {
        Description = "Of a folder only the backups of these databases; * and ? are allowed",
        HelpName = "database",
    };

    private readonly OptionSet<RetentionRules> _rules = new OptionSet<RetentionRules>()
        .Add(Count("last", "How many of the newest proven backups stay"), (rules, value) => rules with { KeepLast = value })
        .Add(Slot("hourly", "hours"), (rules, value) => rules with { KeepHourly = value })
        .Add(Slot("daily", "days"), (rules, value) => rules with { KeepDaily = value })
        .Add(Slot("weekly", "weeks"), (rules, value) => rules with { KeepWeekly = value })
        .Add(Slot("monthly", "months"), (rules, value) => rules with { KeepMonthly = value })
        .Add(Slot("yearly", "years"), (rules, value) => rules with { KeepYearly = value })
        .Add(
            Count("rehearsed", "How many of the newest that came back in a rehearsal stay"),
            (rules, value) => rules with { KeepRehearsed = value }
        )
        .Add(
            Time("--keep-within", "How long backups stay, counted from the newest proven one"),
            (rules, value) => rules with { KeepWithin = value }
        )
        .Add(
            Time("--older-than", "Remove nothing that is younger, counted from the newest proven one"),
            (rules, value) => rules with { OlderThan = value }
        )
        .Add(
            new Option<string>("--time-zone")
            {
                Description = "The time zone of the hours, days, weeks, months and years [UTC]",
                HelpName = "IANA name",
            },
            (rules, value) => rules with { TimeZone = value }
        )
        .Add(
            Choice.Option<DayOfWeek>("--first-day-of-week", "The day that a week begins with [monday]"),
            (rules, value) => rules with { FirstDayOfWeek = value ?? rules.FirstDayOfWeek }
        );

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Remove a single backup though it is the newest, the newest proven or rehearsed, or held",
    };

    private readonly Option<bool> _planOnly = new("--plan-only") { Description = "Print what would be removed, and why; change nothing" };

    private readonly ConfigOption _config = new(ConfigurationUse.Remove);

    public RemoveCommand()
        : base("remove", "Remove old backups by rules that count only what is proven, or single ones: exit code 1 if one was blocked")
    {
        _paths.AddTo(this);
        Add(_databases);
        _rules.AddTo(this);
        Add(_force);
        Add(_planOnly);
        _config.AddTo(this);
        Validators.Add(result =>
        {
            if (_paths.Count(result) == 0)
            {
                result.AddError("No folder and no backup is named.");
            }
        });
        SetAction(arguments =>
            Batch.Run<RemovalRequest, RemovalResult>(
                arguments,
                (observer, _) => Requests(arguments, observer),
                observer => new RecordedRun(RunKind.Removal, _config.Read(arguments, observer), null),
                (evidence, request, observer, cancellationToken) =>
                    arguments.GetValue(_planOnly)
                        ? BackupRemoval.Plan(request, observer, cancellationToken)
                        : evidence.Run(request, null, observer, cancellationToken),
                RemovalTable.Print,
                result => result.Action == RemovalAction.Blocked ? ExitCode.Failed : ExitCode.Good
            )
        );
    }

    private IReadOnlyList<RemovalRequest> Requests(ParseResult arguments, Action<EngineMessage> observer) =>
        RemovalPlan.Of(
            BackupFiles.Matching(_paths.Read(arguments)),
            _rules.Read(arguments, new RetentionRules()),
            _config.Read(arguments, observer),
            arguments.GetValue(_databases) ?? [],
            arguments.GetValue(_force)
        );

    private static Option<int?> Slot(string name, string slots) =>
        Count(name, $"Of how many {slots} that hold a proven backup the newest stays");

    private static Option<int?> Count(string name, string description) => Number.Option($"--keep-{name}", "number", description);

    private static Option<TimeSpan> Time(string name, string description) =>
        new(name)
        {
            Description = $"{description}: {DurationText.Forms}",
            HelpName = "time",
            CustomParser = Duration.Read,
        };
}
