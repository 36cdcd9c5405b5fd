using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup restore: brings a backup back and compares it.</summary>
internal sealed class RestoreCommand : Command
{
    private readonly Operands _path = new("path", "Backup file");

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly OptionSet<RestoreRequest> _options = new OptionSet<RestoreRequest>()
        .Add(
            new Option<string>("--target-database", "-d")
            {
                Description = "Database to restore into; it must be empty unless --create, --clean or --swap says otherwise",
                HelpName = "database",
                Required = true,
            },
            (given, value) => given with { TargetDatabase = value }
        )
        .Add(
            new Option<bool>("--create") { Description = "Create the database, with the source's encoding and locale" },
            (given, value) => given with { Create = value }
        )
        .Add(CommonOptions.Locale("Locale of the database that is created"), (given, value) => given with { Locale = value })
        .Add(
            new Option<bool>("--clean")
            {
                Description = "Drop the backup's objects first, in one transaction with the restore: all or nothing",
            },
            (given, value) => given with { Clean = value }
        )
        .Add(
            new Option<bool>("--swap")
            {
                Description = "Restore beside the database, compare, then exchange the two by name; the old one is kept",
            },
            (given, value) => given with { Swap = value }
        )
        .Add(
            new Option<bool>("--force")
            {
                Description =
                    "With --swap: end the sessions of the database that is swapped out; with --clean: "
                    + "drop also what the backup does not bring back; permits --skip-verification",
            },
            (given, value) => given with { Force = value }
        )
        .Add(
            Names("--schema", "Only this schema with all that belongs to it; a name or a pattern with * and ?; may be repeated"),
            (given, value) => given with { Schema = value }
        )
        .Add(
            Names("--table", "Only this table with all that belongs to it; name or schema.name, or a pattern; may be repeated"),
            (given, value) => given with { Table = value }
        )
        .Add(
            new Option<bool>("--schema-only") { Description = "Definitions without rows" },
            (given, value) => given with { SchemaOnly = value }
        )
        .Add(
            new Option<bool>("--data-only") { Description = "Rows, into tables that are there and empty" },
            (given, value) => given with { DataOnly = value }
        )
        .Add(
            new Option<bool>("--no-owner") { Description = "Leave every object to the restoring role instead of its recorded owner" },
            (given, value) => given with { NoOwner = value }
        )
        .Add(
            new Option<bool>("--no-privileges") { Description = "Leave out GRANT and REVOKE" },
            (given, value) => given with { NoPrivileges = value }
        )
        .Add(
            new Option<bool>("--include-globals")
            {
                Description = "Create the roles that the backup needs and the server lacks, from the backup's globals",
            },
            (given, value) => given with { IncludeGlobals = value }
        )
        .Add(
            new Option<bool>("--skip-verification") { Description = "Restore without verifying the file first; only with --force" },
            (given, value) => given with { SkipVerification = value }
        )
        .Add(
            new Option<bool>("--verify-content")
            {
                Description =
                    "Read the whole content before the first change, even of a file that is the one that was proven when it was written",
            },
            (given, value) => given with { VerifyContent = value }
        )
        .Add(
            Number.Option(
                "--jobs",
                "number",
                "Sessions that pg_restore uses at once; more than one needs space for a private temporary copy",
                "-j"
            ),
            (given, value) => given with { Jobs = value }
        )
        .Add(
            new Option<bool>("--plan-only") { Description = "Say what would be restored, and change nothing" },
            (given, value) => given with { PlanOnly = value }
        )
        .Add(
            new Option<bool>("--script") { Description = "With --plan-only: write the SQL in its order, and nothing else" },
            (given, value) => given with { Script = value }
        )
        .Add(
            new Option<TimeSpan>("--lock-timeout")
            {
                Description =
                    $"How long to wait for a lock in a database that is there already: {DurationText.Forms}; 30s unless said otherwise",
                HelpName = "time",
                CustomParser = Duration.Read,
            },
            (given, value) => given with { LockTimeout = value }
        )
        .Add(
            new Option<TimeSpan>("--timeout")
            {
                Description = $"How long the restore may take: {DurationText.Forms}, or none (as unless said otherwise)",
                HelpName = "time",
                CustomParser = Duration.ReadLimit,
            },
            (given, value) => given with { Timeout = Duration.ToLimit(value) }
        );

    private readonly ConnectionOptions _connection = new();

    private readonly ConfigOption _config = new(ConfigurationUse.Restore);

    public RestoreCommand()
        : base("restore", "Restore a backup, and compare what came back with what was saved")
    {
        _path.AddTo(this);
        _config.AddTo(this);
        Add(_identity);
        _connection.AddTo(this);
        _options.AddTo(this);
        Add(_reportPath);
        Validators.Add(result =>
        {
            if (_path.Count(result) != 1)
            {
                result.AddError("Name one backup file to restore.");
            }
        });
        SetAction(arguments =>
            Batch.Run<string, RestoreResult>(
                arguments,
                (_, _) => _path.Read(arguments),
                observer => new RecordedRun(
                    RunKind.Restore,
                    Configuration(arguments, observer),
                    CommonOptions.FullPath(arguments.GetValue(_reportPath))
                ),
                (evidence, path, observer, cancellationToken) =>
                    [evidence.Run(Read(arguments, path, observer), observer, cancellationToken)],
                Print,
                result => result.Status == RestoreStatus.Failed ? ExitCode.Failed : ExitCode.Good
            )
        );
    }

    private static Option<string[]> Names(string name, string description) => new(name) { Description = description, HelpName = "name" };

    private BackupConfiguration? Configuration(ParseResult arguments, Action<EngineMessage> observer) =>
        _config.Read(arguments, observer, BackupPlan.ReplacedBy(_connection.Read(arguments)));

    private RestoreRequest Read(ParseResult arguments, string path, Action<EngineMessage> observer)
    {
        BackupConfiguration? configuration = Configuration(arguments, observer);
        return _options.Read(
            arguments,
            new RestoreRequest
            {
                Connection = BackupPlan.Connect(configuration, _connection.Read(arguments)),
                Path = StoreLocation.FullPathOrLocation(path),
                Store = CopyPlan.Options(configuration),
                Identities = BackupPlan.Identities(configuration, _identity.Read(arguments)),
            }
        );
    }

    private static void Print(IReadOnlyList<RestoreResult> results, TextWriter output)
    {
        foreach (RestoreResult result in results)
        {
            if (result.Script.Length > 0)
            {
                foreach (string line in result.Script.TrimEnd('\n').Split('\n'))
                {
                    output.WriteLine(VisibleText.Of(line));
                }

                continue;
            }

            if (result.Status == RestoreStatus.Planned)
            {
                foreach (string role in result.Roles)
                {
                    output.WriteLine(VisibleText.Of($"ROLE {role}"));
                }
                foreach (string entry in result.Objects)
                {
                    output.WriteLine(VisibleText.Of(entry));
                }
                foreach (string dropped in result.AlsoDropped)
                {
                    output.WriteLine(VisibleText.Of($"DROPPED, NOT RESTORED: {dropped}"));
                }
                output.WriteLine();
            }
            var table = new Table([
                "TargetDatabase",
                "Status",
                "Mode",
                ">Objects",
                ">Tables",
                ">Matching",
                ">Rows",
                ">Duration",
                "SourceDatabase",
            ]);
            table.Add([
                result.TargetDatabase,
                result.Status.ToString(),
                result.Mode.ToString(),
                Units.Count(result.Objects.Length),
                Units.Count(result.Tables.Length),
                Units.Count(result.Tables.Count(table => table.Matches)),
                Units.Count(result.Tables.Sum(table => table.FoundRows ?? 0)),
                DurationText.About(result.Duration),
                result.SourceDatabase,
            ]);
            table.Print(output);
        }
    }
}
