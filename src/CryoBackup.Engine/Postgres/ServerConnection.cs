using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Opens sessions on a server.</summary>
internal static class ServerConnection
{
    /// <summary>Opens one.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">PostgreSQL's name of the session's encoding; null for UTF-8. See <see cref="ServerEndpoint.ToNpgsql"/>.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The session, unpooled: it ends when it is disposed of.</returns>
    public static async Task<NpgsqlConnection> OpenAsync(
        ServerEndpoint endpoint, string applicationName, string? clientEncoding, CancellationToken cancellationToken)
        => await Prepare(endpoint.ToNpgsql(applicationName, clientEncoding)).OpenConnectionAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Opens one for a thread of its own, which it holds until it is open.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">As for the other one.</param>
    /// <param name="readBuffer">The size of the buffer in which answers come, in bytes.</param>
    /// <returns>The session, unpooled: it ends when it is disposed of.</returns>
    public static NpgsqlConnection Open(ServerEndpoint endpoint, string applicationName, string? clientEncoding, int readBuffer)
    {
        NpgsqlConnectionStringBuilder connection = endpoint.ToNpgsql(applicationName, clientEncoding);
        connection.ReadBufferSize = readBuffer;
        return Prepare(connection).OpenConnection();
    }

    private static NpgsqlDataSource Prepare(NpgsqlConnectionStringBuilder connection)
    {
        // Only PostgreSQL's own types are used; of all others Npgsql cannot read every name: not those with dots, nor bytes of no encoding.
        // The slim builder knows only the plain ones; the full one takes its time in every run to make all others ready.
        return new NpgsqlSlimDataSourceBuilder(connection.ConnectionString)
            .ConfigureTypeLoading(types => types.EnableTypeLoading(false))
            .EnableArrays()
            .EnableTransportSecurity()
            .EnableIntegratedSecurity()
            .Build();
    }
}
