using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>What a backup asks before its first byte: each question is a way to the server and back.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class QuestionsTests : IDisposable
{
    private const string Database = "questions";
    private readonly PostgresServer _server = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _folder.Dispose();
        _server.Dispose();
    }

    [PostgresFact]
    public void AreFewAndByTwoSessions()
    {
        _server.CreateDatabase(Database);
        _server.Execute(Database, "CREATE TABLE a AS SELECT 1 AS i; CREATE TABLE b AS SELECT 2 AS i");
        _server.Execute("postgres", "ALTER SYSTEM SET log_connections = 'on'");
        _server.Execute("postgres", "ALTER SYSTEM SET log_statement = 'all'");
        _server.Execute("postgres", "ALTER SYSTEM SET log_line_prefix = '%p %a|'");
        _server.Execute("postgres", "SELECT pg_reload_conf()");
        _server.Execute("postgres", "SELECT pg_sleep(0.5)");
        BackupWriter.Run(Requests.Backup(_server.Connection, Database, _folder.Path), _ => { }, CancellationToken.None);

        string[] log = [.. File.ReadLines(Path.Combine(_server.Cluster.Folder, "server.log"))];
        Assert.Equal(
            2,
            log.Count(line =>
                line.Contains("connection authorized: ", StringComparison.Ordinal)
                && line.Contains("application_name=CryoBackup ", StringComparison.Ordinal)
            )
        );
        string[] asked =
        [
            .. log.Where(line =>
                    line.Contains(" CryoBackup ", StringComparison.Ordinal)
                    && (
                        line.Contains("LOG:  execute ", StringComparison.Ordinal)
                        || line.Contains("LOG:  statement: ", StringComparison.Ordinal)
                    )
                )
                .TakeWhile(line => !line.Contains("LOG:  statement: SELECT pg_catalog.set_config('search_path'", StringComparison.Ordinal)),
        ];

        // Some of them go together: what is set for reading, the two lists, the beginning of the transaction and its limit.
        Assert.InRange(asked.Length, 1, 22);
        Assert.Equal(2, asked.Count(line => line.Contains("format('%I.%I', n.nspname, c.relname)", StringComparison.Ordinal)));
    }
}
