using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>A large table is read in parts, by several sessions: together they hold each row once, and all see the same moment.</summary>
[Collection("postgres")]
public sealed class TablePieceTests(PostgresServer server)
{
    private const string Table = "COPY public.parted (id, text) FROM stdin;\n";

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
        server.Execute("pieces", "CREATE TABLE parted AS SELECT n AS id, repeat('x', n % 300) AS text FROM generate_series(1, 20000) n; DELETE FROM parted WHERE id % 7 = 0");
        await using NpgsqlConnection leader = await OpenAsync(null);
        string snapshot = await TableReader.ExportSnapshotAsync(leader, CancellationToken.None);
        TableFingerprint whole = TableReader.Read(leader, Table, null, "UTF8", CancellationToken.None);

        // What comes after the moment is not seen, neither moved rows nor new ones.
        server.Execute("pieces", "UPDATE parted SET text = text WHERE id < 1000; INSERT INTO parted SELECT n, 'new' FROM generate_series(30000, 40000) n");
        await using NpgsqlConnection other = await OpenAsync(snapshot);
        var sum = new TableFingerprint();
        foreach (TablePiece piece in (TablePiece[])[new(0, 0, 100, 100), new(0, 100, 101, 1), new(0, 101, null, 100)])
        {
            TableFingerprint part = TableReader.Read(other, Table, piece.Condition, "UTF8", CancellationToken.None);
            Assert.InRange(part.Rows, 1, whole.Rows - 1);
            sum.Add(part);
        }

        Assert.Equal((whole.Rows, whole.Bytes, whole.Text), (sum.Rows, sum.Bytes, sum.Text));
    }

    [PostgresFact]
    public async Task CancelledInTheMiddleOfATable()
    {
        server.CreateDatabase("pieces");
        server.Execute("pieces", "CREATE TABLE parted AS SELECT 1 AS id, pg_sleep(0)::text AS text; CREATE VIEW slow AS SELECT id, pg_sleep(600)::text AS text FROM parted");
        await using NpgsqlConnection connection = await OpenAsync(null);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        Assert.Throws<OperationCanceledException>(() => TableReader.Read(connection, "COPY public.slow (id, text) FROM stdin;\n", "WHERE true", "UTF8", cancellation.Token));
        await connection.CloseAsync();
    }

    private Task<NpgsqlConnection> OpenAsync(string? snapshot)
        => TableReader.OpenAsync(server.Endpoint.WithDatabase("pieces"), "CryoBackup tests", "UTF8", null, snapshot, CancellationToken.None);
}
