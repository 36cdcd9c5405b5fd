using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Logging;

/// <summary>The log keeps the predecessor's form, whatever is logged.</summary>
public sealed partial class LogFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string FilePath => Path.Combine(_folder.Path, "logs", "cryobackup.log");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LinesOfARunAreThePredecessors()
    {
        var configuration = new BackupConfiguration { LogFile = FilePath };
        BackupInfo backup = SampleResults.Backup();
        using (var evidence = new RecordedRun(RunKind.Backup, configuration, null))
        {
            evidence.Begin("app", "/backups");
            evidence.Watch(static _ => { })(
                new WarningMessage("pg_dump: warning: odd\r\n2025-04-23 00:47:47,383 - forged - INFO - line\u001b[31m")
            );
            evidence.Add(backup);
            evidence.Finish(message => Assert.Fail(message.ToString()), CancellationToken.None);
        }

        using (var evidence = new RecordedRun(RunKind.Verification, configuration, Path.Combine(_folder.Path, "proof.json")))
        {
            evidence.Begin(backup.Path);
            evidence.Add(SampleResults.Verification(backup.Path, Verdict.Failed));
            evidence.Finish(message => Assert.Fail(message.ToString()), CancellationToken.None);
        }

        using (var evidence = new RecordedRun(RunKind.Restore, configuration, null))
        {
            evidence.Begin(backup.Path);
            evidence.Fail(backup.Path, SampleResults.Failure("Backup file does not exist."));
            evidence.Finish(static _ => { }, CancellationToken.None);
        }

        (string Logger, string Level, string Message)[] lines = [.. File.ReadAllLines(FilePath).Select(Parse)];
        Assert.Equal(
            [
                ("database_backup", "INFO", "Starting database backup of app to: /backups"),
                ("database_backup", "WARNING", "pg_dump: warning: odd\\n2025-04-23 00:47:47,383 - forged - INFO - line\\x1B[31m"),
                ("database_backup", "INFO", $"Database backup completed successfully: {backup.Path}"),
                ("database_backup", "INFO", $"Backup metadata created: {backup.ManifestPath}"),
                ("database_backup", "INFO", "Backup process completed successfully"),
                ("backup_verification", "INFO", $"Verifying backup: {Path.GetFileName(backup.Path)}"),
                ("backup_verification", "INFO", $"Backup file integrity check passed: {backup.Path}"),
                ("backup_verification", "INFO", $"Backup metadata verification passed: {backup.Path}.meta.json"),
                ("backup_verification", "INFO", $"Backup hash calculation check passed: {backup.Path}"),
                ("backup_verification", "INFO", $"Backup compression check not run: {backup.Path}: the file is not compressed"),
                ("backup_verification", "ERROR", $"Backup format check failed: {backup.Path}: archive version 1.14"),
                (
                    "backup_verification",
                    "ERROR",
                    $"Backup verification failed: {Path.GetFileName(backup.Path)}: It is not what was recorded."
                ),
                ("backup_verification", "INFO", $"Verification report created: {Path.Combine(_folder.Path, "proof.json")}"),
                ("backup_verification", "INFO", "Backup verification process completed with failures"),
                ("database_restore", "INFO", $"Selected backup file for restore: {backup.Path}"),
                ("database_restore", "ERROR", "Database restore failed: Backup file does not exist."),
                ("database_restore", "ERROR", "pg_dump: error: connection refused"),
            ],
            lines.Take(17)
        );
    }

    [Fact]
    public void Json()
    {
        var log = new LogFile(new() { File = FilePath, Format = LogFormat.Json }, RunKind.Restore, Assert.Fail);
        log.Warning("two\nlines \"Ω\"");
        JsonElement line = JsonDocument.Parse(Assert.Single(File.ReadAllLines(FilePath))).RootElement;
        Assert.Equal(["time", "logger", "level", "message"], line.EnumerateObject().Select(property => property.Name));
        Assert.Equal(
            ("database_restore", "WARNING", "two\nlines \"Ω\""),
            (line.GetProperty("logger").GetString(), line.GetProperty("level").GetString(), line.GetProperty("message").GetString())
        );
        Assert.Equal(DateTimeKind.Utc, line.GetProperty("time").GetDateTime().Kind);
    }

    [Fact]
    public void IsPutAsideBySize()
    {
        var log = new LogFile(
            new()
            {
                File = FilePath,
                MaxBytes = 1000,
                MaxFiles = 2,
            },
            RunKind.Backup,
            Assert.Fail
        );
        for (int i = 0; i < 60; i++)
        {
            log.Info(string.Create(CultureInfo.InvariantCulture, $"line {i}"));
        }

        string[] files = [FilePath + ".2", FilePath + ".1", FilePath];
        Assert.Equal(
            files.Order(StringComparer.Ordinal),
            Directory
                .GetFiles(Path.GetDirectoryName(FilePath)!, "cryobackup.log*")
                .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
        );
        Assert.All(files, file => Assert.InRange(new FileInfo(file).Length, 1, 1000));
        int[] numbers =
        [
            .. files
                .SelectMany(File.ReadAllLines)
                .Select(line => int.Parse(Parse(line).Message["line ".Length..], CultureInfo.InvariantCulture)),
        ];
        Assert.Equal(Enumerable.Range(60 - numbers.Length, numbers.Length), numbers);
    }

    [Fact]
    public void BeginsAnewWhereNoneIsToBeKept()
    {
        var log = new LogFile(
            new()
            {
                File = FilePath,
                MaxBytes = 200,
                MaxFiles = 0,
            },
            RunKind.Trial,
            Assert.Fail
        );
        for (int i = 0; i < 20; i++)
        {
            log.Info(string.Create(CultureInfo.InvariantCulture, $"tab\t{i}"));
        }

        Assert.Equal(
            [FilePath],
            Directory
                .GetFiles(Path.GetDirectoryName(FilePath)!, "cryobackup.log*")
                .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal))
        );
        Assert.InRange(new FileInfo(FilePath).Length, 1, 200);
        Assert.Equal(("cryobackup", "INFO", "tab 19"), Parse(File.ReadAllLines(FilePath)[^1]));
    }

    [Fact]
    public async Task SeveralRunsLoseNoLine()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(run =>
                    Task.Run(() =>
                    {
                        var log = new LogFile(new() { File = FilePath }, RunKind.Backup, Assert.Fail);
                        for (int i = 0; i < 20; i++)
                        {
                            log.Info(string.Create(CultureInfo.InvariantCulture, $"{run} {i}"));
                        }
                    })
                )
        );
        Assert.Equal(120, File.ReadAllLines(FilePath).Select(line => Parse(line).Message).Distinct().Count());
    }

    [Fact]
    public void ThatCannotBeWrittenIsOneWarning()
    {
        var configuration = new BackupConfiguration { LogFile = Path.Combine(_folder.Write("file", ""), "cryobackup.log") };
        BackupInfo backup = SampleResults.Backup();
        var messages = new List<EngineMessage>();
        using var evidence = new RecordedRun(RunKind.Backup, configuration, null);
        evidence.Add(backup);
        evidence.Finish(messages.Add, CancellationToken.None);
        Assert.StartsWith(
            $"The log '{configuration.LogFile}' cannot be written: ",
            Assert.Single(backup.Warnings),
            StringComparison.Ordinal
        );
        Assert.Single(messages);
    }

    private static (string Logger, string Level, string Message) Parse(string line)
    {
        Match match = Form().Match(line);
        Assert.True(match.Success, line);
        Assert.True(
            DateTime.TryParseExact(
                match.Groups[1].Value,
                "yyyy-MM-dd HH:mm:ss,fff",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out _
            ),
            line
        );
        return (match.Groups[2].Value, match.Groups[3].Value, match.Groups[4].Value);
    }

    [GeneratedRegex(@"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) - (\w+) - (INFO|WARNING|ERROR) - (.*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
