using System.Globalization;
using CryoBackup.Streams;

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
            _folder.Write(BackupFileName.Create("fresh", DateTime.UtcNow.AddHours(-run), CompressionKind.Gzip) + BackupFileName.PartialSuffix, "unfinished");
        }

        VerificationResult result = Assert.Single(Check(TimeSpan.FromHours(26)));
        Assert.Equal((Verdict.Failed, "fresh", good), (result.Verdict, result.Database, result.Path));
        Assert.Contains(DateTime.UtcNow.AddDays(-17).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), result.Reason, StringComparison.Ordinal);
        Assert.Contains("17 days ago; at most 26 hours are allowed", result.Reason, StringComparison.Ordinal);
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
        Assert.Contains("holds no backup of 'never'", Assert.Single(Check(TimeSpan.FromHours(1), "never")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void EmptyFolderFails()
    {
        VerificationResult result = Assert.Single(Check(TimeSpan.FromHours(1)));
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("no backup at all", result.Reason, StringComparison.Ordinal);
    }

    private IReadOnlyList<VerificationResult> Check(TimeSpan maxAge, params string[] databases)
        => Freshness.Check(_folder.Path, databases, maxAge, new VerificationRequest { Level = VerificationLevel.Hash }, _ => { }, CancellationToken.None);

    private BackupInfo New(string database)
        => BackupWriter.Run(new BackupRequest { Connection = server.Connection, Database = database, Folder = _folder.Path }, _ => { }, CancellationToken.None);

    private static string MadeAt(BackupInfo backup, DateTime start)
    {
        string path = Path.Combine(Path.GetDirectoryName(backup.Path)!, BackupFileName.Create(backup.Database, start, CompressionKind.Gzip));
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
