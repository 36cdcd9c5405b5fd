using Npgsql;

namespace CryoBackup.Backup;

/// <summary>The schema public, of which pg_dump before 15 writes the privileges alone.</summary>
internal static class PublicSchema
{
    /// <summary>The first major version of pg_dump that writes all that is said of it.</summary>
    private const int FirstToWriteAll = 15;

    // What initdb makes it, is not lost.
    private const string Query = """
        SELECT CASE WHEN pg_catalog.obj_description(n.oid, 'pg_namespace') IS DISTINCT FROM 'standard public schema' THEN 'comment' END,
               CASE WHEN n.nspowner <> 10 THEN 'owner' END,
               CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_seclabel s
                   WHERE s.classoid = 'pg_catalog.pg_namespace'::regclass AND s.objoid = n.oid) THEN 'security label' END
        FROM pg_catalog.pg_namespace n
        WHERE n.nspname = 'public'
        """;

    /// <summary>Lists what a version of pg_dump leaves out of it.</summary>
    /// <param name="connection">A session of the database.</param>
    /// <param name="major">The major version of pg_dump.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>What is left out, and why.</returns>
    public static async Task<List<(string Name, string Reason)>> ListUnwrittenAsync(
        NpgsqlConnection connection,
        int major,
        CancellationToken cancellationToken
    )
    {
        var unwritten = new List<(string, string)>();
        if (major >= FirstToWriteAll)
        {
            return unwritten;
        }

        await using var command = new NpgsqlCommand(Query, connection);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            for (int i = 0; i < row.FieldCount; i++)
            {
                if (!row.IsDBNull(i))
                {
                    unwritten.Add(($"the {row.GetString(i)} of the schema public", $"pg_dump writes it from {FirstToWriteAll} on"));
                }
            }
        }

        return unwritten;
    }
}
