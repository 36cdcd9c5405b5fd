using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Backup;

/// <summary>Rows that one session reads at once: a table, or a run of its pages.</summary>
/// <param name="Entry">The table's entry of kind TABLE DATA.</param>
/// <param name="Copy">COPY … TO STDOUT.</param>
internal sealed record RowPiece(TocEntry Entry, string Copy);

/// <summary>Which tables several sessions read at once instead of pg_dump, and in which pieces.</summary>
/// <param name="tables">The tables that can be, with the number of their pages, by OID.</param>
/// <param name="pieceBytes">About how many bytes a piece takes on the server's disk.</param>
internal sealed class SharedTables(IReadOnlyDictionary<uint, (DumpTable Table, long Pages)> tables, long pieceBytes)
{
    // A lock of each session for each table: what a server has room for without being told that we come.
    private const int MostLocks = 1000;

    // Where pg_dump reads rows anyway, tables smaller than this part of a piece are its affair.
    private const int LeastPart = 8;
    private const int MostPieces = 1 << 16;

    /// <summary>What they take on the server's disk, in bytes.</summary>
    public long Bytes => tables.Values.Sum(table => table.Table.Bytes);

    /// <summary>Asks the server which of the tables of a dump can be read so, and how large they are.</summary>
    /// <param name="connection">The session that holds the snapshot and the locks.</param>
    /// <param name="candidates">Tables whose rows the dump takes.</param>
    /// <param name="pieceBytes">About how many bytes a piece takes on the server's disk.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public static async Task<SharedTables> FindAsync(
        NpgsqlConnection connection,
        IEnumerable<DumpTable> candidates,
        long pieceBytes,
        CancellationToken cancellationToken
    )
    {
        // An extension's rows have a condition of its own.
        var byOid = candidates.Where(table => table is { Kind: 'r', Extension: null, Condition: null }).ToDictionary(table => table.Oid);
        var found = new Dictionary<uint, (DumpTable, long)>();

        // Before PostgreSQL 14 each run of pages would be a pass over the whole table; and only a heap has its rows by page.
        await connection
            .ReadAsync(
                """
                SELECT c.oid, pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::bigint
                FROM pg_catalog.unnest($1) AS t (oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid JOIN pg_catalog.pg_am a ON a.oid = c.relam
                WHERE a.amname = 'heap' AND pg_catalog.current_setting('server_version_num')::int >= 140000
                """,
                row => found.Add(row.GetFieldValue<uint>(0), (byOid[row.GetFieldValue<uint>(0)], row.GetInt64(1))),
                cancellationToken,
                byOid.Keys.ToArray()
            )
            .ConfigureAwait(false);
        return new SharedTables(found, pieceBytes);
    }

    /// <summary>Chooses among an archive's entries.</summary>
    /// <param name="withData">Every entry that has data.</param>
    /// <param name="encoding">The archive's encoding.</param>
    /// <param name="sessions">How many sessions there will be.</param>
    /// <returns>Those that the sessions read; all of them where that is possible, so that nobody else need read any.</returns>
    public IReadOnlyList<TocEntry> Choose(IReadOnlyList<TocEntry> withData, string encoding, int sessions)
    {
        TocEntry[] possible = [.. withData.Where(entry => tables.ContainsKey(entry.Oid) && IsPlain(entry, encoding))];
        int most = MostLocks / sessions;
        return possible.Length == withData.Count && possible.Length <= most
            ? possible
            : [.. possible.Where(entry => BytesOf(entry) >= pieceBytes / LeastPart).OrderByDescending(BytesOf).Take(most)];
    }

    /// <summary>The table of an entry that was chosen.</summary>
    /// <param name="entry">The entry.</param>
    public DumpTable TableOf(TocEntry entry) => tables[entry.Oid].Table;

    /// <summary>Cuts a table so that its pieces weigh about the same, also where most of it lies beside its pages (TOAST).</summary>
    /// <param name="entry">The entry of one of the tables.</param>
    /// <returns>Pieces that hold each row once, in the order of the pages.</returns>
    public IEnumerable<RowPiece> Cut(TocEntry entry)
    {
        (DumpTable table, long pages) = tables[entry.Oid];
        long size = Math.Max(1, (long)((double)pages * pieceBytes / Math.Max(1, table.Bytes)));
        size = Math.Max(size, (pages + MostPieces - 1) / MostPieces);
        for (long first = 0; first == 0 || first < pages; first += size)
        {
            string? from = first == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"ctid >= '({first},0)'::pg_catalog.tid");
            string? to =
                first + size >= pages ? null : string.Create(CultureInfo.InvariantCulture, $"ctid < '({first + size},0)'::pg_catalog.tid");
            string? condition = (from, to) switch
            {
                (null, null) => null,
                ({ } start, { } end) => $"WHERE {start} AND {end}",
                _ => $"WHERE {from ?? to}",
            };
            yield return new RowPiece(entry, TableReader.ToStdout(entry.CopyStatement, condition, withPartitions: false));
        }
    }

    private long BytesOf(TocEntry entry) => tables[entry.Oid].Table.Bytes;

    /// <summary>True if the rows go back into the table itself, and its names can be told in any encoding as they were.</summary>
    private static bool IsPlain(TocEntry entry, string encoding) =>
        entry.IsTableData
        && QualifiedName.After(entry.CopyStatement, "COPY ") == new QualifiedName(entry.Schema, entry.Name)
        && (ServerEncoding.Find(encoding) is null || entry.CopyStatement.All(char.IsAscii));
}
