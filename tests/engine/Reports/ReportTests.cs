using System.Text.Json;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Tests.Inspection;

namespace CryoBackup.Tests.Reports;

/// <summary>The reports of the predecessor's scenarios carry its keys, with values of the same meaning,
/// and fit the shipped schemas.</summary>
[Collection("postgres")]
public sealed class ReportTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private BackupConfiguration Configuration(bool html = false) =>
        new()
        {
            Reports = new ReportSettings
            {
                VerificationDir = Path.Combine(_folder.Path, "reports", "backup_verification"),
                RestoreDir = Path.Combine(_folder.Path, "reports", "database_restore"),
                Html = html,
            },
        };

    /// <summary>Scenario 1.2: two backups, one report.</summary>
    [PostgresFact]
    public void TwoBackupsVerified()
    {
        BackupInfo one = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);
        BackupInfo two = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip, database: "other backup");
        using var evidence = new RecordedRun(RunKind.Verification, Configuration(html: true), null);
        VerificationResult[] results = [Verify(evidence, one.Path), Verify(evidence, two.Path)];
        Assert.All(results, result => Assert.Null(result.ReportPath));
        Finish(evidence);

        string path = Assert.Single(results.Select(result => result.ReportPath).Distinct())!;
        Assert.Matches(@"[/\\]backup_verification[/\\]verification_\d{8}_\d{6}\.json$", path);
        JsonElement report = Read(path, "verification-report.schema.json");
        Assert.Equal(["timestamp", "verified_backups", "total_backups", "passed", "failed"], Names(report).Take(5));
        Assert.Equal(
            (2, 2, 0),
            (
                report.GetProperty("total_backups").GetInt32(),
                report.GetProperty("passed").GetInt32(),
                report.GetProperty("failed").GetInt32()
            )
        );
        JsonElement first = report.GetProperty("verified_backups")[0];
        Assert.Equal(["file", "path", "timestamp", "checks", "hash", "status"], Names(first).Take(6));
        Assert.Equal(Path.GetFileName(one.Path), first.GetProperty("file").GetString());
        Assert.Equal(one.Path, first.GetProperty("path").GetString());
        Assert.Equal(one.Hash.ToLowerInvariant(), first.GetProperty("hash").GetString());
        Assert.Equal("passed", first.GetProperty("status").GetString());
        Assert.Equal((true, true, true, true), Checks(first));
        Assert.Contains(
            first.GetProperty("tables").EnumerateArray(),
            table => table.GetProperty("name").GetString() == "sample" && table.GetProperty("found_rows").GetInt64() == 3
        );
        Assert.True(File.Exists(Path.ChangeExtension(path, ".html")));
    }

    /// <summary>Scenario 1.3: a restore in test mode.</summary>
    [PostgresFact]
    public void RestorePlanned()
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);
        RestoreRequest request = Requests.Restore(server.Connection, backup.Path, "planned") with
        {
            Create = true,
            PlanOnly = true,
            Table = ["sample"],
        };
        using var evidence = new RecordedRun(RunKind.Restore, Configuration(), null);
        evidence.Begin(request.Path);
        RestoreResult result = BackupRestorer.Run(request, static _ => { }, CancellationToken.None);
        evidence.Add(request, result);
        request = request with { Table = ["something else"] };
        Finish(evidence);

        Assert.Matches(@"[/\\]database_restore[/\\]restore_\d{8}_\d{6}\.json$", result.ReportPath);
        JsonElement report = Read(result.ReportPath!, "restore-report.schema.json");
        Assert.Equal(["timestamp", "backup_file", "restore_options", "success"], Names(report).Take(4));
        Assert.Equal(backup.Path, report.GetProperty("backup_file").GetString());
        JsonElement options = report.GetProperty("restore_options");
        Assert.Equal(["clean", "create", "no_owner", "no_privileges", "schema", "table"], Names(options).Take(6));
        Assert.Equal((false, true), (options.GetProperty("clean").GetBoolean(), options.GetProperty("create").GetBoolean()));
        Assert.Equal(JsonValueKind.Null, options.GetProperty("schema").ValueKind);
        Assert.Equal("sample", options.GetProperty("table").GetString());
        Assert.True(report.GetProperty("success").GetBoolean());
        Assert.Equal("planned", report.GetProperty("status").GetString());
        Assert.Equal(3, report.GetProperty("tables")[0].GetProperty("expected_rows").GetInt64());
    }

    /// <summary>A restore that was done; a second in the same second gets a name of its own.</summary>
    [PostgresFact]
    public void Restored()
    {
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);
        server.Execute("postgres", "DROP DATABASE IF EXISTS restored_report");
        RestoreRequest request = Requests.Restore(server.Connection, backup.Path, "restored_report") with { Create = true };
        using var evidence = new RecordedRun(RunKind.Restore, Configuration(), null);
        RestoreResult result = BackupRestorer.Run(request, static _ => { }, CancellationToken.None);
        evidence.Add(request, result);
        evidence.Add(request, result);
        Finish(evidence);

        string[] reports = Directory.GetFiles(Path.GetDirectoryName(result.ReportPath)!);
        Assert.Equal(2, reports.Length);
        Assert.All(reports, path => Assert.Equal("restored", Read(path, "restore-report.schema.json").GetProperty("status").GetString()));
        JsonElement report = Read(result.ReportPath!, "restore-report.schema.json");
        Assert.All(report.GetProperty("tables").EnumerateArray(), table => Assert.True(table.GetProperty("matches").GetBoolean()));
        Assert.Equal("create", report.GetProperty("mode").GetString());
    }

    /// <summary>Scenario 2.4: the backup is missing.</summary>
    [PostgresFact]
    public void MissingBackup()
    {
        string path = Path.Combine(_folder.Path, "non_existent_backup.dump.gz");
        JsonElement report = FailedRestore(path);
        Assert.Equal(path, report.GetProperty("backup_file").GetString());
        Assert.Equal("BackupNotFound", report.GetProperty("error").GetProperty("id").GetString());
        Assert.Contains("does not exist", report.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        JsonElement verified = FailedVerification(path);
        Assert.Equal((false, false, false, false), Checks(verified));
        Assert.Equal(JsonValueKind.Null, verified.GetProperty("hash").ValueKind);
    }

    /// <summary>Scenario 2.5: a corrupt backup, which begins as the predecessor's did.</summary>
    [PostgresFact]
    public void CorruptBackup()
    {
        string path = Path.Combine(_folder.Path, "corrupt_backup.dump.gz");
        File.WriteAllBytes(path, [0xFF, 0xFE, .. "This is no backup."u8]);
        JsonElement verified = FailedVerification(path);
        Assert.Equal((true, false, false, true), Checks(verified));
        Assert.NotEmpty(verified.GetProperty("remedy").GetString()!);
        Assert.Equal(64, verified.GetProperty("hash").GetString()!.Length);
        JsonElement report = FailedRestore(path);
        Assert.Equal("NotABackup", report.GetProperty("error").GetProperty("id").GetString());
    }

    private JsonElement FailedRestore(string path)
    {
        RestoreRequest request = Requests.Restore(server.Connection, path, "never") with { Create = true, PlanOnly = true };
        using var evidence = new RecordedRun(RunKind.Restore, Configuration(html: true), null);
        evidence.Begin(path);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupRestorer.Run(request, static _ => { }, CancellationToken.None)
        );
        evidence.Fail(path, failure, request);
        Finish(evidence);
        string written = Assert.Single(Directory.GetFiles(Configuration().Reports.RestoreDir, "*.json"));
        JsonElement report = Read(written, "restore-report.schema.json");
        Assert.False(report.GetProperty("success").GetBoolean());
        Assert.Equal("failed", report.GetProperty("status").GetString());
        Assert.Contains("Failed: never", File.ReadAllText(Path.ChangeExtension(written, ".html")), StringComparison.Ordinal);
        return report;
    }

    private JsonElement FailedVerification(string path)
    {
        using var evidence = new RecordedRun(RunKind.Verification, Configuration(), null);
        VerificationResult result = Verify(evidence, path);
        Finish(evidence);
        JsonElement report = Read(result.ReportPath!, "verification-report.schema.json");
        Assert.Equal(
            (1, 0, 1),
            (
                report.GetProperty("total_backups").GetInt32(),
                report.GetProperty("passed").GetInt32(),
                report.GetProperty("failed").GetInt32()
            )
        );
        JsonElement backup = Assert.Single(report.GetProperty("verified_backups").EnumerateArray());
        Assert.Equal("failed", backup.GetProperty("status").GetString());
        Assert.Equal(result.Reason, backup.GetProperty("reason").GetString());
        return backup;
    }

    private static VerificationResult Verify(RecordedRun evidence, string path)
    {
        evidence.Begin(path);
        VerificationResult result = VerifyAssert.Run(path);
        evidence.Add(result);
        return result;
    }

    private static void Finish(RecordedRun evidence) =>
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);

    private static JsonElement Read(string path, string schema)
    {
        JsonElement report = JsonDocument.Parse(File.ReadAllBytes(path)).RootElement;
        Assert.Empty(JsonSchema.Shipped(schema).Check(report));
        return report;
    }

    private static IEnumerable<string> Names(JsonElement value) => value.EnumerateObject().Select(property => property.Name);

    private static (bool File, bool Format, bool Metadata, bool Hash) Checks(JsonElement backup)
    {
        JsonElement checks = backup.GetProperty("checks");
        return (Of("file_integrity"), Of("backup_format"), Of("metadata"), Of("hash_calculation"));

        bool Of(string name) => checks.GetProperty(name).GetBoolean();
    }
}
