using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Which locales a server's machine has.</summary>
internal static class ServerLocales
{
    /// <summary>Asks for one; nothing is changed by it.</summary>
    /// <param name="server">A session on the server.</param>
    /// <param name="name">The name that the operating system has for it.</param>
    /// <param name="cancellationToken">Has the server cancel the question.</param>
    public static async Task<bool> HasAsync(NpgsqlConnection server, string name, CancellationToken cancellationToken)
    {
        try
        {
            // Of all that names a locale the one setting that anybody may set, and that says so when there is none.
            await server
                .ExecuteAsync("SELECT pg_catalog.set_config('lc_monetary', $1, true)", cancellationToken, name)
                .ConfigureAwait(false);
            return true;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            return false;
        }
    }
}
