using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>A folder is fresh only by a backup that is proven and young.</summary>
[Collection("postgres")]
public sealed class FreshnessTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void FourHundredFailedRunsDoNotHideThatTheLastGoodBackupIsOld()
    {
        server.CreateDatabase("fresh");
        string good = MadeAt(New("fresh"), DateTime.UtcNow.AddDays(-17));
        for (int run = 0; run < 400; run++)
        {
            // A run of a database that is not there fails before it writes; what died in the middle leaves an unfinished file.
            _folder.Write(
                BackupFileName.Create("fresh", DateTime.UtcNow.AddHours(-run), CompressionKind.Gzip) + BackupFileName.PartialSuffix,
                "unfinished"
            );
        }

        VerificationResult result = Assert.Single(Check(TimeSpan.FromHours(26)));
        Assert.Equal((Verdict.Failed, "fresh", good), (result.Verdict, result.Database, result.Path));
        Assert.Contains(
            DateTime.UtcNow.AddDays(-17).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            result.Reason,
            StringComparison.Ordinal
        );
        Assert.Contains("17d ago; at most 1d 2h is allowed", result.Reason, StringComparison.Ordinal);
        Assert.Equal(Verdict.Passed, Assert.Single(Check(TimeSpan.FromDays(18))).Verdict);
    }

    [PostgresFact]
    public void YoungBackupThatIsDamagedDoesNotCount()
    {
        server.CreateDatabase("fresh");
        server.CreateDatabase("fresh_other");
        MadeAt(New("fresh"), DateTime.UtcNow.AddDays(-5));
        string young = New("fresh").Path;
        Assert.Equal(Verdict.Passed, Assert.Single(Check(TimeSpan.FromHours(1))).Verdict);
        using (FileStream file = File.OpenWrite(young))
        {
            file.WriteByte(0);
        }

        New("fresh_other");
        IReadOnlyList<VerificationResult> results = Check(TimeSpan.FromHours(1));
        Assert.Equal([Verdict.Failed, Verdict.Passed], results.Select(result => result.Verdict));
        Assert.Contains("1 newer one is not proven", results[0].Reason, StringComparison.Ordinal);
        Assert.Equal(
            ["fresh", "fresh_other", "never", "no*"],
            Check(TimeSpan.FromHours(1), "no*", "never", "fresh*", "fresh").Select(result => result.Database)
        );
        Assert.Contains(
            "holds no backup of 'never'",
            Assert.Single(Check(TimeSpan.FromHours(1), "never")).Reason,
            StringComparison.Ordinal
        );
    }

    /// <summary>The clock of the host that made it was wrong: a backup of next year must not keep the switch silent until then.</summary>
    [PostgresFact]
    public void BackupOfTheFutureIsNotFresh()
    {
        server.CreateDatabase("fresh");
        MadeAt(New("fresh"), DateTime.UtcNow.AddDays(300));
        VerificationResult result = Assert.Single(Check(TimeSpan.FromHours(26)));
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("None of the 1 backups of 'fresh'", result.Reason, StringComparison.Ordinal);
    }

    /// <summary>Two clocks are never quite the same: a little ahead is fresh, more is not.</summary>
    [PostgresTheory]
    [InlineData(2, Verdict.Passed)]
    [InlineData(7, Verdict.Failed)]
    public void BackupALittleAheadOfOurClockIsFresh(int minutes, Verdict expected)
    {
        server.CreateDatabase("fresh");
        MadeAt(New("fresh"), DateTime.UtcNow.AddMinutes(minutes));
        Assert.Equal(expected, Assert.Single(Check(TimeSpan.FromHours(26))).Verdict);
    }

    /// <summary>A backup of a selection is marked in name and manifest, and makes no database fresh.</summary>
    [PostgresFact]
    public void BackupOfASelectionIsNotFresh()
    {
        server.CreateDatabase("fresh");
        server.Execute("fresh", "CREATE TABLE log (line text); CREATE TABLE t (a int)");
        BackupInfo partial = BackupWriter.Run(
            Requests.Backup(server.Connection, "fresh", _folder.Path) with
            {
                ExcludeTableData = ["log"],
            },
            _ => { },
            CancellationToken.None
        );
        Assert.True(partial.Partial);
        Assert.EndsWith("_partial.dump.gz", partial.Path, StringComparison.Ordinal);
        Assert.Equal(
            ("fresh", "partial"),
            (BackupFileName.TryRead(Path.GetFileName(partial.Path))?.Database, BackupManifest.Read(partial.ManifestPath).BackupType)
        );
        Assert.Equal(Verdict.Passed, BackupVerifier.Run(new VerificationRequest { Path = partial.Path }, _ => { }, default).Verdict);

        var messages = new List<EngineMessage>();
        VerificationTask task = Assert.Single(
            Freshness.Tasks(new VerificationRequest { MaxAge = TimeSpan.FromHours(1) }, _folder.Path, [], messages.Add, default)
        );
        VerificationResult result = task.Run(_ => { }, default);
        Assert.Equal((Verdict.Failed, "fresh"), (result.Verdict, result.Database));
        Assert.Contains(
            "holds only a selection of 'fresh'",
            Assert.IsType<WarningMessage>(Assert.Single(messages)).Text,
            StringComparison.Ordinal
        );
        New("fresh");
        Assert.Equal(Verdict.Passed, Assert.Single(Check(TimeSpan.FromHours(1))).Verdict);
    }

    /// <summary>What is too old is not rehearsed: it decides nothing any more.</summary>
    [PostgresFact]
    public void OldBackupIsNotWorthARehearsal()
    {
        server.CreateDatabase("fresh");
        MadeAt(New("fresh"), DateTime.UtcNow.AddDays(-5));
        var how = new VerificationRequest
        {
            Level = VerificationLevel.Restore,
            MaxAge = TimeSpan.FromHours(1),
            ServerPath = _folder.Path,
        };
        VerificationResult result = Assert
            .Single(Freshness.Tasks(how, _folder.Path, [], static _ => { }, default))
            .Run(static _ => { }, default);
        Assert.Equal((Verdict.Failed, VerificationLevel.Content), (result.Verdict, result.Level));
        Assert.Contains("5d ago", result.Reason, StringComparison.Ordinal);
    }

    /// <summary>The report, the metrics and the log of a run tell of each database.</summary>
    [PostgresFact]
    public void IsOnRecord()
    {
        server.CreateDatabase("fresh");
        New("fresh");
        var configuration = new BackupConfiguration
        {
            LogFile = Path.Combine(_folder.Path, "x.log"),
            MetricsFile = Path.Combine(_folder.Path, "x.prom"),
            Reports = new() { VerificationDir = Path.Combine(_folder.Path, "reports"), Html = true },
        };
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        var how = new VerificationRequest { MaxAge = TimeSpan.FromHours(1) };
        VerificationResult[] results =
        [
            .. Freshness
                .Tasks(how, _folder.Path, ["fresh", "never"], static _ => { }, default)
                .Select(task => evidence.Run(task, static _ => { }, default)),
        ];
        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), default);
        Assert.Equal([Verdict.Passed, Verdict.Failed], results.Select(result => result.Verdict));
        string report = File.ReadAllText(results[0].ReportPath!);
        Assert.Contains("\"passed\": 1", report, StringComparison.Ordinal);
        Assert.Contains("holds no backup of 'never'", report, StringComparison.Ordinal);
        string log = File.ReadAllText(configuration.LogFile);
        Assert.Contains($"Looking for a proven backup of never in: {_folder.Path}", log, StringComparison.Ordinal);
        Assert.Contains("ERROR - Backup age check failed", log, StringComparison.Ordinal);
        Assert.Contains(
            "cryobackup_last_verification_verdict{database=\"never\",verdict=\"failed\"} 1",
            File.ReadAllText(configuration.MetricsFile),
            StringComparison.Ordinal
        );
        Assert.Contains(
            "holds no backup of &#39;never&#39;",
            File.ReadAllText(Path.ChangeExtension(results[0].ReportPath!, ".html")),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void EmptyFolderFails()
    {
        VerificationResult result = Assert.Single(Check(TimeSpan.FromHours(1)));
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("no backup at all", result.Reason, StringComparison.Ordinal);
    }

    private IReadOnlyList<VerificationResult> Check(TimeSpan maxAge, params string[] databases) =>
        [
            .. Freshness
                .Tasks(
                    new VerificationRequest { Level = VerificationLevel.Hash, MaxAge = maxAge },
                    _folder.Path,
                    databases,
                    static _ => { },
                    CancellationToken.None
                )
                .Select(task => task.Run(static _ => { }, CancellationToken.None)),
        ];

    private BackupInfo New(string database) =>
        BackupWriter.Run(Requests.Backup(server.Connection, database, _folder.Path), _ => { }, CancellationToken.None);

    private static string MadeAt(BackupInfo backup, DateTime start)
    {
        string path = Path.Combine(
            Path.GetDirectoryName(backup.Path)!,
            BackupFileName.Create(backup.Database, start, CompressionKind.Gzip)
        );
        BackupManifest manifest = BackupManifest.Read(backup.ManifestPath) with
        {
            BackupFile = Path.GetFileName(path),
            Timestamp = start.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture),
        };
        File.Move(backup.Path, path);
        File.Delete(backup.ManifestPath);
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, manifest.Serialize());
        return path;
    }
}
