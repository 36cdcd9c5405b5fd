using Npgsql;
using NpgsqlTypes;

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
    public async Task<T> AskAsync<T>(string query, params string[] parameters)
    {
        await using var command = new NpgsqlCommand(query, connection);
        foreach (string parameter in parameters)
        {
            command.Parameters.AddWithValue(parameter);
        }

        object? answer = await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
        return answer is T value ? value : default!;
    }

    /// <summary>Asks for a list of names.</summary>
    /// <param name="query">The query; $1 is the names.</param>
    /// <param name="names">The names.</param>
    /// <returns>The first column of each row.</returns>
    public async Task<string[]> ListAsync(string query, IReadOnlyCollection<string> names)
    {
        await using var command = new NpgsqlCommand(query, connection)
        {
            Parameters =
            {
                new() { Value = names.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
            },
        };
        var found = new List<string>();
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            found.Add(row.GetString(0));
        }

        return [.. found];
    }

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
