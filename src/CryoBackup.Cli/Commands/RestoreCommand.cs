using System.CommandLine;
using CryoBackup.Cli.Output;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup restore: brings a backup back and compares it.</summary>
internal sealed class RestoreCommand : Command
{
    private readonly Operands _path = new("path", "Backup file");

    private readonly Option<string> _targetDatabase = new("--target-database", "-d")
    {
        Description = "Database to restore into; it must be empty, or be made by --create",
        HelpName = "database",
        Required = true,
    };

    private readonly Option<bool> _create = new("--create") { Description = "Create the database, with the source's encoding and locale" };

    private readonly Option<bool> _noOwner = new("--no-owner") { Description = "Leave every object to the restoring role instead of its recorded owner" };

    private readonly Option<bool> _noPrivileges = new("--no-privileges") { Description = "Leave out GRANT and REVOKE" };

    private readonly Option<int?> _jobs = Number.Option(
        "--jobs", "number", "Sessions that pg_restore uses at once; more than one needs space for a private temporary copy", "-j");

    private readonly Option<bool> _planOnly = new("--plan-only") { Description = "Say what would be restored, and change nothing" };

    private readonly Option<TimeSpan> _timeout = new("--timeout")
    {
        Description = $"How long the restore may take: {Duration.Help}, or none (as unless said otherwise)",
        HelpName = "time",
        CustomParser = Duration.ReadLimit,
    };

    private readonly ConnectionOptions _connection = new();

    public RestoreCommand() : base("restore", "Restore a backup into an empty or a new database, and compare what came back with what was saved")
    {
        _path.AddTo(this);
        Add(_targetDatabase);
        Add(_create);
        _connection.AddTo(this);
        Add(_noOwner);
        Add(_noPrivileges);
        Add(_jobs);
        Add(_planOnly);
        Add(_timeout);
        Validators.Add(result =>
        {
            if (_path.Count(result) != 1)
            {
                result.AddError("Name one backup file to restore.");
            }
        });
        SetAction(arguments => Batch.Run<RestoreResult>(
            arguments,
            () => _path.Read(arguments),
            (path, observer, cancellationToken) => [BackupRestorer.Run(Read(arguments, path), observer, cancellationToken)],
            Print,
            result => result.Status == RestoreStatus.Failed ? ExitCode.Failed : ExitCode.Good));
    }

    private RestoreRequest Read(ParseResult arguments, string path)
    {
        var request = new RestoreRequest
        {
            Connection = _connection.Read(arguments),
            Path = Path.GetFullPath(path),
            TargetDatabase = arguments.GetRequiredValue(_targetDatabase),
            Create = arguments.GetValue(_create),
            NoOwner = arguments.GetValue(_noOwner),
            NoPrivileges = arguments.GetValue(_noPrivileges),
            PlanOnly = arguments.GetValue(_planOnly),
        };
        // What was not said keeps the engine's default.
        if (arguments.GetValue(_jobs) is { } jobs)
        {
            request.Jobs = jobs;
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
                foreach (string entry in result.Objects)
                {
                    output.WriteLine(entry);
                }
                output.WriteLine();
            }
            var table = new Table("TargetDatabase", "Status", "Mode", ">Objects", ">Tables", ">Matching", ">Rows", ">Duration", "SourceDatabase");
            table.Add(
                result.TargetDatabase,
                result.Status.ToString(),
                result.Mode.ToString(),
                Units.Count(result.Objects.Length),
                Units.Count(result.Tables.Length),
                Units.Count(result.Tables.Count(table => table.Matches)),
                Units.Count(result.Tables.Sum(table => table.FoundRows ?? 0)),
                Units.Time(result.Duration),
                result.SourceDatabase);
            table.Print(output);
        }
    }
}
