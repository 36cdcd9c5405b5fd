using System.Globalization;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>
/// The temporary database of a swap. Its comment marks it with the name of the run's sessions, one of which lives as long as the run;
/// a marked database without such a session was left by a run that died, and the next one removes it.
/// </summary>
internal static class SwapDatabase
{
    private const string Prefix = "cryobackup_swap_";
    private const string Mark = "Unfinished restore by CryoBackup, sessions named: ";
    private const int RenameAttempts = 10;

    /// <summary>A name for the temporary database.</summary>
    public static string NewName() => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{DateTime.UtcNow:yyyyMMddHHmmss}_{Environment.ProcessId}");

    /// <summary>The name under which the database that is swapped out is kept.</summary>
    /// <param name="database">Its name until now.</param>
    /// <returns>The name with the time, cut so that PostgreSQL does not cut it.</returns>
    public static string PreviousName(string database)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"_before_{DateTime.UtcNow:yyyyMMdd_HHmmss}");
        int length = database.Length;
        while (System.Text.Encoding.UTF8.GetByteCount(database.AsSpan(0, length)) + suffix.Length > 63 || (length > 0 && char.IsHighSurrogate(database[length - 1])))
        {
            length--;
        }

        return database[..length] + suffix;
    }

    /// <summary>Marks a database as unfinished.</summary>
    /// <param name="server">A connection to another database, which stays open as long as the run.</param>
    /// <param name="database">The database.</param>
    /// <param name="applicationName">The name of the run's sessions.</param>
    /// <param name="cancellationToken">Ends the statement.</param>
    public static Task MarkAsync(NpgsqlConnection server, string database, string applicationName, CancellationToken cancellationToken)
        => ExecuteAsync(server, $"COMMENT ON DATABASE {TargetDatabase.Quote(database)} IS '{Mark}{applicationName}'", cancellationToken);

    /// <summary>Drops marked databases whose run has died.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="cancellationToken">Ends the statements.</param>
    /// <returns>The names of what was dropped.</returns>
    public static async Task<List<string>> RemoveAbandonedAsync(NpgsqlConnection server, CancellationToken cancellationToken)
    {
        var abandoned = new List<string>();
        await using (var command = new NpgsqlCommand(
            """
            SELECT d.datname
            FROM pg_catalog.pg_database d
            WHERE d.datname LIKE $1 AND pg_catalog.pg_has_role(d.datdba, 'USAGE')
              AND pg_catalog.shobj_description(d.oid, 'pg_database') LIKE $2
              AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                              WHERE a.application_name = pg_catalog.substr(pg_catalog.shobj_description(d.oid, 'pg_database'), $3))
            """,
            server)
        {
            Parameters =
            {
                new() { Value = Prefix.Replace("_", "\\_", StringComparison.Ordinal) + "%" },
                new() { Value = Mark + "%" },
                new() { Value = Mark.Length + 1 },
            },
        })
        await using (NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false))
        {
            while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                abandoned.Add(row.GetString(0));
            }
        }

        foreach (string database in abandoned)
        {
            string force = server.PostgreSqlVersion.Major >= 13 ? " WITH (FORCE)" : "";
            await ExecuteAsync(server, $"DROP DATABASE IF EXISTS {TargetDatabase.Quote(database)}{force}", cancellationToken).ConfigureAwait(false);
        }

        return abandoned;
    }

    /// <summary>The sessions that use a database.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="database">The database.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>Their number.</returns>
    public static async Task<long> CountSessionsAsync(NpgsqlConnection server, string database, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT count(*) FROM pg_catalog.pg_stat_activity WHERE datname = $1", server)
        {
            Parameters = { new() { Value = database } },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false))!;
    }

    /// <summary>Exchanges the two databases' names in one transaction, with the statements on the database itself.</summary>
    /// <param name="server">A connection to another database.</param>
    /// <param name="database">The name that the restored one gets.</param>
    /// <param name="temporary">The name that it has.</param>
    /// <param name="previous">The name that the old one gets.</param>
    /// <param name="statements">Run on the restored one, under its temporary name, first.</param>
    /// <param name="endSessions">True to end the old one's sessions.</param>
    /// <param name="cancellationToken">Ends the work before the swap; the swap is done or not done.</param>
    /// <exception cref="CryoBackupException">RestoreFailed: sessions use the old database; it serves on.</exception>
    public static async Task ExchangeAsync(
        NpgsqlConnection server, string database, string temporary, string previous, IReadOnlyList<string> statements, bool endSessions, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (endSessions)
            {
                await using var end = new NpgsqlCommand("SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE datname = $1", server)
                {
                    Parameters = { new() { Value = database } },
                };
                await end.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            }

            await using NpgsqlTransaction transaction = await server.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await ExecuteAsync(server, $"COMMENT ON DATABASE {TargetDatabase.Quote(temporary)} IS NULL", cancellationToken).ConfigureAwait(false);
                foreach (string statement in statements)
                {
                    await ExecuteAsync(server, statement, cancellationToken).ConfigureAwait(false);
                }

                await ExecuteAsync(server, $"ALTER DATABASE {TargetDatabase.Quote(database)} RENAME TO {TargetDatabase.Quote(previous)}", cancellationToken).ConfigureAwait(false);
                await ExecuteAsync(server, $"ALTER DATABASE {TargetDatabase.Quote(temporary)} RENAME TO {TargetDatabase.Quote(database)}", cancellationToken).ConfigureAwait(false);
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                await transaction.RollbackAsync(CancellationToken.None).ConfigureAwait(false);

                // A client may have come back between the end of its session and the rename.
                if (!endSessions || attempt == RenameAttempts)
                {
                    throw new CryoBackupException(
                        CryoBackupError.RestoreFailed,
                        $"The database '{database}' was not exchanged, because sessions use it; it serves on as it was.",
                        database,
                        "Stop the application, or give -Force to end its sessions.",
                        inner: exception);
                }
            }
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string statement, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }
}
