using System.Globalization;
using System.Text;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>
/// The moment that a backup shows, held open on the server: every table is locked against change of its definition first, and only
/// then is the snapshot taken and exported. The other order would let a TRUNCATE between the two empty a table in the dump and in
/// every count alike (PostgreSQL documents TRUNCATE as not MVCC-safe).
/// </summary>
internal sealed class DumpSnapshot : IAsyncDisposable
{
    private const int Attempts = 5;
    private const int TablesPerStatement = 500;

    // What pg_dump dumps: ordinary and partitioned tables and sequences of users, and of extensions only their configuration tables.
    private const string ListQuery = """
        SELECT c.oid,
               pg_catalog.format('%I.%I', n.nspname, c.relname),
               c.relkind,
               CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,
               pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                            ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END,
               c.relrowsecurity AND pg_catalog.row_security_active(c.oid),
               coalesce((SELECT e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)]
                         FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig) LIMIT 1), '')
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't'
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
          AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                           WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
               OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))
        ORDER BY c.oid
        """;

    // On the holder nothing may time out: it must outlive the dump.
    private static readonly string[] SessionStatements =
    [
        "SET statement_timeout = 0",
        "SET idle_in_transaction_session_timeout = 0",
        "SET row_security = off",
        "SET max_parallel_workers_per_gather = 0",
        "SELECT set_config('idle_session_timeout', '0', false) WHERE current_setting('server_version_num')::int >= 140000",
        "SELECT set_config('transaction_timeout', '0', false) WHERE current_setting('server_version_num')::int >= 170000",
        "SET search_path = ''",
    ];

    private readonly NpgsqlConnection _connection;
    private NpgsqlTransaction? _transaction;

    private DumpSnapshot(NpgsqlConnection connection, DatabaseFacts facts)
    {
        _connection = connection;
        Facts = facts;
    }

    /// <summary>The database and its server.</summary>
    public DatabaseFacts Facts { get; }

    /// <summary>The snapshot's identifier, for pg_dump --snapshot.</summary>
    public string Id { get; private set; } = "";

    /// <summary>When the snapshot was taken, by the server's clock, in UTC.</summary>
    public DateTime Time { get; private set; }

    /// <summary>Every table and sequence that the snapshot shows, by OID.</summary>
    public IReadOnlyDictionary<uint, DumpTable> Tables { get; private set; } = new Dictionary<uint, DumpTable>();

    /// <summary>What the dump leaves out, and why: name and reason.</summary>
    public IReadOnlyList<(string Name, string Reason)> Excluded { get; private set; } = [];

    /// <summary>Opens the holder's connection, and sees whether the role may read everything.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The holder, without a snapshot yet.</returns>
    /// <exception cref="CryoBackupException">ConnectionFailed, AuthenticationFailed, DatabaseNotFound.</exception>
    public static async Task<DumpSnapshot> ConnectAsync(ServerEndpoint endpoint, string applicationName, CancellationToken cancellationToken)
    {
        NpgsqlConnection connection = await OpenAsync(endpoint, applicationName, null, cancellationToken).ConfigureAwait(false);
        try
        {
            DatabaseFacts facts = await DatabaseFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
            if (string.Equals(facts.Encoding, "SQL_ASCII", StringComparison.Ordinal))
            {
                // Such a database holds bytes of any encoding; only a session without conversion reads its names.
                await connection.DisposeAsync().ConfigureAwait(false);
                connection = await OpenAsync(endpoint, applicationName, "SQL_ASCII", cancellationToken).ConfigureAwait(false);
            }

            foreach (string statement in SessionStatements)
            {
                await ExecuteAsync(connection, statement, cancellationToken).ConfigureAwait(false);
            }

            return new DumpSnapshot(connection, facts);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Every table and sequence of the database, as it is now.</summary>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The list in the order of OIDs.</returns>
    public async Task<List<DumpTable>> ListAsync(CancellationToken cancellationToken)
    {
        var tables = new List<DumpTable>();
        await using var command = new NpgsqlCommand(ListQuery, _connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            tables.Add(new DumpTable(
                row.GetFieldValue<uint>(0), row.GetString(1), row.GetFieldValue<char>(2), row.IsDBNull(3) ? 0 : row.GetInt64(3),
                row.GetBoolean(4), row.GetBoolean(5), row.GetString(6)));
        }

        return tables;
    }

    /// <summary>Locks every table, then takes and exports the snapshot; begins again if the set of tables changed meanwhile.</summary>
    /// <param name="lockTimeout">How long to wait for locks.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="CryoBackupException">LockTimeout, RowSecurityActive, PermissionDenied, DumpFailed.</exception>
    public async Task TakeAsync(TimeSpan lockTimeout, CancellationToken cancellationToken)
    {
        string timeout = ((long)Math.Max(1, lockTimeout.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
        await ExecuteAsync(_connection, $"SET lock_timeout = {timeout}", cancellationToken).ConfigureAwait(false);
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            List<DumpTable> before = await ListAsync(cancellationToken).ConfigureAwait(false);
            CheckReadable(before);
            _transaction = await _connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellationToken).ConfigureAwait(false);
            try
            {
                // Npgsql sends BEGIN with the first statement; neither it nor LOCK takes the snapshot.
                await ExecuteAsync(_connection, "SET TRANSACTION READ ONLY", cancellationToken).ConfigureAwait(false);
                await LockAsync(before, cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState is PostgresErrorCodes.UndefinedTable
                or PostgresErrorCodes.InvalidSchemaName or PostgresErrorCodes.WrongObjectType)
            {
                // A table of the list was dropped or renamed before its lock was ours.
                await RollbackAsync().ConfigureAwait(false);
                continue;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                await RollbackAsync().ConfigureAwait(false);
                throw await DescribeLockAsync(before, lockTimeout, exception, cancellationToken).ConfigureAwait(false);
            }

            await ExportAsync(cancellationToken).ConfigureAwait(false);
            List<DumpTable> after = await ListAsync(cancellationToken).ConfigureAwait(false);
            if (SameTables(before, after))
            {
                CheckReadable(after);
                Tables = after.ToDictionary(table => table.Oid);
                Excluded = await ListExcludedAsync(cancellationToken).ConfigureAwait(false);
                return;
            }

            await RollbackAsync().ConfigureAwait(false);
        }

        throw new CryoBackupException(
            CryoBackupError.DumpFailed,
            $"No snapshot could be taken: in each of {Attempts} attempts tables were created, renamed or dropped while the locks were being taken.",
            _connection.Database,
            "Back up when no migration runs.");
    }

    /// <summary>Counts the rows of one table in the snapshot, as the dump selects them.</summary>
    /// <param name="oid">The table's OID.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The number of rows; null if the snapshot does not show such a table.</returns>
    public async Task<long?> CountAsync(uint oid, CancellationToken cancellationToken)
    {
        if (!Tables.TryGetValue(oid, out DumpTable? table))
        {
            return null;
        }

        await using var command = new NpgsqlCommand($"SELECT pg_catalog.count(*) FROM ONLY {table.QuotedName} {table.Condition}", _connection);
        return (long?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends every other session that bears this run's name; what pg_dump leaves behind when it is killed.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">The name of the run's sessions.</param>
    public static void EndSessions(ServerEndpoint endpoint, string applicationName)
    {
        try
        {
            using var connection = new NpgsqlConnection(endpoint.ToNpgsql("CryoBackup cleanup").ConnectionString);
            connection.Open();
            using var command = new NpgsqlCommand(
                "SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE application_name = $1 AND pid <> pg_catalog.pg_backend_pid()",
                connection);
            command.Parameters.AddWithValue(applicationName);
            command.CommandTimeout = 5;
            command.ExecuteScalar();
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            // Where there is no server there is no session; the failure that brought us here is the one to tell.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await RollbackAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task<NpgsqlConnection> OpenAsync(
        ServerEndpoint endpoint, string applicationName, string? clientEncoding, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(endpoint.ToNpgsql(applicationName, clientEncoding).ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    private static bool SameTables(List<DumpTable> before, List<DumpTable> after)
        => before.Select(table => (table.Oid, table.QuotedName)).SequenceEqual(after.Select(table => (table.Oid, table.QuotedName)));

    private static void CheckReadable(List<DumpTable> tables)
    {
        string unreadable = Join(tables.Where(table => !table.Readable));
        string hidden = Join(tables.Where(table => table.Readable && table.RowSecurity));
        string together = hidden.Length > 0 && unreadable.Length > 0 ? $" Row security also hides rows of: {hidden}." : "";
        if (unreadable.Length > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The role may not read: {unreadable}.{together}",
                unreadable,
                "GRANT pg_read_all_data TO the role (PostgreSQL 14 and later), or USAGE on the schemas and SELECT on these tables and sequences.");
        }

        if (hidden.Length > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.RowSecurityActive,
                $"Row security hides rows from the role in: {hidden}. A backup of what it sees would be a smaller one.",
                hidden,
                "ALTER ROLE … BYPASSRLS, or back up as the tables' owner (without FORCE ROW LEVEL SECURITY) or a superuser.");
        }
    }

    private static string Join(IEnumerable<DumpTable> tables) => string.Join(", ", tables.Select(table => table.QuotedName));

    private async Task LockAsync(List<DumpTable> tables, CancellationToken cancellationToken)
    {
        foreach (DumpTable[] batch in tables.Where(table => table.Kind != 'S').Chunk(TablesPerStatement))
        {
            var statement = new StringBuilder("LOCK TABLE ");
            statement.AppendJoin(", ", batch.Select(table => "ONLY " + table.QuotedName));
            statement.Append(" IN ACCESS SHARE MODE");
            await ExecuteAsync(_connection, statement.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ExportAsync(CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT pg_catalog.pg_export_snapshot(), pg_catalog.clock_timestamp()", _connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        await row.ReadAsync(cancellationToken).ConfigureAwait(false);
        Id = row.GetString(0);
        Time = row.GetDateTime(1).ToUniversalTime();
    }

    private async Task<CryoBackupException> DescribeLockAsync(
        List<DumpTable> tables, TimeSpan lockTimeout, Exception inner, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_catalog.string_agg(DISTINCT l.relation::regclass::text || ' (held by process ' || l.pid || ')', ', ')
            FROM pg_catalog.pg_locks l
            WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.granted AND l.relation = ANY ($1)
              AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
            """,
            _connection);
        command.Parameters.AddWithValue(tables.Select(table => table.Oid).ToArray());
        command.Parameters[0].NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Oid;
        string? holders = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) as string;
        return new CryoBackupException(
            CryoBackupError.LockTimeout,
            string.Create(CultureInfo.InvariantCulture, $"The lock on {holders ?? "a table"} was not granted within {lockTimeout.TotalSeconds:0.###} seconds."),
            holders ?? _connection.Database,
            "Wait until the other session has finished, or give a longer -LockTimeout.",
            inner: inner);
    }

    private async Task<List<(string Name, string Reason)>> ListExcludedAsync(CancellationToken cancellationToken)
    {
        var excluded = new List<(string, string)>();
        await using var command = new NpgsqlCommand(
            """
            SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('f', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY 1
            """,
            _connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            excluded.Add((row.GetString(0), row.GetFieldValue<char>(1) switch
            {
                'f' => "the rows of a foreign table live on another server",
                _ => "the rows of a materialized view are computed again at restore",
            }));
        }

        return excluded;
    }

    private async Task RollbackAsync()
    {
        if (_transaction is null)
        {
            return;
        }

        try
        {
            await _transaction.RollbackAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            // The session is gone, and the transaction with it.
        }

        await _transaction.DisposeAsync().ConfigureAwait(false);
        _transaction = null;
    }
}
