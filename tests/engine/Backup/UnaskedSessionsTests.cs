using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>Sessions that nobody asked for are done without where they are refused, or not ready in time; who asks for them is told.
/// </summary>
[Collection("environment")]
public sealed class UnaskedSessionsTests(PostgresServer server) : IDisposable
{
    private const string Database = "unasked";
    private const string PgDump = """exec "$PG_DUMP" "$@" """;
    private const string Refused = "echo 'psql: error: FATAL:  sorry, too many clients already' >&2; exit 2";

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _told = [];

    public void Dispose() => _folder.Dispose();

    [PostgresFact(Since = 14, UnixOnly = true)]
    public void TheyAreRefused()
    {
        Make();
        using var wrapped = new WrappedPgDump(PgDump, psql: Refused);
        BackUpAlone("too many clients");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackUp(jobs: 2));
        Assert.Equal(CryoBackupError.ConnectionFailed, failure.Error);
    }

    [PostgresFact(Since = 14, UnixOnly = true)]
    public void TheyDoNotCome()
    {
        Make();
        using var wrapped = new WrappedPgDump(PgDump, psql: "exec sleep 600");
        BackUpAlone("not ready in time");
    }

    private void Make()
    {
        server.CreateDatabase(Database);
        server.Execute(Database, "CREATE TABLE large AS SELECT n, repeat('x', 100) FROM generate_series(1, 20000) n");
    }

    private void BackUpAlone(string reason)
    {
        BackupInfo backup = BackUp(jobs: null);
        Assert.True(backup.RowCount == 20_000);
        if (Environment.ProcessorCount > 1)
        {
            string told = Assert.Single(_told, text => text.StartsWith("pg_dump reads alone", StringComparison.Ordinal));
            Assert.Contains(reason, told, StringComparison.Ordinal);
        }
    }

    private BackupInfo BackUp(int? jobs) =>
        BackupWriter.Run(
            Requests.Backup(server.Connection, Database, _folder.Path) with
            {
                Jobs = jobs,
                LeastShared = 1,
                PieceBytes = 1 << 13,
                SessionPatience = TimeSpan.FromSeconds(1),
            },
            message =>
            {
                if (message is VerboseMessage { Text: var text })
                {
                    lock (_told)
                    {
                        _told.Add(text);
                    }
                }
            },
            CancellationToken.None
        );
}
