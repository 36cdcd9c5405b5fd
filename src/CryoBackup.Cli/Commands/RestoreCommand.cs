using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Reports;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup restore: brings a backup back and compares it.</summary>
internal sealed class RestoreCommand : Command
{
    private readonly Operands _path = new("path", "Backup file");

    private readonly Option<string> _targetDatabase = new("--target-database", "-d")
    {
        Description = "Database to restore into; it must be empty unless --create, --clean or --swap says otherwise",
        HelpName = "database",
        Required = true,
    };

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly Option<bool> _create = new("--create") { Description = "Create the database, with the source's encoding and locale" };

    private readonly Option<string[]> _schema = Names(
        "--schema",
        "Only this schema with all that belongs to it; a name or a pattern with * and ?; may be repeated"
    );

    private readonly Option<string[]> _table = Names(
        "--table",
        "Only this table with all that belongs to it; name or schema.name, or a pattern; may be repeated"
    );

    private readonly Option<bool> _clean = new("--clean")
    {
        Description = "Drop the backup's objects first, in one transaction with the restore: all or nothing",
    };

    private readonly Option<bool> _swap = new("--swap")
    {
        Description = "Restore beside the database, compare, then exchange the two by name; the old one is kept",
    };

    private readonly Option<bool> _force = new("--force")
    {
        Description =
            "With --swap: end the sessions of the database that is swapped out; with --clean: "
            + "drop also what the backup does not bring back; permits --skip-verification",
    };

    private readonly Option<bool> _schemaOnly = new("--schema-only") { Description = "Definitions without rows" };

    private readonly Option<bool> _dataOnly = new("--data-only") { Description = "Rows, into tables that are there and empty" };

    private readonly Option<bool> _noOwner = new("--no-owner")
    {
        Description = "Leave every object to the restoring role instead of its recorded owner",
    };

    private readonly Option<bool> _noPrivileges = new("--no-privileges") { Description = "Leave out GRANT and REVOKE" };

    private readonly Option<bool> _includeGlobals = new("--include-globals")
    {
        Description = "Create the roles that the backup needs and the server lacks, from the backup's globals",
    };

    private readonly Option<bool> _skipVerification = new("--skip-verification")
    {
        Description = "Restore without verifying the file first; only with --force",
    };

    private readonly Option<int?> _jobs = Number.Option(
        "--jobs",
        "number",
        "Sessions that pg_restore uses at once; more than one needs space for a private temporary copy",
        "-j"
    );

    private readonly Option<bool> _planOnly = new("--plan-only") { Description = "Say what would be restored, and change nothing" };

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly Option<TimeSpan> _lockTimeout = new("--lock-timeout")
    {
        Description = $"How long to wait for a lock in a database that is there already: {Duration.Help}; 30s unless said otherwise",
        HelpName = "time",
        CustomParser = Duration.Read,
    };

    private readonly Option<TimeSpan> _timeout = new("--timeout")
    {
        Description = $"How long the restore may take: {Duration.Help}, or none (as unless said otherwise)",
        HelpName = "time",
        CustomParser = Duration.ReadLimit,
    };

    private readonly ConnectionOptions _connection = new();

    private readonly ConfigOption _config = new(ConfigurationUse.Restore);

    public RestoreCommand()
        : base("restore", "Restore a backup, and compare what came back with what was saved")
    {
        _path.AddTo(this);
        _config.AddTo(this);
        Add(_targetDatabase);
        Add(_identity);
        Add(_create);
        Add(_clean);
        Add(_swap);
        Add(_force);
        Add(_schema);
        Add(_table);
        Add(_schemaOnly);
        Add(_dataOnly);
        _connection.AddTo(this);
        Add(_noOwner);
        Add(_noPrivileges);
        Add(_includeGlobals);
        Add(_skipVerification);
        Add(_jobs);
        Add(_planOnly);
        Add(_reportPath);
        Add(_lockTimeout);
        Add(_timeout);
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
                observer => new RunEvidence(
                    RunVerb.Restore,
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
        _config.Read(arguments, observer, BackupPlan.ReplacedBy(_connection.Said(arguments).ToHashSet(StringComparer.Ordinal)));

    private RestoreRequest Read(ParseResult arguments, string path, Action<EngineMessage> observer)
    {
        BackupConfiguration? configuration = Configuration(arguments, observer);
        var request = new RestoreRequest
        {
            Connection = BackupPlan.Connect(configuration, _connection.Read(arguments)),
            Path = Path.GetFullPath(path),
            TargetDatabase = arguments.GetRequiredValue(_targetDatabase),
            Schema = arguments.GetValue(_schema) ?? [],
            Table = arguments.GetValue(_table) ?? [],
            Identities = BackupPlan.Identities(configuration, _identity.Read(arguments)),
            Create = arguments.GetValue(_create),
            Clean = arguments.GetValue(_clean),
            Swap = arguments.GetValue(_swap),
            Force = arguments.GetValue(_force),
            SchemaOnly = arguments.GetValue(_schemaOnly),
            DataOnly = arguments.GetValue(_dataOnly),
            NoOwner = arguments.GetValue(_noOwner),
            NoPrivileges = arguments.GetValue(_noPrivileges),
            IncludeGlobals = arguments.GetValue(_includeGlobals),
            SkipVerification = arguments.GetValue(_skipVerification),
            PlanOnly = arguments.GetValue(_planOnly),
            Jobs = arguments.GetValue(_jobs),
        };
        if (arguments.GetResult(_lockTimeout) is not null)
        {
            request.LockTimeout = arguments.GetValue(_lockTimeout);
        }
        if (arguments.GetResult(_timeout) is not null)
        {
            request.Timeout = Duration.ToLimit(arguments.GetValue(_timeout));
        }
        return request;
    }

    private static void Print(IReadOnlyList<RestoreResult> results, TextWriter output)
    {
        foreach (RestoreResult result in results)
        {
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
            var table = new Table(
                "TargetDatabase",
                "Status",
                "Mode",
                ">Objects",
                ">Tables",
                ">Matching",
                ">Rows",
                ">Duration",
                "SourceDatabase"
            );
            table.Add(
                result.TargetDatabase,
                result.Status.ToString(),
                result.Mode.ToString(),
                Units.Count(result.Objects.Length),
                Units.Count(result.Tables.Length),
                Units.Count(result.Tables.Count(table => table.Matches)),
                Units.Count(result.Tables.Sum(table => table.FoundRows ?? 0)),
                Units.Time(result.Duration),
                result.SourceDatabase
            );
            table.Print(output);
        }
    }
}
