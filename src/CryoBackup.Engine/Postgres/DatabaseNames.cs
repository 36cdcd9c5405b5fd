using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>The names of a server's databases.</summary>
public static class DatabaseNames
{
    private const string ApplicationName = "CryoBackup completion";

    /// <summary>Asks a server for the databases that one may connect to; for a user who is typing,
    /// so it never takes long and never complains.</summary>
    /// <param name="connection">How the server is reached.</param>
    /// <param name="limit">How long it may take in all.</param>
    /// <returns>The names in ordinal order; none if the server could not be asked in time.</returns>
    public static IReadOnlyList<string> TryList(ConnectionRequest connection, TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        CancellationToken token = patience.Token;

        // On a thread of its own: looking up a host's name, or trying several hosts, hears no token.
        Task<IReadOnlyList<string>> names = Task.Run(() => ListAsync(connection, token), token);
        try
        {
            return names.Wait(limit) ? names.Result : [];
        }
        catch (AggregateException)
        {
            return [];
        }
    }

    private static async Task<IReadOnlyList<string>> ListAsync(ConnectionRequest request, CancellationToken cancellationToken)
    {
        var endpoint = ServerEndpoint.Resolve(request, "postgres", _ => { });
        return await ListAsync(endpoint, ApplicationName, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Asks a server for the databases that one may connect to, but for templates.</summary>
    /// <param name="endpoint">The server, with any database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="cancellationToken">Has the server cancel the question.</param>
    /// <returns>The names in ordinal order.</returns>
    internal static async Task<IReadOnlyList<string>> ListAsync(
        ServerEndpoint endpoint,
        string applicationName,
        CancellationToken cancellationToken
    )
    {
        await using NpgsqlConnection connection = await ServerConnection
            .OpenAsync(endpoint, applicationName, clientEncoding: null, cancellationToken)
            .ConfigureAwait(false);
        return await connection
            .ListAsync(
                "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname COLLATE \"C\"",
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
