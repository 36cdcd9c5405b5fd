using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>One moment of a database, held by a session that does nothing else, so that several others see the same.</summary>
internal sealed class SharedSnapshot : IAsyncDisposable
{
    private SharedSnapshot(NpgsqlConnection connection, string id)
    {
        Connection = connection;
        Id = id;
    }

    /// <summary>The session that holds it, for what is to be asked at that moment.</summary>
    public NpgsqlConnection Connection { get; }

    /// <summary>What SET TRANSACTION SNAPSHOT takes.</summary>
    public string Id { get; }

    /// <summary>Takes the snapshot.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The encoding of the database that the archive is of.</param>
    /// <param name="cancellationToken">Ends the connecting and the queries.</param>
    /// <returns>The snapshot, there until it is disposed of.</returns>
    public static async Task<SharedSnapshot> TakeAsync(
        ServerEndpoint endpoint,
        string applicationName,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        NpgsqlConnection connection = await TargetDatabase
            .OpenAsync(endpoint, applicationName, encoding, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            await connection
                .ExecuteAsync([.. SessionSettings.ForReading, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"], cancellationToken)
                .ConfigureAwait(false);
            return new SharedSnapshot(
                connection,
                await connection.ScalarAsync<string>("SELECT pg_catalog.pg_export_snapshot()", cancellationToken).ConfigureAwait(false)
            );
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Has the server end sessions, whatever they wait for.</summary>
    /// <param name="processes">The IDs of their server processes.</param>
    public Task EndAsync(int[] processes) =>
        Connection.ScalarAsync<long>(
            "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.unnest($1) AS pid",
            CancellationToken.None,
            processes
        );

    /// <summary>Lets the moment go.</summary>
    public ValueTask DisposeAsync() => Connection.DisposeAsync();
}
