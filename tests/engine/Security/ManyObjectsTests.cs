using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Security;

/// <summary>What New asks a server beside pg_dump does not grow with the number of its objects, but for one question for many.</summary>
[Trait("Runs", "Once")]
public sealed class ManyObjectsTests : IClassFixture<WatchedServer>, IDisposable
{
    private const int Tables = 200;
    private const int LargeObjects = 2_000;
    private readonly TemporaryFolder _folder = new();
    private readonly WatchedServer _server;

    public ManyObjectsTests(WatchedServer server)
    {
        _server = server;
        server.Watch();
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>An older pg_dump itself asks for each table.</summary>
    [PostgresFact(Since = 15)]
    public void NothingIsAskedOnceAnObject()
    {
        (int few, int ofFew) = CountStatements("few_objects", Tables, LargeObjects);
        (int many, int ofMany) = CountStatements("many_objects", 2 * Tables, 2 * LargeObjects);

        // pg_dump itself locks each table and copies it, and opens, reads and closes each large object.
        Assert.InRange(ofMany - ofFew, 2 * Tables, int.MaxValue);
        Assert.InRange(many - few, 0, Tables / 5);
    }

    /// <summary>Where pg_dump has room for the locks of its tables, New has it too: none of their indexes stays locked.</summary>
    [PostgresFact]
    public async Task CountingLeavesNoLock()
    {
        const string Application = "CryoBackup counts";
        _server.CreateDatabase("counted_objects");
        _server.Execute(
            "counted_objects",
            "CREATE TABLE one (id int PRIMARY KEY); CREATE TABLE two (id int PRIMARY KEY); INSERT INTO two VALUES (1)"
        );
        await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(
            ServerEndpoint.Resolve(_server.Connection, "counted_objects", static _ => { }),
            Application,
            Requests.Backup(_server.Connection, "counted_objects", _folder.Path),
            CancellationToken.None
        );
        await snapshot.TakeAsync(CancellationToken.None);
        string locks = $"""
            SELECT string_agg(l.relation::regclass::text, ' ' ORDER BY l.relation) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE a.application_name = '{Application}' AND l.relation >= 16384
            """;
        object? before = _server.Scalar("counted_objects", locks);

        long[] rows = await snapshot.CountAsync(snapshot.Tables.Values.OrderBy(table => table.Name), CancellationToken.None);

        Assert.Equal([0, 1], rows);
        Assert.Equal("one two", before);
        Assert.Equal(before, _server.Scalar("counted_objects", locks));
    }

    /// <summary>The statements of a backup, without those of pg_dump for one object; and all of them.</summary>
    private (int Ours, int All) CountStatements(string database, int tables, int objects)
    {
        _server.CreateDatabase(database);
        _server.Execute(
            database,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                DO $$ BEGIN FOR i IN 1..{tables} LOOP
                    EXECUTE format('CREATE TABLE each%s (id int PRIMARY KEY)', i); EXECUTE format('INSERT INTO each%s VALUES (1)', i);
                END LOOP; END $$;
                SELECT count(lo_from_bytea(0, 'x')) FROM generate_series(1, {objects});
                """
            )
        );
        int read = _server.Log().Length;
        BackupRequest request = Requests.Backup(_server.Connection, database, _folder.Path);
        Assert.Equal(tables, BackupWriter.Run(request, static _ => { }, CancellationToken.None).RowCount);
        string[] statements =
        [
            .. _server
                .Log()[read..]
                .Split('\n')
                .Where(line =>
                    line.Contains("|CryoBackup ", StringComparison.Ordinal) && line.Contains("|LOG:  duration:", StringComparison.Ordinal)
                ),
        ];
        return (statements.Count(line => !IsOfOneObject(line)), statements.Length);
    }

    private static bool IsOfOneObject(string line) =>
        line.Contains("COPY public.each", StringComparison.Ordinal)
        || line.Contains("LOCK TABLE public.each", StringComparison.Ordinal)
        || line.Contains("fastpath function call", StringComparison.Ordinal);
}
