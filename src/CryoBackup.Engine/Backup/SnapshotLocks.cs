using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Backup;

/// <summary>Says why the locks of a snapshot were not granted.</summary>
/// <param name="connection">The session that asked for them, with no transaction open.</param>
/// <param name="request">What is backed up.</param>
internal sealed class SnapshotLocks(NpgsqlConnection connection, BackupRequest request)
{
    // A prepared transaction has no process; its own transaction ID leads to it.
    private const string LockHoldersQuery = """
        SELECT pg_catalog.string_agg(DISTINCT l.relation::regclass::text || CASE
                       WHEN p.gid IS NOT NULL THEN ' (held by the prepared transaction ' || pg_catalog.quote_literal(p.gid) || ' of '
                           || p.owner::text || ' since '
                           || pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC)'
                       WHEN l.granted THEN ' (held by process ' || l.pid || ')'
                       ELSE ' (awaited by process ' || l.pid || ')' END, ', '),
               pg_catalog.string_agg(DISTINCT 'ROLLBACK PREPARED ' || pg_catalog.quote_literal(p.gid), '; ')
        FROM pg_catalog.pg_locks l
        LEFT JOIN pg_catalog.pg_locks x ON l.pid IS NULL AND x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid'
        LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
        WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.relation = ANY ($1)
          AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
        """;

    /// <summary>Every table is locked twice, by the holder of the snapshot and by pg_dump,
    /// and the server has room for so many locks.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="inner">What the server said; the session ended with it.</param>
    public CryoBackupException DescribeLack(IEnumerable<DumpTable> tables, PostgresException inner) =>
        new(
            CryoBackupError.DumpFailed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The server has no room for the locks of the backup: {inner.MessageText} ({inner.SqlState}). "
                    + $"It takes two for each of {tables.Count(table => table.Kind != 'S')} tables."
            ),
            request.Database,
            "Raise max_locks_per_transaction in postgresql.conf (twice the number of tables, divided by max_connections, "
                + "is enough beside what others need) and restart the server; "
                + "or back up in parts, with -IncludeSchema.",
            inner: inner
        );

    /// <summary>Somebody else holds them, or waits for them.</summary>
    public async Task<CryoBackupException> DescribeWaitAsync(
        IEnumerable<DumpTable> tables,
        Exception inner,
        CancellationToken cancellationToken
    )
    {
        (string? holders, string? endings) = (
            await connection
                .ListAsync(
                    LockHoldersQuery,
                    row => (row.Text(0), row.Text(1)),
                    cancellationToken,
                    tables.Select(table => table.Oid).ToArray()
                )
                .ConfigureAwait(false)
        )[0];
        return new CryoBackupException(
            CryoBackupError.LockTimeout,
            $"The lock on {holders ?? "a table"} was not granted within {DurationText.Of(request.LockTimeout)}.",
            holders ?? connection.Database,
            endings is null
                ? "Wait until the other session has finished, or give a longer -LockTimeout."
                : $"A prepared transaction holds its locks until somebody ends it, for weeks and over restarts. Ask whose it is; then, "
                    + $"in this database: COMMIT PREPARED instead, or {endings}.",
            inner: inner
        );
    }
}
