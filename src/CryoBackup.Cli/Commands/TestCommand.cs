using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Text;
using CryoBackup.Verification;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup test: proves backups from their files alone.</summary>
internal sealed class TestCommand : Command
{
    private readonly Option<string[]> _databases = new("--database", "-d")
    {
        Description = "Of a folder only the backups of these databases; * and ? are allowed",
        HelpName = "database",
    };

    private readonly Option<bool> _latest = new("--latest") { Description = "Of a folder only the newest backup of each database" };

    private readonly Operands _paths = new(
        "path",
        "Backup files, or folders of them; * and ? are allowed in the file name; the folder of the configuration unless said otherwise"
    );

    private readonly ConfigOption _config = new(ConfigurationUse.Test);

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly Option<int?> _throttleLimit = Number.Option("--throttle-limit", "number", "How many rehearsals run at once [1]");

    private readonly OptionSet<VerificationOptions> _options = new OptionSet<VerificationOptions>()
        .Add(
            Choice.Option<VerificationLevel>(
                "--level",
                "hash: the stored bytes are those that were written; content (unless said otherwise): also every table's rows and content; "
                    + "restore: also restored "
                    + "into a throwaway server, and everything that came back compared"
            ),
            (given, value) => given with { Level = value }
        )
        .Add(CommonOptions.Identity(), (given, value) => given with { Identities = CommonOptions.FullPaths(value) })
        .Add(
            Number.Percent(
                "--sample",
                "Read only this share of each file, by chance what was not read before: 5% has read all once after 20 tests; level hash"
            ),
            (given, value) => given with { Sample = value }
        )
        .Add(
            Time(
                "--max-age",
                "How old a backup may be (RPO); of a folder, the newest proven backup of each database: failed if there is none younger"
            ),
            (given, value) => given with { MaxAge = value }
        )
        .Add(
            Time("--max-restore-time", "How long the restore of a rehearsal may take (RTO)"),
            (given, value) => given with { MaxRestoreTime = value }
        )
        .Add(
            new Option<TimeSpan>("--timeout")
            {
                Description = $"How long the proof of one backup may take: {DurationText.Forms}, or none [24h]",
                HelpName = "time",
                CustomParser = Duration.ReadLimit,
            },
            (given, value) => given with { Timeout = value }
        )
        .Add(
            new Option<string?>("--server-path")
            {
                Description =
                    "Folder of the server programs (initdb, pg_ctl, postgres) of the throwaway server: "
                    + "another version rehearses an upgrade",
                HelpName = "folder",
            },
            (given, value) => given with { ServerPath = CommonOptions.FullPath(value) }
        )
        .Add(CommonOptions.Locale("Locale of the rehearsal's database"), (given, value) => given with { Locale = value })
        .Add(
            new Option<bool>("--keep") { Description = "Leave the rehearsal's server, or scratch database, and say how to connect" },
            (given, value) => given with { Keep = value }
        )
        .Add(
            new Option<bool>("--force") { Description = "Rehearse even on the server that the backup came from" },
            (given, value) => given with { Force = value }
        )
        .Add(
            new Option<bool>("--allow-superuser")
            {
                Description = "Restore as a superuser what an ordinary role may not create; only for backups that you trust",
            },
            (given, value) => given with { AllowSuperuser = value }
        );

    private readonly ConnectionOptions _connection = new();

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print no result; the exit code is the verdict" };

    public TestCommand()
        : base("test", "Prove backups, by their files or by a rehearsal of their restore: exit code 0 passed, 3 failed, 4 inconclusive")
    {
        _paths.AddTo(this);
        _config.AddTo(this);
        Add(_databases);
        Add(_latest);
        Add(_reportPath);
        Add(_quiet);
        _options.AddTo(this);
        Add(_throttleLimit);
        _connection.AddTo(this);
        Validators.Add(result =>
        {
            if (result.GetValue(_quiet) && result.GetValue(CommonOptions.Json))
            {
                result.AddError("--quiet and --json exclude each other: one asks for no output, the other for a form of it.");
            }
            if (result.GetValue(_latest) && result.GetResult("--max-age") is not null)
            {
                result.AddError("--latest and --max-age exclude each other: an age asks for the newest proven backup of each database.");
            }
        });
        SetAction(arguments =>
            new Batch<VerificationTask, VerificationResult>
            {
                Items = (observer, cancellationToken) => Tasks(arguments, observer, cancellationToken),
                Open = observer => new RecordedRun(
                    RunKind.Verification,
                    _config.Read(arguments, observer),
                    CommonOptions.FullPath(arguments.GetValue(_reportPath))
                ),
                Work = (evidence, task, observer, cancellationToken) => [evidence.Run(task, observer, cancellationToken)],
                Print = (results, output) => Print(results, output, arguments.GetValue(_quiet)),
                Judge = result => ExitCode.Of(result.Verdict),
                AtOnce = arguments.GetValue(_throttleLimit) ?? 1,
            }.Run(arguments)
        );
    }

    private static Option<TimeSpan> Time(string name, string description) =>
        new(name)
        {
            Description = description,
            HelpName = "time",
            CustomParser = Duration.Read,
        };

    private IReadOnlyList<VerificationTask> Tasks(
        ParseResult arguments,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        var plan = new VerificationPlan(Read(arguments, observer), arguments.GetValue(_databases) ?? [], arguments.GetValue(_latest));
        string[] given = _paths.Read(arguments);
        return given.Length > 0
            ? plan.Of(string.Join(' ', given), BackupFiles.Matching(given), observer, cancellationToken)
            : plan.Configured(_config.Read(arguments, observer), observer, cancellationToken);
    }

    private VerificationRequest Read(ParseResult arguments, Action<EngineMessage> observer) =>
        _options
            .Read(arguments, new VerificationOptions { Connection = _connection.Read(arguments) })
            .Over(VerificationOptions.Of(_config.Read(arguments, observer)))
            .Over(new VerificationRequest());

    private static void Print(IReadOnlyList<VerificationResult> results, TextWriter output, bool quiet)
    {
        if (quiet)
        {
            return;
        }
        IReadOnlyList<VerificationResult> worstFirst = VerificationSummary.WorstFirst(results);
        var table = new Table("Verdict", "Level", ">Duration", "Backup");
        foreach (VerificationResult result in worstFirst)
        {
            table.Add(
                result.Verdict.ToString(),
                VerificationSummary.Depth(result),
                DurationText.About(result.Duration),
                VerificationSummary.Subject(result)
            );
        }
        table.Print(output);
        if (results.Count > 1)
        {
            output.WriteLine();
            output.WriteLine(VerificationSummary.Lines(results)[0]);
        }
        foreach (VerificationResult result in worstFirst)
        {
            output.WriteLine();
            output.WriteLine(VisibleText.Of($"{Path.GetFileName(result.Path)}: {ToolWords.Translate(result.Reason)}"));
            if (result.Remedy is not null)
            {
                output.WriteLine(VisibleText.Of($"Remedy: {ToolWords.Translate(result.Remedy)}"));
            }
            var checks = new Table("Check", "Outcome", ">Duration", "Detail");
            foreach (CheckResult check in result.Checks)
            {
                checks.Add(check.Name, check.Outcome.ToString(), DurationText.About(check.Duration), check.Detail);
            }
            checks.Print(output, indent: "  ");
        }
    }
}
