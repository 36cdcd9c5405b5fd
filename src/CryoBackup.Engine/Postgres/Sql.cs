using Npgsql;
using NpgsqlTypes;

namespace CryoBackup.Postgres;

/// <summary>
/// SQL on a session: a name as an identifier, a statement that gives nothing, a value, rows. Values go as $1, $2, …, never into text; no
/// statement has a time limit of its own (<see cref="ServerEndpoint.ToNpgsql"/>), so each is ended by its token.
/// </summary>
internal static class Sql
{
    /// <summary>The identifier that means exactly this name: in double quotes, those within it doubled.</summary>
    /// <param name="name">The name as the catalog has it.</param>
    public static string Quote(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>The qualified identifier of an object in a schema.</summary>
    /// <param name="schema">The schema's name as the catalog has it.</param>
    /// <param name="name">The object's.</param>
    public static string Quote(string schema, string name) => $"{Quote(schema)}.{Quote(name)}";

    /// <summary>The string constant that means exactly this text, in a session of ours, where a backslash is a character.</summary>
    /// <param name="text">The text.</param>
    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>Runs a statement and takes nothing from it.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="statement">The statement; without parameters it may be several, separated by semicolons.</param>
    /// <param name="cancellationToken">Has the server cancel it.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    public static async Task ExecuteAsync(
        this NpgsqlConnection session,
        string statement,
        CancellationToken cancellationToken,
        params object[] parameters
    )
    {
        await using NpgsqlCommand command = Command(session, statement, parameters);
        await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Runs statements one by one, each in a transaction of its own if none is open; the first that fails is the last.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="statements">The statements.</param>
    /// <param name="cancellationToken">Has the server cancel the one that runs.</param>
    public static async Task ExecuteAsync(
        this NpgsqlConnection session,
        IReadOnlyList<string> statements,
        CancellationToken cancellationToken
    )
    {
        foreach (string statement in statements)
        {
            await session.ExecuteAsync(statement, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs a statement on the caller's thread, and cannot be cancelled.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="statement">The statement.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    public static void Execute(this NpgsqlConnection session, string statement, params object[] parameters)
    {
        using NpgsqlCommand command = Command(session, statement, parameters);
        command.ExecuteNonQuery();
    }

    /// <summary>Asks for one value.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="query">The query.</param>
    /// <param name="cancellationToken">Has the server cancel it.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    /// <returns>The first column of the first row; the type's default for NULL or no row.</returns>
    public static async Task<T> ScalarAsync<T>(
        this NpgsqlConnection session,
        string query,
        CancellationToken cancellationToken,
        params object[] parameters
    )
    {
        await using NpgsqlCommand command = Command(session, query, parameters);
        return Value<T>(await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Asks for one value on the caller's thread, and cannot be cancelled.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="query">The query.</param>
    /// <returns>The first column of the first row; the type's default for NULL or no row.</returns>
    public static T Scalar<T>(this NpgsqlConnection session, string query)
    {
        using NpgsqlCommand command = Command(session, query, []);
        return Value<T>(command.ExecuteScalar());
    }

    /// <summary>Asks for rows.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="query">The query.</param>
    /// <param name="read">Makes of the row that the reader stands on what is listed.</param>
    /// <param name="cancellationToken">Has the server cancel it.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    /// <returns>Every row, in the server's order.</returns>
    public static async Task<List<T>> ListAsync<T>(
        this NpgsqlConnection session,
        string query,
        Func<NpgsqlDataReader, T> read,
        CancellationToken cancellationToken,
        params object[] parameters
    )
    {
        List<T> rows = [];
        await session.ReadAsync(query, row => rows.Add(read(row)), cancellationToken, parameters).ConfigureAwait(false);
        return rows;
    }

    /// <summary>Asks for rows, which may be more than one would keep.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="query">The query.</param>
    /// <param name="take">Takes each row that the reader stands on, in the server's order.</param>
    /// <param name="cancellationToken">Has the server cancel it.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    public static async Task ReadAsync(
        this NpgsqlConnection session,
        string query,
        Action<NpgsqlDataReader> take,
        CancellationToken cancellationToken,
        params object[] parameters
    )
    {
        await using NpgsqlCommand command = Command(session, query, parameters);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            take(row);
        }
    }

    /// <summary>Asks for rows of one text each.</summary>
    /// <param name="session">An open session.</param>
    /// <param name="query">The query.</param>
    /// <param name="cancellationToken">Has the server cancel it.</param>
    /// <param name="parameters">The values of $1, $2, …</param>
    /// <returns>The first column of every row, in the server's order.</returns>
    public static Task<List<string>> ListAsync(
        this NpgsqlConnection session,
        string query,
        CancellationToken cancellationToken,
        params object[] parameters
    ) => session.ListAsync(query, static row => row.GetString(0), cancellationToken, parameters);

    /// <summary>A text that may be NULL.</summary>
    /// <param name="row">The row.</param>
    /// <param name="column">The column, from 0.</param>
    public static string? Text(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // A value of another type is a mistake in the query, and no default.
    private static T Value<T>(object? answer) => answer is null or DBNull ? default! : (T)answer;

    private static NpgsqlCommand Command(NpgsqlConnection session, string text, object[] parameters)
    {
        var command = new NpgsqlCommand(text, session);
        foreach (object value in parameters)
        {
            command.Parameters.Add(
                value switch
                {
                    // An empty array says nothing of its type, and an OID is no plain number.
                    string[] => new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
                    // To "is" an int[] is a uint[] as well.
                    _ when value.GetType() == typeof(uint[]) => new NpgsqlParameter
                    {
                        Value = value,
                        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Oid,
                    },
                    _ => new NpgsqlParameter { Value = value },
                }
            );
        }

        return command;
    }
}
