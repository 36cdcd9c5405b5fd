using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>A large table is read in parts, by several sessions: together they hold each row once, and all see the same moment.</summary>
[Collection("postgres")]
public sealed class TablePieceTests(PostgresServer server)
{
    private const string Table = "COPY public.parted (id, text) FROM stdin;\n";
    private const string Application = "CryoBackup pieces";

    [Fact]
    public void HoldEachPageOnceAndTheLargestComesFirst()
    {
        IReadOnlyList<TablePiece> pieces = TablePiece.Cut([0, 10_000, 4096, 1_000_000_000]);
        Assert.Equal(pieces.OrderByDescending(piece => piece.Pages), pieces);
        Assert.Null(Assert.Single(pieces, piece => piece.Table == 0).Condition);
        Assert.Null(Assert.Single(pieces, piece => piece.Table == 2).Condition);
        TablePiece[] small = [.. pieces.Where(piece => piece.Table == 1).OrderBy(piece => piece.First)];
        Assert.Equal([(0L, 4096L), (4096, 8192), (8192, null)], small.Select(piece => (piece.First, piece.End)));
        Assert.Equal("WHERE ctid >= '(8192,0)'::pg_catalog.tid", small[^1].Condition);
        Assert.Equal("WHERE ctid >= '(0,0)'::pg_catalog.tid AND ctid < '(4096,0)'::pg_catalog.tid", small[0].Condition);
        Assert.Equal(64, pieces.Count(piece => piece.Table == 3));
    }

    [PostgresFact]
    public async Task TogetherTheyAreTheTable()
    {
        server.CreateDatabase("pieces");
        server.Execute(
            "pieces",
            "CREATE TABLE parted AS SELECT n AS id, repeat('x', n % 300) AS text FROM generate_series(1, 20000) n; "
                + "DELETE FROM parted WHERE id % 7 = 0"
        );
        await using SharedSnapshot moment = await SharedSnapshot.TakeAsync(Endpoint, "CryoBackup tests", "UTF8", CancellationToken.None);
        await using NpgsqlConnection first = Open(moment.Id);
        TableFingerprint whole = TableReader.Read(
            first,
            TableReader.ToStdout(Table, null, withPartitions: false),
            "UTF8",
            CancellationToken.None
        );

        // What comes after the moment is not seen, neither moved rows nor new ones.
        server.Execute(
            "pieces",
            "UPDATE parted SET text = text WHERE id < 1000; INSERT INTO parted SELECT n, 'new' FROM generate_series(30000, 40000) n"
        );
        await using NpgsqlConnection other = Open(moment.Id);
        var sum = new TableFingerprint();
        foreach (TablePiece piece in (TablePiece[])[new(0, 0, 100, 100), new(0, 100, 101, 1), new(0, 101, null, 100)])
        {
            TableFingerprint part = TableReader.Read(
                other,
                TableReader.ToStdout(Table, piece.Condition, withPartitions: false),
                "UTF8",
                CancellationToken.None
            );
            Assert.InRange(part.Rows, 1, whole.Rows - 1);
            sum.Add(part);
        }

        Assert.Equal((whole.Rows, whole.Bytes, whole.Text), (sum.Rows, sum.Bytes, sum.Text));
    }

    [PostgresFact]
    public async Task CancelledWhileATableIsWaitedFor()
    {
        await using NpgsqlConnection other = await MakeLockedAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => CompareAsync([Table], cancellation.Token));
        AssertNoSessionIsLeft();
    }

    [PostgresFact]
    public async Task OneThatFailsEndsTheOthersAndIsTold()
    {
        await using NpgsqlConnection other = await MakeLockedAsync();
        PostgresException e = await Assert.ThrowsAsync<PostgresException>(() =>
            CompareAsync(["COPY public.gone (id) FROM stdin;\n", Table], CancellationToken.None)
        );
        Assert.Equal(PostgresErrorCodes.UndefinedTable, e.SqlState);
        AssertNoSessionIsLeft();
    }

    private ServerEndpoint Endpoint => server.Endpoint.WithDatabase("pieces");

    private NpgsqlConnection Open(string snapshot) => TableReader.Open(Endpoint, "CryoBackup tests", "UTF8", null, snapshot);

    /// <summary>The table, and a session that lets nobody read it.</summary>
    private async Task<NpgsqlConnection> MakeLockedAsync()
    {
        server.CreateDatabase("pieces");
        server.Execute("pieces", "CREATE TABLE parted AS SELECT 1 AS id, '' AS text");
        NpgsqlConnection connection = server.Open("pieces");
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE parted IN ACCESS EXCLUSIVE MODE", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    private Task<TableComparison[]> CompareAsync(string[] copies, CancellationToken cancellationToken)
    {
        TableContent[] tables =
        [
            .. copies.Select(copy => new TableContent
            {
                Entry = new TocEntry { CopyStatement = copy },
                Fingerprint = new TableFingerprint(),
            }),
        ];
        return new DatabaseComparison(Endpoint, Application, static _ => { }).CompareAsync(tables, "UTF8", cancellationToken);
    }

    private void AssertNoSessionIsLeft() =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    (long)server.Scalar("postgres", $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{Application}'")!
                    == 0,
                TimeSpan.FromSeconds(30)
            )
        );
}
