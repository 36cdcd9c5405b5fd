using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// Row security that is forced on a table's owner keeps the owner from reading back what it has just restored. In a database that nobody
/// else uses yet it is lifted until the rows are compared, and forced again.
/// </summary>
internal sealed class ForcedRowSecurity : IAsyncDisposable
{
    private readonly Func<string, CancellationToken, Task> _set;

    private ForcedRowSecurity(Func<string, CancellationToken, Task> set) => _set = set;

    /// <summary>Lifts it where it binds this role.</summary>
    /// <param name="endpoint">The server, with the restored database.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="encoding">The archive's encoding.</param>
    /// <param name="cancellationToken">Ends the statements.</param>
    /// <returns>Forces it again when it is disposed of; null where there is none.</returns>
    public static async Task<ForcedRowSecurity?> LiftAsync(
        ServerEndpoint endpoint,
        string application,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        string[] tables;
        await using (
            NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, application, encoding, cancellationToken)
                .ConfigureAwait(false)
        )
        {
            tables = await new ServerQuestions(target, cancellationToken)
                .ListAsync(
                    """
                    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
                    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relrowsecurity AND c.relforcerowsecurity AND c.relkind IN ('r', 'p') AND n.nspname <> ALL ($1)
                        AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
                        AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user)
                    """,
                    []
                )
                .ConfigureAwait(false);
        }

        if (tables.Length == 0)
        {
            return null;
        }

        async Task SetAsync(string how, CancellationToken token)
        {
            await using NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, application, encoding, token)
                .ConfigureAwait(false);
            await target
                .ExecuteAsync([.. tables.Select(table => $"ALTER TABLE {table} {how} ROW LEVEL SECURITY")], token)
                .ConfigureAwait(false);
        }

        await SetAsync("NO FORCE", cancellationToken).ConfigureAwait(false);
        return new ForcedRowSecurity(SetAsync);
    }

    /// <summary>Forces it again.</summary>
    public async ValueTask DisposeAsync() => await _set("FORCE", CancellationToken.None).ConfigureAwait(false);
}
