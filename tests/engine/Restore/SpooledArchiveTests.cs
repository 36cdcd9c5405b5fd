using CryoBackup.Archive;
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
        ArchiveContent piped = ArchiveReader.Read(new MemoryStream(archive), spool.Input, null, CancellationToken.None);
        Assert.All(piped.Entries, entry => Assert.Null(entry.DataOffset));
        spool.Locate(piped);

        // The reader finds each block at the place that is told, or calls the archive damaged.
        using FileStream file = File.Open(spool.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        ArchiveContent located = ArchiveReader.Read(file, null, null, CancellationToken.None);
        Assert.Contains(located.Entries, entry => entry.HasData);
        Assert.All(located.Entries, entry => Assert.Equal(entry.HasData, entry.DataOffset is not null));
        Assert.Empty(located.Unlocated);
        Assert.Equal(piped.Tables.Select(table => table.Fingerprint!.Text), located.Tables.Select(table => table.Fingerprint!.Text));
        Assert.Equal(archive.Length, located.Length);
    }
}
