using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Reports;
using CryoBackup.Runs;
using CryoBackup.Tests.Inspection;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Notifications;

/// <summary>What goes wrong in telling of a run never changes the run; and no secret is told.</summary>
[Collection("postgres")]
public sealed class RecordedRunTests(PostgresServer server) : IDisposable
{
    private const string Canary = "canary-";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A mail server and two web servers hang, one refuses, one is not there: the run ends while they still hang,
    /// and the backup is good.</summary>
    [PostgresFact]
    public async Task HangingAndFailingChannelsLeaveTheBackupGood()
    {
        await using var mail = new MailServer { Hangs = true };
        await using var web = new WebServer();
        web.Answer = (request, _) => $"400 no\r\n\r\nI got {request.Path} {string.Join(' ', request.Headers.Values)}";
        var limit = TimeSpan.FromMilliseconds(700);
        BackupConfiguration configuration = new()
        {
            Notifications = new()
            {
                Email = new()
                {
                    From = "a@example.com",
                    To = ["b@example.com"],
                    SmtpServer = "127.0.0.1",
                    SmtpPort = mail.Port,
                    SmtpPassword = Canary + "mail-password",
                    SmtpUsername = "robot",
                    Timeout = limit,
                },
                Slack = new() { WebhookUrl = web.Url("/hang/canary-slack-token"), Timeout = limit },
                Teams = new() { WebhookUrl = web.Url("/refuse/canary-teams-token"), Timeout = TimeSpan.FromMinutes(1) },
                Webhook = new()
                {
                    Url = "http://127.0.0.1:1/canary-hook-token",
                    Secret = Canary + "hook-key",
                    Timeout = limit,
                },
                Healthchecks = new() { Url = web.Url("/hang/canary-ping-token"), Timeout = limit },
            },
            LogFile = Path.Combine(_folder.Path, "logs", "cryobackup.log"),
            MetricsFile = Path.Combine(_folder.Path, "metrics", "cryobackup.prom"),
            Reports = new() { VerificationDir = Path.Combine(_folder.Path, "reports"), Html = true },
        };
        var messages = new List<EngineMessage>();
        BackupInfo backup = SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        VerificationResult result = evidence.Run(VerificationTask.Of(new() { Path = backup.Path }), messages.Add, CancellationToken.None);
        evidence.Finish(messages.Add, CancellationToken.None);

        Assert.True(mail.StillHangs && web.StillHangs, "The run waited for the servers.");
        Assert.True(result.IsValid);
        Assert.True(VerifyAssert.Run(backup.Path).IsValid);
        Assert.Equal(6, result.Warnings.Length);
        Assert.Equal(result.Warnings, messages.OfType<WarningMessage>().Select(message => message.Text));
        Assert.Contains("The notification by email failed: no answer within 0.7s", result.Warnings);
        Assert.Contains("The notification by slack failed: no answer within 0.7s", result.Warnings);
        Assert.Contains(
            result.Warnings,
            warning => warning == "The notification by teams failed: the server answered 400 (it did not understand)"
        );
        Assert.Contains(result.Warnings, warning => warning.StartsWith("The notification by webhook failed: ", StringComparison.Ordinal));
        Assert.Contains(
            result.Warnings,
            warning =>
                warning.StartsWith("The notification of the beginning by healthchecks failed: no answer within", StringComparison.Ordinal)
        );

        string[] files = [.. Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)];
        Assert.Contains(files, file => file.EndsWith(".log", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith(".prom", StringComparison.Ordinal));
        Assert.Contains(files, file => file.EndsWith(".html", StringComparison.Ordinal));
        Assert.All(
            files,
            file => Assert.DoesNotContain(Canary, Encoding.UTF8.GetString(File.ReadAllBytes(file)), StringComparison.Ordinal)
        );
        Assert.All(messages, message => Assert.DoesNotContain(Canary, message.ToString(), StringComparison.Ordinal));
        Assert.DoesNotContain(Canary, string.Join('\n', result.Warnings), StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, configuration.ToString() + configuration.Notifications.Email, StringComparison.Ordinal);
    }

    /// <summary>The one failure of a run of several is told, and the good backup of it stays good.</summary>
    [PostgresFact]
    public async Task FailureOfOneOfTwo()
    {
        await using var web = new WebServer();
        var configuration = new BackupConfiguration { Notifications = new() { Webhook = new() { Url = web.Url("/hook") } } };
        server.CreateDatabase("evident");
        using var evidence = new RecordedRun(RunKind.Backup, configuration, null);
        BackupInfo backup = evidence.Run(Request("evident"), static _ => { }, CancellationToken.None);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            evidence.Run(Request("no such database"), static _ => { }, CancellationToken.None)
        );
        evidence.Fail("no such database", failure);
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);
        string body = Assert.Single(web.Requests).Text;
        Assert.Contains("\"summary\":\"Backup failed for 1 of 2 databases\"", body, StringComparison.Ordinal);
        Assert.Contains("\"id\":\"DatabaseNotFound\"", body, StringComparison.Ordinal);
        Assert.Empty(backup.Warnings);
    }

    /// <summary>A fleet, three at once, of which one fails: the report has every item with its own times,
    /// in the order in which they began.</summary>
    [Fact]
    public void SeveralAtOnceLoseNoItem()
    {
        string[] paths =
        [
            .. Enumerable.Range(0, 200).Select(number => Path.Combine(_folder.Path, $"app{number:000}_20260131_120000_full.dump")),
        ];
        var configuration = new BackupConfiguration
        {
            Reports = new() { VerificationDir = Path.Combine(_folder.Path, "reports") },
            LogFile = Path.Combine(_folder.Path, "fleet.log"),
        };
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        var results = new ConcurrentDictionary<string, VerificationResult>(StringComparer.Ordinal);
        var failures = new ConcurrentBag<CryoBackupException>();
        Parallel.For(
            0,
            paths.Length,
            new ParallelOptions { MaxDegreeOfParallelism = 3 },
            i =>
            {
                // No verdict, but an error: a restore's wish at a level that restores nothing.
                var request = new VerificationRequest
                {
                    Path = paths[i],
                    Level = VerificationLevel.Hash,
                    Keep = i == 100,
                };
                try
                {
                    results[paths[i]] = evidence.Run(VerificationTask.Of(request), static _ => { }, CancellationToken.None);
                }
                catch (CryoBackupException exception)
                {
                    failures.Add(exception);
                    evidence.Fail(paths[i], exception);
                }
            }
        );
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);

        Assert.Equal(CryoBackupError.ConfigurationInvalid, Assert.Single(failures).Error);
        JsonElement report = JsonDocument
            .Parse(File.ReadAllBytes(Assert.Single(Directory.GetFiles(configuration.Reports.VerificationDir))))
            .RootElement;
        JsonElement[] items = [.. report.GetProperty("verified_backups").EnumerateArray()];
        Assert.Equal(paths, items.Select(item => item.GetProperty("path").GetString()).Order(StringComparer.Ordinal));
        DateTime[] begun = [.. items.Select(item => item.GetProperty("started_at").GetDateTime())];
        Assert.Equal(begun.Order(), begun);
        Assert.All(
            items,
            item =>
            {
                string path = item.GetProperty("path").GetString()!;
                bool failed = path == paths[100];
                Assert.Equal(failed, item.GetProperty("error").ValueKind != JsonValueKind.Null);
                if (!failed)
                {
                    Assert.Equal(ReportJson.Time(results[path].Start), item.GetProperty("started_at").GetString());
                    Assert.Equal(
                        ReportJson.Seconds(results[path].End - results[path].Start),
                        item.GetProperty("duration_seconds").GetDouble()
                    );
                }
            }
        );
        Assert.Equal(
            200,
            File.ReadLines(configuration.LogFile).Count(line => line.Contains("Verifying backup: ", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task StoppedRunIsAFailure()
    {
        await using var web = new WebServer();
        var configuration = new BackupConfiguration
        {
            Notifications = new()
            {
                Healthchecks = new() { Url = web.Url("/ping"), Start = false },
            },
        };
        using var evidence = new RecordedRun(RunKind.Backup, configuration, null);
        evidence.Begin("app", "/backups");
        evidence.Fail("app", new OperationCanceledException());
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);
        WebServer.Request request = Assert.Single(web.Requests);
        Assert.Equal("/ping/fail", request.Path);
        Assert.StartsWith("Backup of app failed\nBackup failed: It was stopped before its end.\n", request.Text, StringComparison.Ordinal);
    }

    private BackupRequest Request(string database) =>
        new()
        {
            Connection = server.Connection,
            Database = database,
            Folder = _folder.Path,
        };
}
