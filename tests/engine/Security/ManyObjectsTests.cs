using System.Globalization;
using CryoBackup.Backup;

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

    [PostgresFact]
    public void NothingIsAskedOnceAnObject()
    {
        (int few, int ofFew) = CountStatements("few_objects", Tables, LargeObjects);
        (int many, int ofMany) = CountStatements("many_objects", 2 * Tables, 2 * LargeObjects);

        // pg_dump itself locks each table and copies it, and opens, reads and closes each large object.
        Assert.InRange(ofMany - ofFew, 2 * Tables, int.MaxValue);
        Assert.InRange(many - few, 0, 12);
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
