using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>The locale in which a backup has values of type money: where a server lacks it, they would be read as other amounts.</summary>
internal static class MonetaryLocale
{
    /// <summary>Asks a server whether its machine has it.</summary>
    /// <param name="server">A session on the server.</param>
    /// <param name="monetary">The source's lc_monetary; null where the backup has no such values.</param>
    /// <param name="cancellationToken">Has the server cancel the question.</param>
    /// <returns>ObjectNotFound with its remedy where it is missing; else null.</returns>
    public static async Task<CryoBackupException?> FindMissingAsync(
        NpgsqlConnection server,
        string? monetary,
        CancellationToken cancellationToken
    )
    {
        if (monetary is null || await ServerLocales.HasAsync(server, monetary, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        return new CryoBackupException(
            CryoBackupError.ObjectNotFound,
            $"The server's machine lacks the locale '{monetary}' (lc_monetary), in which the backup has values of type money; "
                + "in another they would be read as other amounts.",
            monetary,
            "Install the locale on the server's machine, and restart the server."
        );
    }
}
