using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>The sessions of a run, which all bear its name.</summary>
internal static class RunSessions
{
    /// <summary>Ends every other session that bears this run's name; what pg_dump leaves behind when it is killed.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">The name of the run's sessions.</param>
    public static Task EndAsync(ServerEndpoint endpoint, string applicationName)
    {
        // On a thread of its own, because a frozen server holds up even the opening.
        return Patience.EndAsync(
            Task.Run(async () =>
            {
                await using NpgsqlConnection connection = await ServerConnection
                    .OpenAsync(endpoint, "CryoBackup cleanup", null, CancellationToken.None)
                    .ConfigureAwait(false);
                await connection
                    .ScalarAsync<long>(
                        "SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity WHERE "
                            + "application_name = $1 AND pid <> pg_catalog.pg_backend_pid()",
                        CancellationToken.None,
                        applicationName
                    )
                    .ConfigureAwait(false);
            })
        );
    }
}
