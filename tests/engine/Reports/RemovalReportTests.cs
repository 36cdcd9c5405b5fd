using System.Text.Json;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Tests.Kept;

namespace CryoBackup.Tests.Reports;

/// <summary>Each removal and each hold is in report, page, log, metrics and notification.</summary>
[Trait("Runs", "Once")]
public sealed class RemovalReportTests : IDisposable
{
    private readonly Folder _folder = new();
    private readonly TemporaryFolder _evidence = new();

    public void Dispose()
    {
        _folder.Dispose();
        _evidence.Dispose();
    }

    [Fact]
    public void EachBackupIsThereWithWhatBecameOfItAndWhy()
    {
        string[] all = [.. Enumerable.Range(1, 5).Select(day => _folder.Add(day))];
        BackupHold.Put(new HoldRequest { Path = all[1], Reason = "<b>audit</b>" }, _folder.Said.Add, default);
        _folder.Add(5, manifest => manifest with { RowsCounted = false }, database: "other");
        Run(
            RunKind.Removal,
            evidence =>
                evidence.Run(
                    new RemovalRequest
                    {
                        Folder = _folder.Path,
                        Rules = new RetentionRules { KeepLast = 2 },
                        Now = Folder.Now,
                    },
                    null,
                    _folder.Said.Add,
                    default
                )
        );

        JsonElement report = Read("removal_*.json");
        Assert.Equal(
            ("removal", true, 2, 8L, 0, 4),
            (
                report.GetProperty("verb").GetString(),
                report.GetProperty("success").GetBoolean(),
                report.GetProperty("removed").GetInt32(),
                report.GetProperty("removed_bytes").GetInt64(),
                report.GetProperty("blocked").GetInt32(),
                report.GetProperty("kept").GetInt32()
            )
        );
        JsonElement[] backups = [.. report.GetProperty("backups").EnumerateArray()];
        Assert.Equal(6, backups.Length);
        JsonElement held = backups.Single(backup => backup.GetProperty("path").GetString() == all[1]);
        Assert.Equal("keep", held.GetProperty("action").GetString());
        Assert.Contains("held: <b>audit</b>", held.GetProperty("reasons").EnumerateArray().Select(reason => reason.GetString()));
        Assert.True(backups.Single(backup => backup.GetProperty("database").GetString() == "other").GetProperty("frozen").GetBoolean());

        string page = File.ReadAllText(Assert.Single(Directory.GetFiles(Reports, "*.html")));
        Assert.Contains("2 of 6 backups removed", page, StringComparison.Ordinal);
        Assert.Contains("held: &lt;b&gt;audit&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>audit", page, StringComparison.Ordinal);
        string metrics = File.ReadAllText(Path.Combine(_evidence.Path, "x.prom"));
        Assert.Contains("cryobackup_last_removal_held{database=\"app\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("cryobackup_last_removal_held{database=\"other\"} 0\n", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public void AHoldIsThereAndWhatCouldNotBeHeld()
    {
        string path = _folder.Add(1);
        string absent = Path.Combine(_folder.Path, "absent.dump");
        Run(
            RunKind.Hold,
            evidence =>
            {
                evidence.Run(new HoldRequest { Path = path, Reason = "audit" }, isPut: true, _folder.Said.Add, default);
                Assert.Throws<CryoBackupException>(() =>
                    evidence.Run(new HoldRequest { Path = absent }, isPut: true, _folder.Said.Add, default)
                );
                evidence.Run(new HoldRequest { Path = path }, isPut: false, _folder.Said.Add, default);
            }
        );

        JsonElement report = Read("hold_*.json");
        Assert.Equal(
            ["held", "released"],
            report.GetProperty("backups").EnumerateArray().Select(backup => backup.GetProperty("action").GetString()!)
        );
        Assert.Equal("BackupNotFound", Assert.Single(report.GetProperty("errors").EnumerateArray()).GetProperty("id").GetString());
        Assert.False(report.GetProperty("success").GetBoolean());
        Assert.Contains(
            "Failed: holds of 2 backups",
            File.ReadAllText(Directory.GetFiles(Reports, "*.html").Single()),
            StringComparison.Ordinal
        );
        string log = File.ReadAllText(Path.Combine(_evidence.Path, "x.log"));
        Assert.Contains($"Backup held: audit: {path}", log, StringComparison.Ordinal);
        Assert.Contains($"Backup let go of: {path}", log, StringComparison.Ordinal);
        Assert.Contains("Hold of backups failed: ", log, StringComparison.Ordinal);
    }

    private string Reports => Path.Combine(_evidence.Path, "reports");

    private void Run(RunKind kind, Action<RecordedRun> work)
    {
        var configuration = new BackupConfiguration
        {
            LogFile = Path.Combine(_evidence.Path, "x.log"),
            MetricsFile = Path.Combine(_evidence.Path, "x.prom"),
            Reports = new ReportSettings { RemovalDir = Reports, Html = true },
        };
        using var evidence = new RecordedRun(kind, configuration, null);
        work(evidence);
        evidence.Finish(_folder.Said.Add, default);
    }

    private JsonElement Read(string name)
    {
        JsonElement report = JsonDocument.Parse(File.ReadAllText(Directory.GetFiles(Reports, name).Single())).RootElement;
        JsonSchema.Shipped("removal-report.schema.json").Check(report);
        return report;
    }
}
