using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>A table, or the rows of a table that lie in a run of its pages. The pieces of a table hold each of its rows once.</summary>
/// <param name="Table">The table's place among those that are read.</param>
/// <param name="First">The first page; null for the whole table.</param>
/// <param name="End">The page after the last; null for all there are.</param>
/// <param name="Pages">About how many pages there are to read.</param>
internal sealed record TablePiece(int Table, long? First, long? End, long Pages)
{
    // 32 MiB: what a session reads in a fraction of a second.
    private const long Size = 4096;
    private const int MostPieces = 64;
    private const int PageSize = 8192;
    private const int RowHeader = 28;

    /// <summary>The WHERE clause of this piece; null for the whole table.</summary>
    public string? Condition =>
        First is null
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"WHERE ctid >= '({First},0)'::pg_catalog.tid")
                + (End is null ? "" : string.Create(CultureInfo.InvariantCulture, $" AND ctid < '({End},0)'::pg_catalog.tid"));

    /// <summary>Cuts tables into pieces, so that several sessions share a large one too.</summary>
    /// <param name="pages">How many pages each table has; 0 for one that is not to be cut.</param>
    /// <returns>The pieces, the largest first, so that no session ends long after the others.</returns>
    public static IReadOnlyList<TablePiece> Cut(IReadOnlyList<long> pages)
    {
        var pieces = new List<TablePiece>();
        for (int table = 0; table < pages.Count; table++)
        {
            long size = Math.Max(Size, (pages[table] + MostPieces - 1) / MostPieces);
            if (pages[table] <= size)
            {
                pieces.Add(new TablePiece(table, null, null, pages[table]));
                continue;
            }

            for (long first = 0; first < pages[table]; first += size)
            {
                long? end = first + size < pages[table] ? first + size : null;
                pieces.Add(new TablePiece(table, first, end, (end ?? pages[table]) - first));
            }
        }

        return [.. pieces.OrderByDescending(piece => piece.Pages)];
    }

    /// <summary>About how many pages a table takes: the server's own count would wait for whoever has locked the table.</summary>
    /// <param name="content">The table's rows, as COPY writes them.</param>
    public static long PagesOf(TableFingerprint content) => (content.Bytes + (content.Rows * RowHeader)) / PageSize;

    /// <summary>Looks which tables of a database can be cut.</summary>
    /// <param name="connection">A connection to the database.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Schemas and names of the tables whose pages the server can read one by one.</returns>
    public static async Task<HashSet<(string Schema, string Name)>> FindDivisibleAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        var tables = new HashSet<(string, string)>();

        // Before PostgreSQL 14 each piece would be a pass over the whole table; and only a heap has its rows by page.
        await connection
            .ReadAsync(
                """
                SELECT n.nspname, c.relname
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    JOIN pg_catalog.pg_am a ON a.oid = c.relam
                WHERE c.relkind = 'r' AND a.amname = 'heap' AND n.nspname <> 'pg_catalog'
                    AND pg_catalog.current_setting('server_version_num')::int >= 140000
                """,
                row => tables.Add((row.GetString(0), row.GetString(1))),
                cancellationToken
            )
            .ConfigureAwait(false);
        return tables;
    }
}
