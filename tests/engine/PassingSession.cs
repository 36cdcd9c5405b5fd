using Npgsql;

namespace CryoBackup.Tests;

/// <summary>A session that lasts until a run has counted it. The server ends it, however late this process gets its turn.</summary>
internal sealed class PassingSession : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly Task _end;

    /// <param name="connection">The session; open, and disposed of here.</param>
    /// <param name="count">How the query begins by which a run counts sessions.</param>
    public PassingSession(NpgsqlConnection connection, string count)
    {
        _connection = connection;
        _end = LastAsync(count);
    }

    /// <exception cref="PostgresException">It did not end as it was to.</exception>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _end;
        }
        finally
        {
            await _connection.DisposeAsync();
        }
    }

    private async Task LastAsync(string count)
    {
        await using var command = new NpgsqlCommand(
            $"""
            DO $$ BEGIN
                WHILE NOT EXISTS (
                    SELECT FROM pg_catalog.pg_stat_activity
                    WHERE application_name LIKE 'CryoBackup %-%' AND state LIKE 'idle%' AND starts_with(query, '{count}')
                ) LOOP
                    PERFORM pg_catalog.pg_sleep(0.01), pg_catalog.pg_stat_clear_snapshot();
                END LOOP;
                PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());
            END $$
            """,
            _connection
        )
        {
            CommandTimeout = 120,
        };
        PostgresException end = await Assert.ThrowsAsync<PostgresException>(() => command.ExecuteNonQueryAsync());
        Assert.Equal(PostgresErrorCodes.AdminShutdown, end.SqlState);
    }
}
