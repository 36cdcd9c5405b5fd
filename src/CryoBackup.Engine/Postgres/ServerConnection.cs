using System.Security.Authentication;
using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Opens sessions on a server.</summary>
internal static class ServerConnection
{
    /// <summary>Opens one, and lets it begin as every session of ours does: with an empty search path and our own settings.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">PostgreSQL's name of the session's encoding; null for UTF-8.
    /// See <see cref="ServerEndpoint.ToNpgsql"/>.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    /// <returns>The session, unpooled: it ends when it is disposed of.</returns>
    public static async Task<NpgsqlConnection> OpenAsync(
        ServerEndpoint endpoint,
        string applicationName,
        string? clientEncoding,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            int known = endpoint.Server.Major;
            NpgsqlConnection session = await ConnectAsync(endpoint, applicationName, clientEncoding, cancellationToken)
                .ConfigureAwait(false);
            try
            {
                await BeginAsync(session, endpoint, cancellationToken).ConfigureAwait(false);
                endpoint.Server.IsReadOnly =
                    await session.ScalarAsync<object?>(SessionSettings.IfReadOnly, cancellationToken).ConfigureAwait(false) is "on";
                if (!endpoint.Server.KeepsSessions)
                {
                    await CheckPoolAsync(session, endpoint, cancellationToken).ConfigureAwait(false);
                }

                return session;
            }
            catch (NpgsqlException exception) when (WasIdle(exception, known))
            {
                await session.DisposeAsync().ConfigureAwait(false);
                // Now that the version is known, the next one is told so at its start.
            }
            catch
            {
                await session.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    private static async Task<NpgsqlConnection> ConnectAsync(
        ServerEndpoint endpoint,
        string applicationName,
        string? clientEncoding,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await Prepare(endpoint, endpoint.ToNpgsql(applicationName, clientEncoding))
                .OpenConnectionAsync(cancellationToken)
                .ConfigureAwait(false);
        }
        catch (NpgsqlException exception)
            when (exception.InnerException is AuthenticationException && endpoint.SslMode is SslMode.VerifyCA or SslMode.VerifyFull)
        {
            if (await ServerCertificate.FindFaultAsync(endpoint, cancellationToken).ConfigureAwait(false) is { } fault)
            {
                throw new NpgsqlException("The server's certificate is not accepted", new AuthenticationException(fault));
            }

            throw;
        }
    }

    /// <summary>Opens one for a thread of its own, which it holds until it is open. It begins like the others.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="clientEncoding">As for the other one.</param>
    /// <param name="readBuffer">The size of the buffer in which answers come, in bytes.</param>
    /// <returns>The session, unpooled: it ends when it is disposed of.</returns>
    public static NpgsqlConnection Open(ServerEndpoint endpoint, string applicationName, string? clientEncoding, int readBuffer)
    {
        while (true)
        {
            int known = endpoint.Server.Major;
            NpgsqlConnectionStringBuilder connection = endpoint.ToNpgsql(applicationName, clientEncoding);
            connection.ReadBufferSize = readBuffer;
            NpgsqlConnection session = Prepare(endpoint, connection).OpenConnection();
            try
            {
                using (NpgsqlCommand first = First(session, endpoint))
                {
                    first.ExecuteNonQuery();
                }

                endpoint.Server.IsReadOnly = session.Scalar<object?>(SessionSettings.IfReadOnly) is "on";
                return session;
            }
            catch (NpgsqlException exception) when (WasIdle(exception, known))
            {
                session.Dispose();
                // Now that the version is known, the next one is told so at its start.
            }
            catch
            {
                session.Dispose();
                throw;
            }
        }
    }

    private static async Task BeginAsync(NpgsqlConnection session, ServerEndpoint endpoint, CancellationToken cancellationToken)
    {
        await using NpgsqlCommand first = First(session, endpoint);
        await first.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where the server's number of the session is not the one that it was given, a pooler answered for it.</summary>
    private static async Task CheckPoolAsync(NpgsqlConnection session, ServerEndpoint endpoint, CancellationToken cancellationToken)
    {
        if (session.ProcessID != await TransactionPool.AskAsync(session, cancellationToken).ConfigureAwait(false))
        {
            await using NpgsqlConnection another = await Prepare(endpoint, endpoint.ToNpgsql("CryoBackup", null))
                .OpenConnectionAsync(cancellationToken)
                .ConfigureAwait(false);
            await BeginAsync(another, endpoint, cancellationToken).ConfigureAwait(false);
            await TransactionPool.RefuseAsync(session, another, endpoint, cancellationToken).ConfigureAwait(false);
        }

        endpoint.Server.KeepsSessions = true;
    }

    private static NpgsqlCommand First(NpgsqlConnection session, ServerEndpoint endpoint)
    {
        endpoint.Server.Major = session.PostgreSqlVersion.Major;
        return new(SessionSettings.First(endpoint.Server.Major, endpoint.Options), session);
    }

    /// <summary>
    /// A server of 14 or later may be told to end a session before our first statement has arrived. The option against that is unknown to
    /// older ones, which would refuse the session for it; so it is given as soon as the version is known.
    /// </summary>
    private static bool WasIdle(NpgsqlException exception, int knownMajor) =>
        knownMajor == 0
        && exception is PostgresException { SqlState: "57P05" } or { InnerException: IOException or System.Net.Sockets.SocketException };

    private static NpgsqlDataSource Prepare(ServerEndpoint endpoint, NpgsqlConnectionStringBuilder connection)
    {
        // Only PostgreSQL's own types are used; of all others Npgsql cannot read every name: not those with dots, nor bytes of no encoding.
        // The slim builder knows only the plain ones; the full one takes its time in every run to make all others ready.
        return new NpgsqlSlimDataSourceBuilder(connection.ConnectionString)
            .ConfigureTypeLoading(types => types.EnableTypeLoading(false))
            .EnableArrays()
            .EnableTransportSecurity()
            .UseSslClientAuthenticationOptionsCallback(tls => SecuritySettings.Apply(endpoint.Security, tls))
            .EnableIntegratedSecurity()
            .Build();
    }
}
