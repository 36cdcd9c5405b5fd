using System.IO.Compression;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Backup;

/// <summary>Roles and tablespaces beside the backup.</summary>
[Collection("environment")]
public sealed class GlobalsTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    [PostgresFact]
    public void AreWrittenRecordedAndVerified()
    {
        (BackupInfo info, BackupManifest manifest) = Run("globals", "postgres");
        BackupManifest.GlobalsRecord globals = manifest.Globals!;
        Assert.Equal(Path.GetFileName(info.Path) + ".globals.sql.gz", globals.File);
        Assert.True(globals.Passwords);
        Assert.Contains(info.Warnings, warning => warning.Contains("holds the password hashes", StringComparison.Ordinal));
        string path = Path.Combine(_destination.Path, globals.File);
        Assert.Equal(globals.SizeBytes, new FileInfo(path).Length);
        string sql = Decompress(path);
        Assert.Contains("CREATE ROLE globals_guest", sql, StringComparison.Ordinal);
        // Before 14 servers hash by MD5.
        Assert.Matches("PASSWORD '(SCRAM-SHA-256[$]|md5)", sql);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        Assert.Equal(Verdict.Passed, Verify(info).Verdict);
        Assert.Equal([info.Path], BackupFolder.List(_destination.Path));

        byte[] bytes = File.ReadAllBytes(path);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(path, bytes);
        AssertFailed(Verify(info), "differs from the recorded one");

        File.Delete(path);
        AssertFailed(Verify(info), "does not exist");
    }

    [PostgresFact]
    public void ComeWithoutPasswordsForARoleThatMayNotReadThem()
    {
        (BackupInfo info, BackupManifest manifest) = Run("globals", "globals_guest");
        Assert.False(manifest.Globals!.Passwords);
        Assert.Contains(info.Warnings, warning => warning.Contains("without their passwords", StringComparison.Ordinal));
        string sql = Decompress(Path.Combine(_destination.Path, manifest.Globals.File));
        Assert.Contains("CREATE ROLE globals_guest", sql, StringComparison.Ordinal);
        Assert.DoesNotContain("SCRAM-SHA-256$", sql, StringComparison.Ordinal);
    }

    /// <summary>Trap M24: pg_dumpall takes a database's name only as an argument, where it may look like a connection string.</summary>
    [PostgresFact]
    public void AreReadThroughADatabaseOfAnyName()
    {
        (_, BackupManifest manifest) = Run("dbname=o'dd \\ \"name\"", "postgres");
        Assert.Contains("CREATE ROLE", Decompress(Path.Combine(_destination.Path, manifest.Globals!.File)), StringComparison.Ordinal);
    }

    /// <summary>Without its globals the backup would not be what was ordered, so it is none.</summary>
    [PostgresFact(UnixOnly = true)]
    public void FailureOfTheGlobalsLeavesNothing()
    {
        server.CreateDatabase("globals");
        using var wrapped = new WrappedPgDump("exec \"$PG_DUMP\" \"$@\"", dumpall: "\"$PG_DUMPALL\" \"$@\" | head -c 100; exit 0");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Run("globals", "postgres"));
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        Assert.Contains("did not write to the end", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    private (BackupInfo Info, BackupManifest Manifest) Run(string database, string role)
    {
        server.CreateDatabase(database);
        server.Execute("postgres", "DROP ROLE IF EXISTS globals_guest; CREATE ROLE globals_guest LOGIN PASSWORD 'secret'");
        ConnectionRequest connection = server.Connection with { UserName = role };
        BackupInfo info = BackupWriter.Run(
            Requests.Backup(connection, database, _destination.Path) with
            {
                IncludeGlobals = true,
            },
            _ => { },
            CancellationToken.None
        );
        return (info, BackupManifest.Read(info.ManifestPath));
    }

    private static VerificationResult Verify(BackupInfo info) =>
        BackupVerifier.Run(new VerificationRequest { Path = info.Path }, _ => { }, CancellationToken.None);

    private static void AssertFailed(VerificationResult result, string reason)
    {
        Assert.Equal(Verdict.Failed, result.Verdict);
        CheckResult check = Assert.Single(result.Checks, check => check.Name == "globals");
        Assert.Equal(CheckOutcome.Failed, check.Outcome);
        Assert.Contains(reason, check.Detail, StringComparison.Ordinal);
    }

    private static string Decompress(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return reader.ReadToEnd();
    }
}
