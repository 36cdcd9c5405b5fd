using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Security;

/// <summary>
/// Behind a pooler, which drops the options of the startup packet and hands one client's session to the next. On a server of its own: what
/// a pooler says first in a session is not ours.
/// </summary>
[Trait("Runs", "Once")]
public sealed class PoolerTests : IClassFixture<WatchedServer>, IDisposable
{
    private const string Database = "pooled";
    private readonly TemporaryFolder _folder = new();
    private readonly WatchedServer _server;

    public PoolerTests(WatchedServer server)
    {
        _server = server;
        server.Watch();
        HostileDatabase.Create(server, Database);
    }

    public void Dispose() => _folder.Dispose();

    [PgBouncerFact]
    public void NothingOfADatabaseIsCalledThroughAPoolOfSessions()
    {
        using var pooler = new PgBouncer(_server.Connection, "session");
        int read = _server.Log().Length;
        BackupInfo backup = BackUp(pooler);
        Assert.True(backup.RowCount > 0);
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(Through(pooler), backup.Path, "pooled_copy") with
            {
                Create = true,
            },
            static _ => { },
            CancellationToken.None
        );
        Assert.All(restored.Tables, table => Assert.True(table.Matches));

        Assert.False(
            (bool)_server.Scalar("postgres", $"SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '{HostileDatabase.Owner}'")!
        );
        string log = _server.Log()[read..];
        Assert.DoesNotContain(
            log.Split('\n'),
            line => line.Contains(HostileDatabase.Trace, StringComparison.Ordinal) && line.Contains("|LOG:  ", StringComparison.Ordinal)
        );
    }

    [PgBouncerFact]
    public void APoolOfTransactionsIsRefused()
    {
        using var pooler = new PgBouncer(_server.Connection, "transaction");
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() => BackUp(pooler));
        Assert.Equal(CryoBackupError.ConnectionFailed, exception.Error);
        Assert.Contains("pooler", exception.Message, StringComparison.Ordinal);
        Assert.Contains("pool_mode = session", exception.Remedy, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_folder.Path, "*.dump*"));
    }

    private static ConnectionRequest Through(PgBouncer pooler) =>
        new()
        {
            ComputerName = "127.0.0.1",
            Port = pooler.Port,
            UserName = "anybody",
            SslMode = SslMode.Disable,
        };

    private BackupInfo BackUp(PgBouncer pooler) =>
        BackupWriter.Run(Requests.Backup(Through(pooler), Database, _folder.Path), static _ => { }, CancellationToken.None);
}
