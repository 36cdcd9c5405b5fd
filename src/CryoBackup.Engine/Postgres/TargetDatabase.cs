using CryoBackup.Archive;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>The database that a restore goes into: whether it is there, whether it is empty, and its making.</summary>
internal static class TargetDatabase
{
    private const string FirstObjectQuery = """
        SELECT pg_catalog.convert_to(name, CASE pg_catalog.current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII'
            ELSE 'UTF8' END) FROM (
            SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), 1, 'pg_catalog.pg_class'::regclass, c.oid
                FROM pg_catalog.pg_class c
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind NOT IN ('i', 'I') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            UNION ALL
            SELECT 'function ' || p.oid::regprocedure::text, 2, 'pg_catalog.pg_proc'::regclass, p.oid FROM pg_catalog.pg_proc p
                JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            UNION ALL
            SELECT 'type ' || t.oid::regtype::text, 3, 'pg_catalog.pg_type'::regclass, t.oid FROM pg_catalog.pg_type t
                JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
                WHERE t.typcategory <> 'A' AND t.typtype <> 'm' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                    AND NOT EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.oid = t.typrelid AND r.relkind <> 'c')
            UNION ALL
            SELECT 'schema ' || pg_catalog.quote_ident(nspname), 4, 'pg_catalog.pg_namespace'::regclass, oid
                FROM pg_catalog.pg_namespace
                WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
                    AND oid NOT IN (SELECT extnamespace FROM pg_catalog.pg_extension)
            UNION ALL
            SELECT 'large object ' || oid, 5, 'pg_catalog.pg_largeobject'::regclass, oid FROM pg_catalog.pg_largeobject_metadata
        ) AS found (name, rank, class, oid)
        WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = found.class AND d.objid = found.oid AND d.deptype = 'e')
        ORDER BY rank, oid LIMIT 1
        """;

    // Databases to connect to where the target itself may not exist.
    private static readonly string[] Doors = ["postgres", "template1"];

    /// <summary>The databases that a server has from its beginning, and by which programs reach it.</summary>
    public static IReadOnlyList<string> Maintenance { get; } = [.. Doors, "template0"];

    /// <summary>The target as it was found.</summary>
    /// <param name="Major">The server's major version.</param>
    /// <param name="Exists">True if the database exists.</param>
    /// <param name="FirstObject">A user's object in it; null if it has none or does not exist.</param>
    /// <param name="Extensions">The extensions in it, which a restore keeps.</param>
    /// <param name="ExtensionSchemas">The schemas that they are in.</param>
    /// <param name="ExtensionNeeds">What else their members hang on, in the server's words: transforms that were there before them.</param>
    public sealed record State(
        int Major,
        bool Exists,
        string? FirstObject,
        IReadOnlyCollection<string> Extensions,
        IReadOnlyCollection<string> ExtensionSchemas,
        IReadOnlyCollection<string> ExtensionNeeds
    )
    {
        /// <summary>True if an entry of an archive makes an extension that is there, the schema that it is in,
        /// or says something of it.</summary>
        /// <param name="entry">The entry.</param>
        public bool Keeps(TocEntry entry) =>
            entry.Kind switch
            {
                "EXTENSION" => Extensions.Contains(entry.Name),
                "COMMENT" => entry.Name.StartsWith(OfExtension, StringComparison.Ordinal)
                    && Extensions.Contains(entry.Name[OfExtension.Length..].Trim('"')),
                "SCHEMA" => ExtensionSchemas.Contains(entry.Name),
                "TRANSFORM" => ExtensionNeeds.Any(need => need.EndsWith(entry.Name, StringComparison.OrdinalIgnoreCase)),
                _ => false,
            };
    }

    private const string OfExtension = "EXTENSION ";

    /// <summary>Looks at the target and changes nothing.</summary>
    /// <param name="endpoint">The server, with the target's name as the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>What was found.</returns>
    public static async Task<State> InspectAsync(
        ServerEndpoint endpoint,
        string applicationName,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        await using NpgsqlConnection server = await ConnectToServerAsync(endpoint, applicationName, cancellationToken)
            .ConfigureAwait(false);
        int major = server.PostgreSqlVersion.Major;
        if (
            await server
                .ScalarAsync<long>(
                    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_database WHERE datname = $1",
                    cancellationToken,
                    endpoint.Database
                )
                .ConfigureAwait(false) == 0
        )
        {
            return new State(major, false, null, [], [], []);
        }

        await using NpgsqlConnection target = await OpenAsync(endpoint, applicationName, encoding, cancellationToken).ConfigureAwait(false);

        // As bytes, for in a database of SQL_ASCII names may be of any encoding.
        byte[]? name = await target.ScalarAsync<byte[]?>(FirstObjectQuery, cancellationToken).ConfigureAwait(false);
        var ask = new ServerQuestions(target, cancellationToken);
        return new State(
            major,
            true,
            name is null ? null : ServerEncoding.Decode(name, encoding: null),
            await ask.ListAsync("SELECT extname::text FROM pg_catalog.pg_extension WHERE extname <> ALL ($1)", []).ConfigureAwait(false),
            await ask.ListAsync(
                    "SELECT DISTINCT n.nspname::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = "
                        + "e.extnamespace WHERE n.nspname <> ALL ($1)",
                    ["public", "pg_catalog"]
                )
                .ConfigureAwait(false),
            await ask.ListAsync(
                    """
                    SELECT DISTINCT pg_catalog.pg_describe_object(d.refclassid, d.refobjid, 0)
                    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_depend m ON m.classid = d.classid AND m.objid = d.objid
                        AND m.deptype = 'e'
                    WHERE d.refclassid = 'pg_catalog.pg_transform'::regclass AND m.objid::text <> ALL ($1)
                    """,
                    []
                )
                .ConfigureAwait(false)
        );
    }

    /// <summary>Creates a database from template0, so that nothing of a site's template1 gets into it.</summary>
    /// <param name="server">A connection to another database of the server.</param>
    /// <param name="database">The name.</param>
    /// <param name="options">What follows the name in CREATE DATABASE.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public static Task CreateAsync(NpgsqlConnection server, string database, string options, CancellationToken cancellationToken) =>
        server.ExecuteAsync(Creation(database, options), cancellationToken);

    /// <summary>The statement that creates a database.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="options">What follows the name.</param>
    public static string Creation(string database, string options) => $"CREATE DATABASE {Sql.Quote(database)} {options}";

    /// <summary>Whether the server has the database.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <returns>Null where the server does not answer.</returns>
    public static async Task<bool?> ExistsAsync(ServerEndpoint endpoint, string applicationName)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await using NpgsqlConnection server = await ConnectToServerAsync(endpoint, applicationName, patience.Token)
                .ConfigureAwait(false);
            return await new ServerQuestions(server, patience.Token)
                .AskAsync<bool>("SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1)", endpoint.Database)
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Drops the database that a failed restore had created, with the sessions in it.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <returns>Null if it is gone, else why it is not.</returns>
    public static async Task<string?> TryDropAsync(ServerEndpoint endpoint, string applicationName)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            await using NpgsqlConnection server = await ConnectToServerAsync(endpoint, applicationName, patience.Token)
                .ConfigureAwait(false);
            await DropAsync(server, endpoint, applicationName, patience.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            return NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed).Message;
        }
    }

    /// <summary>Drops a database, with the sessions in it.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="cancellationToken">Ends the statements.</param>
    public static async Task DropAsync(
        NpgsqlConnection server,
        ServerEndpoint endpoint,
        string applicationName,
        CancellationToken cancellationToken
    )
    {
        string force = server.PostgreSqlVersion.Major >= 13 ? " WITH (FORCE)" : "";
        string drop = $"DROP DATABASE IF EXISTS {Sql.Quote(endpoint.Database)}{force}";
        try
        {
            await server.ExecuteAsync(drop, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.WrongObjectType)
        {
            // A backup of a template makes one.
            await server
                .ExecuteAsync($"ALTER DATABASE {Sql.Quote(endpoint.Database)} IS_TEMPLATE false", cancellationToken)
                .ConfigureAwait(false);
            await DropAsync(server, endpoint, applicationName, cancellationToken).ConfigureAwait(false);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            // Subscriptions forbid it. They are let go without a word to their publishers,
            // whose slots belong to the database that was saved.
            await using NpgsqlConnection target = await OpenAsync(endpoint, applicationName, encoding: null, cancellationToken)
                .ConfigureAwait(false);
            foreach (string subscription in await SubscriptionsAsync(target, cancellationToken).ConfigureAwait(false))
            {
                string name = Sql.Quote(subscription);
                await target
                    .ExecuteAsync(
                        [
                            $"ALTER SUBSCRIPTION {name} DISABLE",
                            $"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)",
                            $"DROP SUBSCRIPTION {name}",
                        ],
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            }

            await target.CloseAsync().ConfigureAwait(false);
            await server.ExecuteAsync(drop, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Connects to the server by a database that is not the target.</summary>
    /// <param name="endpoint">The server, with the target's name as the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The open connection.</returns>
    public static async Task<NpgsqlConnection> ConnectToServerAsync(
        ServerEndpoint endpoint,
        string applicationName,
        CancellationToken cancellationToken
    )
    {
        // The target itself may have to be renamed, which our own session would forbid.
        string[] candidates = [.. Doors.Where(database => !string.Equals(database, endpoint.Database, StringComparison.Ordinal))];
        foreach (string database in candidates)
        {
            try
            {
                return await OpenAsync(endpoint.WithDatabase(database), applicationName, encoding: null, cancellationToken)
                    .ConfigureAwait(false);
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.InvalidCatalogName && database != candidates[^1])
            {
                // Some sites drop the database postgres.
            }
        }

        throw new InvalidOperationException("Unreachable: the last database either opens or throws.");
    }

    /// <summary>Connects to the endpoint's own database, to look at it as an archive has it.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it; null to look at nothing that is named in it.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The open connection, which takes names as <see cref="ServerEncoding"/> reads them from the archive.</returns>
    public static Task<NpgsqlConnection> OpenAsync(
        ServerEndpoint endpoint,
        string applicationName,
        string? encoding,
        CancellationToken cancellationToken
    ) => ServerConnection.OpenAsync(endpoint, applicationName, ServerEncoding.IsRaw(encoding) ? encoding : null, cancellationToken);

    private static Task<List<string>> SubscriptionsAsync(NpgsqlConnection target, CancellationToken cancellationToken) =>
        target.ListAsync(
            "SELECT subname FROM pg_catalog.pg_subscription WHERE subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = "
                + "pg_catalog.current_database())",
            cancellationToken
        );
}
