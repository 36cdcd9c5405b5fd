using System.CommandLine;
using CryoBackup.Cli.Output;
using CryoBackup.Reports;

namespace CryoBackup.Cli.Commands;

/// <summary>cryobackup test: proves backups from their files alone.</summary>
internal sealed class TestCommand : Command
{
    private readonly Operands _paths = new("path", "Backup files, or folders of them; * and ? are allowed in the file name");

    private readonly Option<VerificationLevel?> _level = Choice.Option<VerificationLevel>(
        "--level", "hash: the stored bytes are those that were written; content (unless said otherwise): also every table's rows and content");

    private readonly Option<string[]> _identity = CommonOptions.Identity();

    private readonly Option<string?> _reportPath = CommonOptions.ReportPath();

    private readonly Option<bool> _quiet = new("--quiet", "-q") { Description = "Print no result; the exit code is the verdict" };

    public TestCommand() : base("test", "Prove backups, without a server: exit code 0 passed, 3 failed, 4 inconclusive")
    {
        _paths.AddTo(this);
        Add(_level);
        Add(_identity);
        Add(_reportPath);
        Add(_quiet);
        Validators.Add(result =>
        {
            if (_paths.Count(result) == 0)
            {
                result.AddError("Name at least one backup file to test.");
            }
            if (result.GetValue(_quiet) && result.GetValue(CommonOptions.Json))
            {
                result.AddError("--quiet and --json exclude each other: one asks for no output, the other for a form of it.");
            }
        });
        SetAction(arguments => Batch.Run<VerificationResult>(
            arguments,
            () => BackupFiles.Of(_paths.Read(arguments)),
            () => new RunEvidence(RunVerb.Verification, null, CommonOptions.FullPath(arguments.GetValue(_reportPath))),
            (evidence, path, observer, cancellationToken) => [evidence.Run(Read(arguments, path), observer, cancellationToken)],
            (results, output) => Print(results, output, arguments.GetValue(_quiet)),
            result => ExitCode.Of(result.Verdict)));
    }

    private VerificationRequest Read(ParseResult arguments, string path)
    {
        if (Directory.Exists(path))
        {
            // A folder that holds backups has been replaced by them.
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound, $"The folder '{path}' holds no backup.", path, "Name a backup file, or the folder that cryobackup new wrote to.");
        }
        var request = new VerificationRequest { Path = path, Identities = _identity.Read(arguments) };
        // What was not said keeps the engine's default.
        if (arguments.GetValue(_level) is { } level)
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
