using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Short questions to a server.</summary>
/// <param name="connection">The session that asks.</param>
/// <param name="cancellationToken">Ends the queries.</param>
internal sealed class ServerQuestions(NpgsqlConnection connection, CancellationToken cancellationToken)
{
    /// <summary>The server's major version.</summary>
    public int Major => connection.PostgreSqlVersion.Major;

    /// <summary>Asks for one value.</summary>
    /// <param name="query">The query.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <returns>The first column of the first row; the type's default for NULL or no row.</returns>
    public Task<T> AskAsync<T>(string query, params string[] parameters) =>
        connection.ScalarAsync<T>(query, cancellationToken, [.. parameters]);

    /// <summary>Asks for a list of names.</summary>
    /// <param name="query">The query; $1 is the names.</param>
    /// <param name="names">The names.</param>
    /// <returns>The first column of each row.</returns>
    public async Task<string[]> ListAsync(string query, IReadOnlyCollection<string> names) =>
        [.. await connection.ListAsync(query, cancellationToken, [names.ToArray()]).ConfigureAwait(false)];

    /// <summary>Which names of a list are not among others.</summary>
    /// <param name="names">The list.</param>
    /// <param name="existing">A query for the others.</param>
    /// <returns>The names, each once, sorted.</returns>
    public async Task<string[]> AbsentAsync(IReadOnlyCollection<string> names, string existing) =>
        names.Count == 0
            ? []
            : await ListAsync(
                    $"SELECT DISTINCT name FROM pg_catalog.unnest($1) AS name WHERE name NOT IN ({existing}) ORDER BY name",
                    names
                )
                .ConfigureAwait(false);
}
