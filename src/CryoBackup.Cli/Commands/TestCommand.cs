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
        "--level", "hash: the stored bytes are those that were written; content (unless said otherwise): also every table's rows and content");

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly ConfigOption _config = new(ConfigurationUse.Test);

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print no result; the exit code is the verdict" };

    public TestCommand() : base("test", "Prove backups, without a server: exit code 0 passed, 3 failed, 4 inconclusive")
    {
        _paths.AddTo(this);
        _config.AddTo(this);
        Add(_level);
        Add(_identity);
        Add(_reportPath);
        Add(_quiet);
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
            result => ExitCode.Of(result.Verdict)));
    }

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
        var request = new VerificationRequest { Path = path, Identities = BackupPlan.Identities(configuration, _identity.Read(arguments)) };
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
            output.WriteLine($"{Path.GetFileName(result.Path)}: {result.Reason}");
            var checks = new Table("Check", "Outcome", ">Duration", "Detail");
            foreach (CheckResult check in result.Checks)
            {
                checks.Add(check.Name, check.Outcome.ToString(), Units.Time(check.Duration), check.Detail);
            }
            checks.Print(output, indent: "  ");
        }
    }
}
