using CryoBackup.Backup;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>Large objects are compared whatever their size, and found one and all where rows are to go into a database that has
/// some.</summary>
[Collection("postgres")]
public sealed class LargeObjectTests(PostgresServer server) : IDisposable
{
    private const string Source = "large_source";
    private const string Target = "large_target";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void OfEverySize()
    {
        server.CreateDatabase(Source);
        server.Execute(
            Source,
            """
            SELECT lo_from_bytea(0, convert_to(repeat(md5(size::text), 40000), 'UTF8')), lo_from_bytea(0, convert_to(left(repeat('ab', size), size), 'UTF8'))
            FROM unnest(ARRAY[0, 1, 2047, 2048, 65535, 65536, 65537, 1048575, 1048576, 1048577, 3000000]) AS size;
            SELECT lo_from_bytea(i, convert_to(i::text, 'UTF8')) FROM generate_series(4000000001, 4000002000) i;
            """
        );
        BackupInfo backup = BackupWriter.Run(Requests.Backup(server.Connection, Source, _folder.Path), _ => { }, CancellationToken.None);
        server.CreateDatabase(Target);
        Assert.Equal(RestoreStatus.Restored, Restore(backup.Path, dataOnly: false).Status);

        server.Execute(Target, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid NOT IN (4000000001, 4000001999)");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Restore(backup.Path, dataOnly: true));
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, failure.Error);
        Assert.Contains("large object 4000000001", failure.Message, StringComparison.Ordinal);
        Assert.Contains("large object 4000001999", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("large object 4000000002", failure.Message, StringComparison.Ordinal);
    }

    private RestoreResult Restore(string path, bool dataOnly) =>
        BackupRestorer.Run(
            Requests.Restore(server.Connection, path, Target) with
            {
                DataOnly = dataOnly,
            },
            _ => { },
            CancellationToken.None
        );
}
