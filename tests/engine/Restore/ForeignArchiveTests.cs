using CryoBackup.Restore;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>Archives of stock pg_dump are restored for what they hold; what could not be compared is said.</summary>
[Collection("postgres")]
[Trait("Runs", "Once")]
public sealed class ForeignArchiveTests(PostgresServer server) : IDisposable
{
    private const string Database = "foreign_archive";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void RowsAsStatementsComeBackUncompared()
    {
        RestoreResult result = Restore(Dump("--inserts"), "foreign_back");
        Assert.Equal(RestoreStatus.Restored, result.Status);
        string uncompared = Assert.Single(
            result.Warnings,
            warning => warning.StartsWith("Not everything was compared: ", StringComparison.Ordinal)
        );
        Assert.Contains("public.t", uncompared, StringComparison.Ordinal);
        Assert.Equal(50L, server.Scalar("foreign_back", "SELECT count(*) FROM t"));
    }

    /// <summary>Such an archive says nothing of the database's encoding, and a wrong one would change what comes back.</summary>
    [PostgresFact]
    public void DatabaseIsNotMadeWithoutItsDefinition()
    {
        string archive = Path.Combine(_folder.Path, "nameless.dump");
        MakeSample();
        var image = ArchiveImage.Parse(StockDump.ToPipe(server, Database, "-Z0"));
        image.Entries.RemoveAll(entry => entry.KindText == "DATABASE");
        File.WriteAllBytes(archive, image.ToBytes());
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => Restore(archive, "foreign_nameless"));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, error.Error);
        Assert.Contains("without -Create", error.Remedy, StringComparison.Ordinal);
        Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'foreign_nameless'"));
    }

    private void MakeSample()
    {
        server.CreateDatabase(Database);
        server.Execute(
            Database,
            "CREATE TABLE t (n int PRIMARY KEY, word text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 50) n"
        );
    }

    private string Dump(params string[] arguments)
    {
        MakeSample();
        string archive = Path.Combine(_folder.Path, "foreign.dump");
        StockDump.ToFile(server, Database, archive, ["-Z0", .. arguments]);
        return archive;
    }

    private RestoreResult Restore(string archive, string target)
    {
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {target}");
        RestoreRequest request = Requests.Restore(server.Connection, archive, target) with { Create = true };
        return BackupRestorer.Run(request, static _ => { }, CancellationToken.None);
    }
}
