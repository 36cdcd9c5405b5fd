using CryoBackup.Configuration;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Hosting;

/// <summary>The databases of a server that a selection means.</summary>
internal static class DatabaseList
{
    /// <summary>Asks the server.</summary>
    /// <param name="selection">Which of its databases.</param>
    /// <param name="connection">The server.</param>
    /// <param name="database">The database to connect to.</param>
    /// <param name="observer">Takes warnings.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <returns>Names, in their order; at least one.</returns>
    /// <exception cref="CryoBackupException">What a connection can fail with; ObjectNotFound:
    /// a name or pattern means no database.</exception>
    public static IReadOnlyList<string> Read(
        DatabaseSelection selection,
        ConnectionRequest connection,
        string database,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        var endpoint = ServerEndpoint.Resolve(connection, database, observer);
        try
        {
            return Select(
                selection,
                DatabaseNames.ListAsync(endpoint, "CryoBackup", cancellationToken).GetAwaiter().GetResult(),
                endpoint.Address
            );
        }
        catch (NpgsqlException exception)
        {
            throw NpgsqlErrors.Translate(exception, endpoint);
        }
    }

    /// <summary>Chooses among names.</summary>
    /// <param name="selection">Which.</param>
    /// <param name="names">The server's databases.</param>
    /// <param name="address">The server, for messages.</param>
    /// <returns>Names; at least one.</returns>
    internal static IReadOnlyList<string> Select(DatabaseSelection selection, IReadOnlyList<string> names, string address)
    {
        NamePattern[] include = [.. selection.Include.Select(text => new NamePattern(text))];
        NamePattern[] exclude = [.. selection.Exclude.Select(text => new NamePattern(text))];
        if (Array.Find(include, pattern => !names.Any(pattern.MatchesSchema)) is { } nothing)
        {
            throw nothing.NotFound("database", address, names);
        }

        string[] selected =
        [
            .. names.Where(name =>
                (include.Length == 0 || Array.Exists(include, pattern => pattern.MatchesSchema(name)))
                && !Array.Exists(exclude, pattern => pattern.MatchesSchema(name))
            ),
        ];
        return selected.Length > 0
            ? selected
            : throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"Of the databases of {address} none is left to back up: each is excluded, or there is none.",
                address,
                "Correct what is excluded: -Exclude, or the configuration's databases.exclude."
            );
    }
}
