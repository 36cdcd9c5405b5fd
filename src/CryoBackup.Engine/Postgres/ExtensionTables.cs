using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Configuration tables of extensions: a dump holds only the rows that the extension says are the user's own.</summary>
internal static class ExtensionTables
{
    /// <summary>Looks up the conditions of a database's extensions.</summary>
    /// <param name="connection">A connection to the database.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>By schema and table the WHERE clause of the rows that a dump holds.</returns>
    public static async Task<Dictionary<(string Schema, string Name), string>> ConditionsAsync(
        NpgsqlConnection connection,
        CancellationToken cancellationToken
    )
    {
        var conditions = new Dictionary<(string, string), string>();
        await connection
            .ReadAsync(
                """
                SELECT n.nspname, c.relname, config.condition
                FROM pg_catalog.pg_extension e
                CROSS JOIN LATERAL unnest(e.extconfig, e.extcondition) AS config (relation, condition)
                JOIN pg_catalog.pg_class c ON c.oid = config.relation
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE config.condition <> ''
                """,
                row => conditions[(row.GetString(0), row.GetString(1))] = row.GetString(2),
                cancellationToken
            )
            .ConfigureAwait(false);
        return conditions;
    }
}
