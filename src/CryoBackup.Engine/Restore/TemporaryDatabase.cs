using System.Globalization;
using System.Text;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// The database that a restore makes under a temporary name, and renames once it is proven. The name ends as the names of the run's
/// sessions do, one of which lives as long as the run: a database without such a session was left by a run that died, and the next one
/// removes it.
/// </summary>
internal static class TemporaryDatabase
{
    private const string Prefix = "cryobackup_restore_";
    private const int TokenLength = 16;
    private const int LongestName = 63;
    private const int RenameAttempts = 10;

    /// <summary>A name for the sessions of one run.</summary>
    public static string NewApplicationName() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid().ToString("N").AsSpan(0, TokenLength)}"
        );

    /// <summary>The temporary name of a run's database.</summary>
    /// <param name="applicationName">The name of the run's sessions.</param>
    public static string NameFor(string applicationName) => Prefix + applicationName[^TokenLength..];

    /// <summary>The name under which the database that is swapped out is kept.</summary>
    /// <param name="database">Its name until now.</param>
    /// <returns>The name with the time, cut so that PostgreSQL does not cut it.</returns>
    public static string PreviousName(string database)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"_before_{DateTime.UtcNow:yyyyMMdd_HHmmss}");
        int length = database.Length;
        while (
            Encoding.UTF8.GetByteCount(database.AsSpan(0, length)) + suffix.Length > LongestName
            || (length > 0 && char.IsHighSurrogate(database[length - 1]))
        )
        {
            length--;
        }

        return database[..length] + suffix;
    }

    /// <summary>Looks for databases that runs which died have left.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The names of those that this role may drop.</returns>
    public static Task<List<string>> FindAbandonedAsync(NpgsqlConnection server, CancellationToken cancellationToken) =>
        server.ListAsync(
            """
            SELECT d.datname
            FROM pg_catalog.pg_database d
            WHERE d.datname ~ $1 AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                              WHERE a.application_name LIKE 'CryoBackup %' AND pg_catalog.right(a.application_name,
                                  $2) = pg_catalog.right(d.datname::text, $2))
            """,
            cancellationToken,
            string.Create(CultureInfo.InvariantCulture, $"^{Prefix}[0-9a-f]{{{TokenLength}}}$"),
            TokenLength
        );

    /// <summary>The sessions that use a database, without those of this run and those that the server ends
    /// by itself for a rename.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="database">The database.</param>
    /// <param name="applicationName">The name of the run's sessions.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Their number.</returns>
    public static Task<long> CountSessionsAsync(
        NpgsqlConnection server,
        string database,
        string applicationName,
        CancellationToken cancellationToken
    ) =>
        server.ScalarAsync<long>(
            """
            SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity
            WHERE datname = $1 AND application_name <> $2 AND backend_type IS DISTINCT FROM 'autovacuum worker'
            """,
            cancellationToken,
            database,
            applicationName
        );

    /// <summary>The sessions of a run.</summary>
    /// <param name="connection">A connection to the server.</param>
    /// <param name="applicationName">The name of the run's sessions.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Their number.</returns>
    public static Task<long> CountSessionsOfAsync(
        NpgsqlConnection connection,
        string applicationName,
        CancellationToken cancellationToken
    ) =>
        connection.ScalarAsync<long>(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE application_name = $1",
            cancellationToken,
            applicationName
        );

    /// <summary>Gives the restored database what the archive says of the database itself: settings, privileges, a comment.</summary>
    /// <param name="working">The server, with the temporary database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="plan">What is restored, in the archive's encoding: roles may have names that only the archive's own bytes tell.</param>
    /// <param name="cancellationToken">Has the server cancel the statement that runs.</param>
    public static async Task FinishAsync(
        ServerEndpoint working,
        string applicationName,
        RestorePlan plan,
        CancellationToken cancellationToken
    )
    {
        string[] statements = [.. plan.DatabaseStatements.Select(statement => statement.For(working.Database))];
        if (statements.Length > 0)
        {
            await using NpgsqlConnection connection = await TargetDatabase
                .OpenAsync(working, applicationName, plan.Encoding, cancellationToken)
                .ConfigureAwait(false);
            await connection.ExecuteAsync(statements, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The statements that give the temporary database its name.</summary>
    /// <param name="temporary">The name that the restored one has.</param>
    /// <param name="database">The name that it gets.</param>
    /// <param name="previous">The name that the old one gets; null where there is none.</param>
    public static string[] Renames(string temporary, string database, string? previous) =>
        [
            .. previous is null ? Array.Empty<string>() : [$"ALTER DATABASE {Sql.Quote(database)} RENAME TO {Sql.Quote(previous)}"],
            $"ALTER DATABASE {Sql.Quote(temporary)} RENAME TO {Sql.Quote(database)}",
        ];

    /// <summary>Gives the temporary database its name; the one that had the name gets another, in one transaction.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="temporary">The name that the restored one has.</param>
    /// <param name="database">The name that it gets.</param>
    /// <param name="previous">The name that the old one gets; null where there is none.</param>
    /// <param name="endSessions">True to end the old one's sessions.</param>
    /// <param name="cancellationToken">Ends the work before the rename; that is done or not done.</param>
    /// <exception cref="CryoBackupException">RestoreFailed: sessions use the old database; it serves on.</exception>
    public static async Task RenameAsync(
        NpgsqlConnection server,
        string temporary,
        string database,
        string? previous,
        bool endSessions,
        CancellationToken cancellationToken
    )
    {
        string[] renames = Renames(temporary, database, previous);
        for (int attempt = 1; ; attempt++)
        {
            if (endSessions && previous is not null)
            {
                await EndSessionsAsync(server, "datname = $1", database, cancellationToken).ConfigureAwait(false);
            }

            // A pooler keeps sessions of ours, to hand them to whoever comes next; nobody else knows the temporary name.
            await EndSessionsAsync(server, "datname = $1 AND usename = current_user", temporary, cancellationToken).ConfigureAwait(false);
            await using NpgsqlTransaction transaction = await server.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await server.ExecuteAsync(renames, cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse && previous is not null)
            {
                await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(false);

                // A client may have come back between the end of its session and the rename.
                if (!endSessions || attempt == RenameAttempts)
                {
                    throw new CryoBackupException(
                        CryoBackupError.RestoreFailed,
                        $"The database '{database}' was not exchanged, because it is in use: {exception.Detail ?? exception.MessageText}",
                        database,
                        "Stop the application, or give -Force to end its sessions.",
                        inner: exception
                    );
                }
            }
        }
    }

    /// <summary>Whether the rename was carried out, though its answer did not arrive.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="temporary">The temporary name.</param>
    /// <param name="previous">The name that the old one was to get; null where there was none.</param>
    /// <param name="database">The name that the restored one was to get.</param>
    /// <returns>Null where the server does not answer.</returns>
    public static async Task<bool?> WasRenamedAsync(ServerEndpoint endpoint, string temporary, string? previous, string database)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            await using NpgsqlConnection server = await TargetDatabase
                .ConnectToServerAsync(endpoint, "CryoBackup", patience.Token)
                .ConfigureAwait(false);
            return await server
                .ScalarAsync<bool>(
                    "SELECT pg_catalog.count(*) FILTER (WHERE datname = $1) = 0 AND pg_catalog.count(*) FILTER (WHERE datname = $2) "
                        + "> 0 FROM pg_catalog.pg_database",
                    patience.Token,
                    temporary,
                    previous ?? database
                )
                .ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            return null;
        }
    }

    private static Task EndSessionsAsync(NpgsqlConnection server, string which, string database, CancellationToken cancellationToken) =>
        server.ScalarAsync<long>(
            $"SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE {which}",
            cancellationToken,
            database
        );
}
