using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>Roles that a restore makes on the target server from a backup's globals.</summary>
internal static class TargetRoles
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Makes them, all or none.</summary>
    /// <param name="server">A connection to the server.</param>
    /// <param name="statements">What makes them; may hold password hashes, so no message repeats them.</param>
    /// <param name="cancellationToken">Has the server cancel it; then none is created.</param>
    public static async Task CreateAsync(NpgsqlConnection server, IReadOnlyList<string> statements, CancellationToken cancellationToken)
    {
        await using NpgsqlTransaction transaction = await server.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await server.ExecuteAsync(statements, cancellationToken).ConfigureAwait(false);
        await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Drops roles that a failed restore has made, all or none; the server refuses where something depends on them.</summary>
    /// <param name="endpoint">The server.</param>
    /// <param name="applicationName">Shown in pg_stat_activity.</param>
    /// <param name="roles">Their names.</param>
    /// <returns>Null if they are gone, else why they are not.</returns>
    public static async Task<string?> TryDropAsync(ServerEndpoint endpoint, string applicationName, IReadOnlyList<string> roles)
    {
        using var patience = new CancellationTokenSource(LongestWait);
        try
        {
            await using NpgsqlConnection server = await TargetDatabase
                .ConnectToServerAsync(endpoint, applicationName, patience.Token)
                .ConfigureAwait(false);
            string names = string.Join(", ", roles.Select(Sql.Quote));
            await server.ExecuteAsync($"DROP ROLE IF EXISTS {names}", patience.Token).ConfigureAwait(false);
            return null;
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            return NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed).Message;
        }
    }
}
