using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Tests.Archive;
using CryoBackup.Verification;

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
        string uncompared = Assert.Single(result.Warnings, warning => warning.StartsWith("Not everything was compared: ", StringComparison.Ordinal));
        Assert.Contains("public.t", uncompared, StringComparison.Ordinal);
        Assert.Equal(50L, server.Scalar("foreign_back", "SELECT count(*) FROM t"));
    }

    /// <summary>Such an archive says nothing of the database's encoding, and a wrong one would change what comes back.</summary>
    [PostgresFact]
    public void DatabaseIsNotMadeWithoutItsDefinition()
    {
        string archive = Path.Combine(_folder.Path, "nameless.dump");
        MakeSample();
        ArchiveImage image = ArchiveImage.Parse(PgDump.ToPipe(server, Database, "-Z0"));
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
        server.Execute(Database, "CREATE TABLE t (n int PRIMARY KEY, word text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 50) n");
    }

    private string Dump(params string[] arguments)
    {
        MakeSample();
        string archive = Path.Combine(_folder.Path, "foreign.dump");
        PgDump.ToFile(server, Database, archive, ["-Z0", .. arguments]);
        return archive;
    }

    private RestoreResult Restore(string archive, string target)
    {
        server.Execute("postgres", $"DROP DATABASE IF EXISTS {target}");
        var request = new RestoreRequest { Connection = server.Connection, Path = archive, TargetDatabase = target, Create = true };
        return BackupRestorer.Run(request, static _ => { }, CancellationToken.None);
    }

    /// <summary>Into a file that is appended to, pg_dump writes its table of contents a second time, where it meant to correct the first.</summary>
    [PostgresFact(UnixOnly = true)]
    public void AnArchiveThatWasAppendedToAFile()
    {
        server.Drop("appended");
        server.CreateDatabase("appended");
        server.Execute("appended", "CREATE TABLE t AS SELECT generate_series(1, 7) AS a; CREATE INDEX ON t (a)");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "appended.dump");
        using (var environment = new LibpqEnvironment(server.Endpoint.WithDatabase("appended"), "CryoBackup tests"))
        {
            ClientTool tool = ClientTools.Find("pg_dump", server.Cluster.Major, CancellationToken.None);
            var command = new ToolCommand("/bin/sh", "-c", $"'{tool.Path}' -Fc -w >> '{file}'") { Environment = environment.Variables };
            Assert.Equal(0, ToolProcess.Run(command, CancellationToken.None).ExitCode);
        }

        VerificationResult proven = BackupVerifier.Run(new VerificationRequest { Path = file }, static _ => { }, CancellationToken.None);
        Assert.Contains(proven.Checks, check => check.Name == "backup_format" && check.Detail.Contains("a second time at its end", StringComparison.Ordinal));
        foreach (int jobs in (int[])[1, 2])
        {
            server.Drop("appended_new");
            Assert.Equal(RestoreStatus.Restored, server.Restore(file, "appended_new", request => (request.Create, request.Jobs) = (true, jobs)).Status);
            Assert.Equal(7L, server.Scalar("appended_new", "SELECT count(*) FROM public.t"));
        }

        // Anything else behind the data is damage.
        File.AppendAllText(file, "x");
        Assert.Equal(CryoBackupError.ArchiveCorrupt, server.Fail(file, "appended_other", request => request.Create = true).Error);
        server.Drop("appended_new");
        server.Drop("appended");
    }
}
