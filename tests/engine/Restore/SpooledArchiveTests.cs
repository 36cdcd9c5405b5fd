using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>The archive in clear that several sessions of pg_restore read: written as the backup is proven,
/// and with the places of its blocks.</summary>
[Collection("postgres")]
public sealed class SpooledArchiveTests(PostgresServer server)
{
    [PostgresFact]
    public void TellsWhereEachBlockLies()
    {
        byte[] archive = Zoo.Dump(server, "-Z0");
        using var spool = new SpooledArchive();
        ArchiveContent piped = ArchiveReader.Read(new MemoryStream(archive), spool.OptionalInput, null, CancellationToken.None);
        Assert.All(piped.Entries, entry => Assert.Null(entry.DataOffset));
        spool.Locate(piped);
        Assert.Null(spool.Failure);

        // The reader finds each block at the place that is told, or calls the archive damaged.
        using FileStream file = File.Open(spool.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        ArchiveContent located = ArchiveReader.Read(file, null, null, CancellationToken.None);
        Assert.Contains(located.Entries, entry => entry.HasData);
        Assert.All(located.Entries, entry => Assert.Equal(entry.HasData, entry.DataOffset is not null));
        Assert.Empty(located.Unlocated);
        Assert.Equal(piped.Tables.Select(table => table.Fingerprint!.Text), located.Tables.Select(table => table.Fingerprint!.Text));
        Assert.Equal(archive.Length, located.Length);
    }

    [PostgresFact]
    public void IsWrittenBeforeTheServerIsTouchedAndOnlyOnce()
    {
        server.CreateDatabase("spooled");
        server.Execute("spooled", "CREATE TABLE t AS SELECT n FROM generate_series(1, 10) n; CREATE INDEX ON t (n)");
        using var folder = new TemporaryFolder();
        string backup = BackupWriter
            .Run(Requests.Backup(server.Connection, "spooled", folder.Path), static _ => { }, CancellationToken.None)
            .Path;
        server.Execute("postgres", "DROP DATABASE IF EXISTS spooled_target");
        var messages = new List<string>();
        RestoreRequest request = Requests.Restore(server.Connection, backup, "spooled_target") with { Create = true, Jobs = 2 };
        void Note(EngineMessage message)
        {
            if (message is VerboseMessage { Text: { } text })
            {
                messages.Add(text);
            }
        }

        Assert.Equal(RestoreStatus.Restored, BackupRestorer.Run(request, Note, CancellationToken.None).Status);
        int spooling = messages.FindIndex(text => text.StartsWith("Spooling", StringComparison.Ordinal));
        Assert.InRange(spooling, 0, messages.FindIndex(text => text.StartsWith("content: Passed", StringComparison.Ordinal)));
        Assert.Equal(spooling, messages.FindLastIndex(text => text.StartsWith("Spooling", StringComparison.Ordinal)));

        // What would be done needs no file.
        messages.Clear();
        request = request with { TargetDatabase = "spooled_never", PlanOnly = true };
        Assert.Equal(RestoreStatus.Planned, BackupRestorer.Run(request, Note, CancellationToken.None).Status);
        Assert.DoesNotContain(messages, text => text.StartsWith("Spooling", StringComparison.Ordinal));
    }

    [PostgresFact]
    public void NothingDamagedIsKept()
    {
        server.CreateDatabase("spooled");
        server.Execute("spooled", "CREATE TABLE t AS SELECT n FROM generate_series(1, 10) n");
        using var folder = new TemporaryFolder();
        string backup = BackupWriter
            .Run(Requests.Backup(server.Connection, "spooled", folder.Path), static _ => { }, CancellationToken.None)
            .Path;
        byte[] bytes = File.ReadAllBytes(backup);
        bytes[^20] ^= 1;
        File.WriteAllBytes(backup, bytes);
        string? place = null;
        RestoreRequest request = Requests.Restore(server.Connection, backup, "spooled_never") with { Create = true, Jobs = 2 };
        CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
            BackupRestorer.Run(
                request,
                message =>
                    place =
                        message is VerboseMessage { Text: { } text } && text.StartsWith("Spooling", StringComparison.Ordinal)
                            ? text.Split('\'')[1]
                            : place,
                CancellationToken.None
            )
        );
        Assert.Equal(CryoBackupError.HashMismatch, e.Error);
        Assert.NotNull(place);
        Assert.False(Path.Exists(place));
        Assert.Equal(
            0L,
            server.Scalar(
                "postgres",
                "SELECT count(*) FROM pg_database WHERE datname LIKE 'spooled_never%' OR datname LIKE 'cryobackup_restore%'"
            )
        );
    }
}
