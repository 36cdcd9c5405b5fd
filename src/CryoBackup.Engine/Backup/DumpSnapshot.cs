using System.Globalization;
using System.Text;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Backup;

/// <summary>
/// The moment that a backup shows, held open on the server: every table is locked against change of its definition first, and only
/// then is the snapshot taken and exported. The other order would let a TRUNCATE between the two empty a table in the dump and in
/// every count alike (PostgreSQL documents TRUNCATE as not MVCC-safe).
/// </summary>
internal sealed class DumpSnapshot : IAsyncDisposable
{
    private const int Attempts = 10;
    private const int TablesPerStatement = 500;

    // Everything that a dump could take, of users and of extensions. No size function: it would wait for the locks of others.
    // Of a table dropped meanwhile some functions give null; the list is compared later, so it may pass for readable here.
    private const string TablesQuery = """
        SELECT c.oid, n.nspname::text, c.relname::text, pg_catalog.format('%I.%I', n.nspname, c.relname), c.relkind::text,
               (greatest(c.relpages, 0) + coalesce((SELECT greatest(t.relpages, 0) FROM pg_catalog.pg_class t
                   WHERE t.oid = c.reltoastrelid), 0))::bigint
                   * pg_catalog.current_setting('block_size')::bigint,
               coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                   AND CASE WHEN c.relkind = 'S' THEN pg_catalog.has_sequence_privilege(c.oid, 'SELECT')
                            ELSE pg_catalog.has_table_privilege(c.oid, 'SELECT') END, true),
               c.relrowsecurity AND pg_catalog.row_security_active(c.oid),
               coalesce((SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition),
                        (SELECT d.refobjid FROM pg_catalog.pg_depend d
                         WHERE c.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                           AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1),
                        0::oid),
               (SELECT e.extname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
                  AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e' LIMIT 1),
               (SELECT coalesce(e.extcondition[pg_catalog.array_position(e.extconfig, c.oid)], '')
                FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig) LIMIT 1),
               c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery()
        FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'S', 'v', 'm', 'f') AND c.relpersistence <> 't'
          AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY c.oid
        """;

    private const string SchemasQuery = """
        SELECT n.nspname::text, pg_catalog.quote_ident(n.nspname), EXISTS (SELECT FROM pg_catalog.pg_extension e
            WHERE e.extnamespace = n.oid)
        FROM pg_catalog.pg_namespace n
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY n.nspname
        """;

    private readonly NpgsqlConnection _connection;
    private readonly BackupRequest _request;
    private readonly string _role;
    private Dictionary<uint, DumpTable> _tables = [];
    private DumpSelection? _listed;

    private DumpSnapshot(NpgsqlConnection connection, DatabaseFacts facts, BackupRequest request, string role)
    {
        _connection = connection;
        _request = request;
        _role = role;
        Facts = facts;
    }

    /// <summary>The database and its server.</summary>
    public DatabaseFacts Facts { get; }

    /// <summary>The snapshot's identifier, for pg_dump --snapshot.</summary>
    public string Id { get; private set; } = "";

    /// <summary>When the snapshot was taken, by the server's clock, in UTC.</summary>
    public DateTime Time { get; private set; }

    /// <summary>Every table and sequence that the dump reads, by OID, with its size on disk.</summary>
    public IReadOnlyDictionary<uint, DumpTable> Tables => _tables;

    /// <summary>What the dump takes and leaves out; null before <see cref="TakeAsync"/>.</summary>
    public DumpSelection? Selection { get; private set; }

    /// <summary>What in the snapshot is not as it was made; empty before <see cref="TakeAsync"/>.</summary>
    public IReadOnlyList<ObjectState> States { get; private set; } = [];

    /// <summary>Opens the holder's connection.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="request">What is to be dumped, and how long to wait for locks.</param>
    /// <param name="cancellationToken">Ends the connecting and the queries.</param>
    /// <returns>The holder, without a snapshot yet.</returns>
    public static async Task<DumpSnapshot> ConnectAsync(
        ServerEndpoint endpoint,
        string applicationName,
        BackupRequest request,
        CancellationToken cancellationToken
    )
    {
        NpgsqlConnection connection = await ServerConnection
            .OpenAsync(endpoint, applicationName, null, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            DatabaseFacts facts = await DatabaseFacts.ReadAsync(connection, cancellationToken).ConfigureAwait(false);
            if (string.Equals(facts.Encoding, "SQL_ASCII", StringComparison.Ordinal))
            {
                // Such a database holds bytes of any encoding; only a session without conversion reads its names.
                await connection.DisposeAsync().ConfigureAwait(false);
                connection = await ServerConnection
                    .OpenAsync(endpoint, applicationName, "SQL_ASCII", cancellationToken)
                    .ConfigureAwait(false);
            }

            var snapshot = new DumpSnapshot(connection, facts, request, endpoint.UserName);

            // On the holder nothing may time out: it must outlive the dump.
            await connection.ExecuteAsync(string.Join("; ", SessionSettings.ForReading), cancellationToken).ConfigureAwait(false);

            await snapshot.WatchForOurDeathAsync(cancellationToken).ConfigureAwait(false);
            return snapshot;
        }
        catch
        {
            await Patience.EndAsync(connection.DisposeAsync().AsTask()).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Resolves the request against the catalog as it is now.</summary>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>What would be dumped.</returns>
    /// <exception cref="CryoBackupException">ObjectNotFound, ConfigurationInvalid.</exception>
    public async Task<DumpSelection> SelectAsync(CancellationToken cancellationToken)
    {
        List<DumpSchema> schemas = await _connection
            .ListAsync(SchemasQuery, row => new DumpSchema(row.GetString(0), row.GetString(1), row.GetBoolean(2)), cancellationToken)
            .ConfigureAwait(false);
        List<DumpTable> tables = await _connection.ListAsync(TablesQuery, ReadTable, cancellationToken).ConfigureAwait(false);

        // pg_dump takes its arguments in the encoding of its session, and Windows hands them on in that of its code page.
        bool asciiOnly = OperatingSystem.IsWindows() || !string.Equals(Facts.Encoding, "UTF8", StringComparison.Ordinal);
        return _listed = DumpSelection.Resolve(_request, tables, schemas, asciiOnly);
    }

    /// <summary>Locks every table, then takes and exports the snapshot; begins again if the set of tables changed meanwhile.</summary>
    /// <param name="cancellationToken">Lets go of the locks.</param>
    /// <exception cref="CryoBackupException">LockTimeout, RowSecurityActive, PermissionDenied, ObjectNotFound, DumpFailed.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            // What was listed a moment ago will do once: it is compared with what is there behind the locks.
            DumpSelection before = Interlocked.Exchange(ref _listed, null) ?? await SelectAsync(cancellationToken).ConfigureAwait(false);
            ThrowFirst(TableFindings.Of(before, _role));
            if (!await TryLockAsync(before, cancellationToken).ConfigureAwait(false))
            {
                await ReleaseAsync(cancellationToken).ConfigureAwait(false);
                continue;
            }

            await ExportAsync(cancellationToken).ConfigureAwait(false);
            DumpSelection after = await SelectAsync(cancellationToken).ConfigureAwait(false);
            if (before.Read.Select(Identity).SequenceEqual(after.Read.Select(Identity)))
            {
                ThrowFirst(TableFindings.Of(after, _role));
                (Selection, _listed) = (after, null);
                await MeasureAsync(after, cancellationToken).ConfigureAwait(false);
                States = await ObjectState.ReadAsync(_connection, cancellationToken).ConfigureAwait(false);
                return;
            }

            await ReleaseAsync(cancellationToken).ConfigureAwait(false);
        }

        throw new CryoBackupException(
            CryoBackupError.DumpFailed,
            $"No snapshot could be taken: in each of {Attempts} attempts tables were created, "
                + "renamed or dropped while the locks were being taken.",
            _connection.Database,
            "Back up when no migration runs."
        );
    }

    /// <returns>False if the set of tables has changed, so that it is to be listed anew.</returns>
    private async Task<bool> TryLockAsync(DumpSelection before, CancellationToken cancellationToken)
    {
        await _connection
            .ExecuteAsync(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; " + $"SET LOCAL lock_timeout = {Milliseconds(_request.LockTimeout)}",
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            // LOCK takes no snapshot; the first query does.
            await LockAsync([.. before.Read], cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (PostgresException exception)
            when (exception.SqlState
                    is PostgresErrorCodes.UndefinedTable
                        or PostgresErrorCodes.InvalidSchemaName
                        or PostgresErrorCodes.WrongObjectType
                        or PostgresErrorCodes.DeadlockDetected
            )
        {
            // A table of the list was dropped or renamed before its lock was ours, or its new owner waited for another of our locks.
            return false;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await ReleaseAsync(cancellationToken).ConfigureAwait(false);
            throw await new SnapshotLocks(_connection, _request)
                .DescribeWaitAsync(before.Read, exception, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.OutOfMemory)
        {
            throw new SnapshotLocks(_connection, _request).DescribeLack(before.Read, exception);
        }
    }

    /// <summary>Lets go of the snapshot and of every lock.</summary>
    /// <param name="cancellationToken">Ends the statement.</param>
    public Task ReleaseAsync(CancellationToken cancellationToken)
    {
        _listed = null;
        return _connection.ExecuteAsync("ROLLBACK", cancellationToken);
    }

    /// <summary>Counts the rows of tables in the snapshot, as the dump selects them, by one question.</summary>
    /// <param name="tables">Some of <see cref="Tables"/>.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The number of rows of each, in their order.</returns>
    public Task<long[]> CountAsync(IEnumerable<DumpTable> tables, CancellationToken cancellationToken) =>
        // Whoever plans a query locks every index of its tables, to the end of the transaction: so these are given back.
        _connection.ScalarAsync<long[]>(
            "SAVEPOINT counting; SELECT ARRAY["
                + string.Join(", ", tables.Select(table => $"(SELECT pg_catalog.count(*) FROM ONLY {table.QuotedName} {table.Condition})"))
                + "]; ROLLBACK TO SAVEPOINT counting; RELEASE SAVEPOINT counting",
            cancellationToken
        );

    /// <summary>Asks which tables several sessions may read instead of pg_dump.</summary>
    /// <param name="pieceBytes">About how many bytes a piece takes on the server's disk.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public Task<SharedTables> FindSharedAsync(long pieceBytes, CancellationToken cancellationToken) =>
        SharedTables.FindAsync(_connection, _tables.Values.Where(Selection!.TakesRows), pieceBytes, cancellationToken);

    /// <summary>What is in the dump and needs something that was left out: a restore of it fails where that is missing.</summary>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The needing and the needed.</returns>
    public Task<IReadOnlyList<(string Dependent, string Needed)>> ListBrokenDependenciesAsync(CancellationToken cancellationToken) =>
        BrokenDependencies.ListAsync(_connection, Selection!, cancellationToken);

    /// <summary>Names among what is left out what this pg_dump cannot write.</summary>
    /// <param name="pgDump">The program.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task NameUnwrittenAsync(ClientTool pgDump, CancellationToken cancellationToken) =>
        Selection!.NameUnwritten(await PublicSchema.ListUnwrittenAsync(_connection, pgDump.Major, cancellationToken).ConfigureAwait(false));

    /// <summary>What the role would leave out without a word, beside rows.</summary>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The finding; null if the dump of the whole database would be whole, or only a part is wanted,
    /// to which no user mapping belongs.</returns>
    public Task<CryoBackupException?> FindHiddenAsync(CancellationToken cancellationToken) =>
        _request.IncludeSchema.Count + _request.IncludeTable.Count > 0
            ? Task.FromResult<CryoBackupException?>(null)
            : UserMappings.FindHiddenAsync(_connection, cancellationToken);

    /// <summary>True if the role may read the cluster's password hashes.</summary>
    /// <param name="cancellationToken">Ends the query.</param>
    public Task<bool> MayReadPasswordsAsync(CancellationToken cancellationToken) =>
        _connection.ScalarAsync<bool>("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')", cancellationToken);

    /// <summary>Closes the connection; the server then lets go of snapshot and locks.</summary>
    public async ValueTask DisposeAsync() =>
        await Patience.EndAsync(Task.Run(() => _connection.DisposeAsync().AsTask())).ConfigureAwait(false);

    /// <summary>A time as PostgreSQL's settings have it, where 0 would mean no limit.</summary>
    public static string Milliseconds(TimeSpan time) =>
        Math.Clamp((long)time.TotalMilliseconds, 1, int.MaxValue).ToString(CultureInfo.InvariantCulture);

    private static (uint Oid, string Name) Identity(DumpTable table) => (table.Oid, table.QuotedName);

    private static void ThrowFirst(IEnumerable<CryoBackupException> findings)
    {
        if (findings.FirstOrDefault() is { } finding)
        {
            throw finding;
        }
    }

    private static DumpTable ReadTable(NpgsqlDataReader row) =>
        new()
        {
            Oid = row.GetFieldValue<uint>(0),
            Schema = row.GetString(1),
            Name = row.GetString(2),
            QuotedName = row.GetString(3),
            Kind = row.GetString(4)[0],
            Bytes = row.GetInt64(5),
            Readable = row.GetBoolean(6),
            RowSecurity = row.GetBoolean(7),
            Parent = row.GetFieldValue<uint>(8),
            Extension = row.Text(9),
            Condition = row.Text(10),
            OnlyOnPrimary = row.GetBoolean(11),
        };

    /// <summary>A server that counts does not see by itself that whom it counts for was killed.</summary>
    private async Task WatchForOurDeathAsync(CancellationToken cancellationToken)
    {
        if (Facts.Major >= 14)
        {
            try
            {
                await _connection.ExecuteAsync("SET client_connection_check_interval = '2s'", cancellationToken).ConfigureAwait(false);
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidParameterValue)
            {
                // The server's platform cannot; the count runs to its end then.
            }
        }
    }

    private async Task LockAsync(DumpTable[] tables, CancellationToken cancellationToken)
    {
        foreach (DumpTable[] batch in tables.Where(table => table.Kind != 'S').Chunk(TablesPerStatement))
        {
            var statement = new StringBuilder("LOCK TABLE ");
            statement.AppendJoin(", ", batch.Select(table => "ONLY " + table.QuotedName));
            statement.Append(" IN ACCESS SHARE MODE");
            await _connection.ExecuteAsync(statement.ToString(), cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ExportAsync(CancellationToken cancellationToken)
    {
        await _connection
            .ReadAsync(
                "SELECT pg_catalog.pg_export_snapshot(), pg_catalog.clock_timestamp()",
                row => (Id, Time) = (row.GetString(0), row.GetDateTime(1).ToUniversalTime()),
                cancellationToken
            )
            .ConfigureAwait(false);
    }

    /// <summary>Now that the tables are locked, asking for their sizes waits for nobody. Maps of free space, and indexes of
    /// what lies beside the rows, are no rows, and of many tables they would be most of the question.</summary>
    private async Task MeasureAsync(DumpSelection selection, CancellationToken cancellationToken)
    {
        _tables = selection.Read.ToDictionary(table => table.Oid, table => table with { Bytes = 0 });
        await _connection
            .ReadAsync(
                """
                SELECT c.oid,
                    pg_catalog.pg_relation_size(c.oid) + coalesce(pg_catalog.pg_relation_size(nullif(c.reltoastrelid, 0::oid)), 0)
                FROM pg_catalog.unnest($1) AS t (oid) JOIN pg_catalog.pg_class c ON c.oid = t.oid
                """,
                row =>
                {
                    uint oid = row.GetFieldValue<uint>(0);
                    _tables[oid] = _tables[oid] with { Bytes = row.IsDBNull(1) ? 0 : row.GetInt64(1) };
                },
                cancellationToken,
                _tables.Values.Where(selection.TakesRows).Select(table => table.Oid).ToArray()
            )
            .ConfigureAwait(false);
    }

    /// <summary>How many more sessions the server must let the role open for the dump.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="needed">The sessions of a backup, with this one.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>What is to be said; null if it does.</returns>
    public Task<CryoBackupException?> FindLackOfSessionsAsync(ServerEndpoint endpoint, int needed, CancellationToken cancellationToken) =>
        SessionRoom.FindLackAsync(new ServerQuestions(_connection, cancellationToken), endpoint, endpoint.Database, needed);

    /// <summary>As <see cref="FindLackOfSessionsAsync"/>, but waits a while for sessions that are about to end.</summary>
    public Task<CryoBackupException?> AwaitSessionsAsync(ServerEndpoint endpoint, int needed, CancellationToken cancellationToken) =>
        SessionRoom.AwaitAsync(() => FindLackOfSessionsAsync(endpoint, needed, cancellationToken), cancellationToken);
}
