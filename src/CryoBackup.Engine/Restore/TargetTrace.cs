using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>What changes in a database when a restore changes anything in it.</summary>
internal static class TargetTrace
{
    /// <summary>Takes it: the transactions that made the objects, and whether tables have rows.</summary>
    /// <param name="target">A connection to the database.</param>
    /// <param name="tables">Tables that a restore only fills; empty where it makes its tables.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>A text that is the same as long as nothing has changed.</returns>
    public static async Task<string> TakeAsync(
        NpgsqlConnection target,
        IEnumerable<(string Schema, string Name)> tables,
        CancellationToken cancellationToken
    )
    {
        string filled = string.Concat(
            tables.Select(table => $" || (SELECT EXISTS (SELECT FROM ONLY {Sql.Quote(table.Schema, table.Name)}))::text")
        );
        return await target
            .ScalarAsync<string>(
                $"""
                SELECT coalesce((SELECT pg_catalog.sum(c.xmin::text::bigint) || ' ' || pg_catalog.count(*) FROM pg_catalog.pg_class c
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                                 WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'), '')
                    || coalesce((SELECT pg_catalog.sum(xmin::text::bigint) || ' ' || pg_catalog.count(*) FROM pg_catalog.pg_proc), '')
                    || coalesce((SELECT pg_catalog.sum(xmin::text::bigint) || ' ' || pg_catalog.count(*) FROM pg_catalog.pg_type), '')
                    || coalesce((SELECT pg_catalog.sum(xmin::text::bigint) || ' ' || pg_catalog.count(*) FROM pg_catalog.pg_namespace), '')
                    || coalesce((SELECT pg_catalog.sum(xmin::text::bigint) || ' ' || pg_catalog.count(*)
                        FROM pg_catalog.pg_largeobject_metadata), ''){filled}
                """,
                cancellationToken
            )
            .ConfigureAwait(false);
    }
}
