using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>
/// Poolers that give each transaction whatever session of the server is free (PgBouncer's <c>pool_mode = transaction</c>). What one of ours
/// sets and holds, the empty search path, timeouts, locks and the snapshot, would then be another client's, and that one's ours.
/// </summary>
internal static class TransactionPool
{
    private const string Backend = "SELECT pg_catalog.pg_backend_pid()";

    /// <summary>Refuses to work through one.</summary>
    /// <param name="session">A session of which the server's own number is another than the one that it was given.</param>
    /// <param name="another">A second one.</param>
    /// <param name="endpoint">The server, for the error.</param>
    /// <param name="cancellationToken">Ends the questions.</param>
    /// <exception cref="CryoBackupException">ConnectionFailed.</exception>
    public static async Task RefuseAsync(
        NpgsqlConnection session,
        NpgsqlConnection another,
        ServerEndpoint endpoint,
        CancellationToken cancellationToken
    )
    {
        int before = await AskAsync(session, cancellationToken).ConfigureAwait(false);
        await using NpgsqlTransaction transaction = await another.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);

        // While the second one holds a session of the server, the first either keeps its own or is given what is left.
        if (
            await AskAsync(another, cancellationToken).ConfigureAwait(false) == before
            || await AskAsync(session, cancellationToken).ConfigureAwait(false) != before
        )
        {
            throw new CryoBackupException(
                CryoBackupError.ConnectionFailed,
                $"Between this machine and the server stands a pooler ({endpoint.Address}) that gives each transaction another session; "
                    + "a backup needs sessions that keep what they hold. Nothing was done.",
                endpoint.Address,
                "Name the server itself, or a pool of sessions (PgBouncer: pool_mode = session)."
            );
        }
    }

    /// <summary>The server's own number of the session that serves one of ours at this moment.</summary>
    /// <param name="session">Ours.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public static Task<int> AskAsync(NpgsqlConnection session, CancellationToken cancellationToken) =>
        session.ScalarAsync<int>(Backend, cancellationToken);

    /// <summary>The same, on the caller's thread. What Npgsql calls ProcessID is the pooler's number where one answers.</summary>
    /// <param name="session">Ours.</param>
    public static int Ask(NpgsqlConnection session) => session.Scalar<int>(Backend);
}
