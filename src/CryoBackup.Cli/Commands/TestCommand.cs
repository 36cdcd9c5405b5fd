using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Configuration;
using CryoBackup.Reports;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup test: proves backups from their files alone.</summary>
internal sealed class TestCommand : Command
{
    private readonly Operands _paths = new("path", "Backup files, or folders of them; * and ? are allowed in the file name; the folder of the configuration unless said otherwise");

    private readonly Option<VerificationLevel?> _level = Choice.Option<VerificationLevel>(
        "--level",
        "hash: the stored bytes are those that were written; content (unless said otherwise): also every table's rows and content; restore: also restored "
            + "into a throwaway server, and everything that came back compared");

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly ConfigOption _config = new(ConfigurationUse.Test);

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly Option<TimeSpan?> _maxAge = Time("--max-age", "How old a backup may be, at every level (RPO)");

    private readonly Option<TimeSpan?> _maxRestoreTime = Time("--max-restore-time", "How long the restore of a rehearsal may take (RTO)");

    private readonly Option<string?> _serverPath = new("--server-path")
    {
        Description = "Folder of the server programs (initdb, pg_ctl, postgres) of the throwaway server: another version rehearses an upgrade",
        HelpName = "folder",
    };

    private readonly Option<bool> _keep = new("--keep") { Description = "Leave the rehearsal's server, or scratch database, and say how to connect" };

    private readonly Option<bool> _force = new("--force") { Description = "Rehearse even on the server that the backup came from" };

    private readonly Option<bool> _allowSuperuser = new("--allow-superuser")
    {
        Description = "Restore as a superuser what an ordinary role may not create; only for backups that you trust",
    };

    private readonly Option<int?> _throttleLimit = Number.Option("--throttle-limit", "number", "How many rehearsals run at once [1]");

    private readonly ConnectionOptions _connection = new();

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print no result; the exit code is the verdict" };

    public TestCommand() : base("test", "Prove backups, by their files or by a rehearsal of their restore: exit code 0 passed, 3 failed, 4 inconclusive")
    {
        _paths.AddTo(this);
        _config.AddTo(this);
        Add(_level);
        Add(_identity);
        Add(_reportPath);
        Add(_quiet);
        Add(_maxAge);
        Add(_maxRestoreTime);
        Add(_serverPath);
        Add(_keep);
        Add(_force);
        Add(_allowSuperuser);
        Add(_throttleLimit);
        _connection.AddTo(this);
        Validators.Add(result =>
        {
            if (result.GetValue(_quiet) && result.GetValue(CommonOptions.Json))
            {
                result.AddError("--quiet and --json exclude each other: one asks for no output, the other for a form of it.");
            }
        });
        SetAction(arguments => Batch.Run<string, VerificationResult>(
            arguments,
            (observer, _) => BackupFiles.Of(Paths(arguments, observer)),
            observer => new RunEvidence(RunVerb.Verification, _config.Read(arguments, observer), CommonOptions.FullPath(arguments.GetValue(_reportPath))),
            (evidence, path, observer, cancellationToken) => [evidence.Run(Read(arguments, path, observer), observer, cancellationToken)],
            (results, output) => Print(results, output, arguments.GetValue(_quiet)),
            result => ExitCode.Of(result.Verdict),
            arguments.GetValue(_throttleLimit) ?? 1));
    }

    private static Option<TimeSpan?> Time(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "time",
        CustomParser = argument =>
        {
            if (DurationText.TryParse(argument.Tokens[0].Value) is { } time && time > TimeSpan.Zero)
            {
                return time;
            }
            argument.AddError($"'{argument.Tokens[0].Value}' is not a length of time; write {DurationText.Forms}.");
            return null;
        },
    };

    private string[] Paths(ParseResult arguments, Action<EngineMessage> observer)
    {
        BackupConfiguration? configuration = _config.Read(arguments, observer);
        return _paths.Read(arguments) is { Length: > 0 } given ? given
            : BackupPlan.Folders(configuration) is { Count: > 0 } configured ? [.. configured]
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid, "No backup is named to test, and no configuration names a folder of them.", "Path", "Name at least one backup file, or a folder of them.");
    }

    private VerificationRequest Read(ParseResult arguments, string path, Action<EngineMessage> observer)
    {
        if (Directory.Exists(path))
        {
            // A folder that holds backups has been replaced by them.
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound, $"The folder '{path}' holds no backup.", path, "Name a backup file, or the folder that cryobackup new wrote to.");
        }
        BackupConfiguration? configuration = _config.Read(arguments, observer);
        var request = new VerificationRequest
        {
            Path = path,
            Identities = BackupPlan.Identities(configuration, _identity.Read(arguments)),
            MaxAge = arguments.GetValue(_maxAge) ?? configuration?.Verification?.MaxAge,
            MaxRestoreTime = arguments.GetValue(_maxRestoreTime),
            ServerPath = arguments.GetValue(_serverPath) is { Length: > 0 } folder ? Path.GetFullPath(folder) : null,
            Keep = arguments.GetValue(_keep),
            Force = arguments.GetValue(_force),
            AllowSuperuser = arguments.GetValue(_allowSuperuser),
            Connection = _connection.Read(arguments),
        };
        // What was not said keeps the engine's default.
        if ((arguments.GetValue(_level) ?? configuration?.Verification?.Level) is { } level)
        {
            request.Level = level;
        }
        return request;
    }

    private static void Print(IReadOnlyList<VerificationResult> results, TextWriter output, bool quiet)
    {
        if (quiet)
        {
            return;
        }
        var table = new Table("Database", "Level", "Verdict", ">Duration", "Path");
        foreach (VerificationResult result in results)
        {
            table.Add(result.Database, result.Level.ToString(), result.Verdict.ToString(), Units.Time(result.Duration), result.Path);
        }
        table.Print(output);
        foreach (VerificationResult result in results)
        {
            output.WriteLine();
            output.WriteLine($"{Path.GetFileName(result.Path)}: {ToolWords.Translate(result.Reason)}");
            if (result.Remedy is not null)
            {
                output.WriteLine($"Remedy: {ToolWords.Translate(result.Remedy)}");
            }
            var checks = new Table("Check", "Outcome", ">Duration", "Detail");
            foreach (CheckResult check in result.Checks)
            {
                checks.Add(check.Name, check.Outcome.ToString(), Units.Time(check.Duration), check.Detail);
            }
            checks.Print(output, indent: "  ");
        }
    }
}
