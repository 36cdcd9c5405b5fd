using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>What an administrator can do about an error that the server itself reported, by its code.</summary>
internal static class SqlStateRemedies
{
    /// <summary>The advice for what is not found though it is there.</summary>
    public const string EmptySearchPath =
        "A function that names objects without their schema finds nothing here, for pg_dump, pg_restore, "
        + "ANALYZE and REFRESH run it with an empty search_path: "
        + "write the schemas into its body, or ALTER FUNCTION … SET search_path.";

    /// <summary>The advice for a code; null where none is better than the one for the kind of failure.</summary>
    /// <param name="said">What the server said.</param>
    /// <param name="endpoint">The server.</param>
    public static string? For(ServerMessage said, ServerEndpoint endpoint) =>
        said.SqlState switch
        {
            PostgresErrorCodes.UndefinedFunction or PostgresErrorCodes.UndefinedTable => EmptySearchPath,
            PostgresErrorCodes.ForeignKeyViolation =>
                "Rows refer to others that are not there, as after a time with triggers disabled or session_replication_role = "
                    + "replica: at the source, add or delete the rows "
                    + "that the detail names, or make the key anew as NOT VALID.",
            PostgresErrorCodes.UniqueViolation =>
                "Rows are there twice. At the source the index did not keep them apart, as one does that is damaged, or whose "
                    + "collation an upgrade of the operating system changed: "
                    + "REINDEX it there, which finds them, and remove one of each.",
            PostgresErrorCodes.CheckViolation =>
                "Rows do not satisfy a check that was changed after them, or that looks at other tables, at the time or at settings: "
                    + "at the source, correct the rows, make the check "
                    + "anew as NOT VALID, or make it a trigger.",
            PostgresErrorCodes.OutOfMemory when said.Text.Contains("shared memory", StringComparison.Ordinal) =>
                "The server has no room for more locks: raise max_locks_per_transaction and restart it.",
            PostgresErrorCodes.OutOfMemory
            or PostgresErrorCodes.ProgramLimitExceeded
            or PostgresErrorCodes.InternalError when TellsOfSize(said.Text) =>
                "A value is too large to be sent as text: 1 GB is the most, and bytea takes two characters for a byte. Find it (ORDER "
                    + "BY octet_length(…) DESC), and cut it in pieces or make it "
                    + "a large object; or leave out the table's rows with -ExcludeTableData and save them apart with COPY … (FORMAT "
                    + "binary).",
            PostgresErrorCodes.OutOfMemory =>
                "The server's machine has no memory left for it: free some, or lower work_mem, maintenance_work_mem or the number of jobs.",
            PostgresErrorCodes.ObjectNotInPrerequisiteState when endpoint.Database == "template0" =>
                "Nothing of yours is in template0, and no session may change that; -All leaves it out.",
            PostgresErrorCodes.ObjectNotInPrerequisiteState
                when said.Text.Contains("not currently accepting connections", StringComparison.Ordinal) =>
                $"It takes no connections (datallowconn): ALTER DATABASE {Sql.Quote(endpoint.Database)} ALLOW_CONNECTIONS true.",
            PostgresErrorCodes.TooManyConnections => $"Too few sessions are free for role '{endpoint.UserName}': end others, "
                + "or raise what limits them (ALTER ROLE or ALTER DATABASE … CONNECTION LIMIT, max_connections).",
            PostgresErrorCodes.ObjectInUse => "Other sessions use it (pg_stat_activity): end them, or wait for their end.",
            PostgresErrorCodes.QueryCanceled =>
                "A time limit of the role, the database or the server (statement_timeout) or another session (pg_cancel_backend) "
                    + "ended the statement: raise the limit for this role.",
            PostgresErrorCodes.SerializationFailure when said.Text.Contains("recovery", StringComparison.Ordinal) =>
                "The standby needed what the backup was reading: raise max_standby_streaming_delay there (-1 for as long as it takes) "
                    + "or turn hot_standby_feedback on, or back up from the primary.",
            PostgresErrorCodes.ReadOnlySqlTransaction =>
                "The server takes no changes: it is a standby, or default_transaction_read_only is on (ALTER ROLE, ALTER DATABASE, "
                    + "postgresql.conf). Name the primary, or turn the setting off.",
            PostgresErrorCodes.ProtocolViolation =>
                "A pooler such as PgBouncer seems to stand before the server: name the server itself, with its own port, "
                    + "for this work needs whole sessions with settings of their own.",
            _ => null,
        };

    private static bool TellsOfSize(string text) =>
        text.Contains("invalid memory alloc request size", StringComparison.Ordinal)
        || text.Contains("string buffer", StringComparison.Ordinal)
        || text.Contains("string too long", StringComparison.Ordinal);
}
