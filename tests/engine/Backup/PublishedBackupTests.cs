using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Backup;

/// <summary>What follows a published backup can neither delete it nor turn it into a failure.</summary>
[Collection("postgres")]
public sealed class PublishedBackupTests(PostgresServer server) : IDisposable
{
    private const string Database = "published";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EachStepMayFail()
    {
        var info = new BackupInfo { Warnings = ["before"] };
        var told = new List<EngineMessage>();
        var published = new PublishedBackup(info, told.Add);
        published.Follow("First", _ => throw new CryoBackupException(CryoBackupError.DiskFull, "It is full."));
        published.Follow("Second", _ => throw new OperationCanceledException("It was stopped."));
        published.Follow("Third", tell => tell(new WarningMessage("It is odd.")));
        published.Follow("Fourth", _ => info.Removed = [.. new string[] { null! }.Select(path => path.Trim())]);
        string[] expected = ["before", "First: It is full.", "Second: It was stopped.", "It is odd."];
        Assert.Equal(expected, info.Warnings.Take(4));
        Assert.StartsWith("Fourth: ", info.Warnings[4], StringComparison.Ordinal);
        Assert.Equal(info.Warnings.Skip(1), told.Cast<WarningMessage>().Select(warning => warning.Text));
    }

    /// <summary>From the moment of publication on, nobody who listens can end it.</summary>
    [PostgresFact]
    public void StandsThoughWhoeverListensFails()
    {
        using var stop = new CancellationTokenSource();
        BackupInfo info = BackupWriter.Run(
            Request() with
            {
                Retention = new() { KeepLast = 1 },
            },
            message =>
            {
                if (message is VerboseMessage { Text: var text } && text.StartsWith("Published", StringComparison.Ordinal))
                {
                    stop.Cancel();
                    throw new InvalidOperationException("Nobody listens.");
                }
            },
            stop.Token
        );
        AssertStands(info);
    }

    /// <summary>Log, metrics and notifications, each where it cannot be.</summary>
    [PostgresFact]
    public void StandsThoughNobodyCanBeTold()
    {
        string file = _folder.Write("a file", "");
        var configuration = new BackupConfiguration
        {
            LogFile = Path.Combine(file, "x.log"),
            MetricsFile = Path.Combine(file, "x.prom"),
            Notifications = new()
            {
                Webhook = new()
                {
                    Enabled = true,
                    Url = "http://127.0.0.1:1/",
                    Timeout = TimeSpan.FromSeconds(5),
                },
            },
        };
        using var run = new RecordedRun(RunKind.Backup, configuration, null);
        BackupInfo info = run.Run(Request(), static _ => { }, CancellationToken.None);
        run.Finish(static _ => { }, CancellationToken.None);
        AssertStands(info);
        foreach (string what in (string[])["log", "metrics", "notification"])
        {
            Assert.Contains(info.Warnings, warning => warning.Contains(what, StringComparison.OrdinalIgnoreCase));
        }
    }

    private BackupRequest Request()
    {
        server.CreateDatabase(Database);
        server.Execute(Database, "CREATE TABLE t AS SELECT 1 AS a");
        return Requests.Backup(server.Connection, Database, Path.Combine(_folder.Path, "backups"));
    }

    private static void AssertStands(BackupInfo info)
    {
        Assert.True(File.Exists(info.ManifestPath));
        Assert.Equal(
            Verdict.Passed,
            BackupVerifier.Run(new VerificationRequest { Path = info.Path }, static _ => { }, CancellationToken.None).Verdict
        );
    }
}
