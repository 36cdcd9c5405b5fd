using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Backup;

/// <summary>What a selective backup takes and cannot bring back alone, because it needs what the selection leaves out.</summary>
internal static class BrokenDependencies
{
    // $1: the relations, $2: the schemas that are left out. Of a relation's rules, constraints,
    // defaults and the like the relation is named.
    private const string Query = """
        WITH gone (oid) AS (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = ANY ($2)),
        needed (classid, oid) AS (
            SELECT 'pg_catalog.pg_class'::regclass, c.oid FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1)
            UNION SELECT 'pg_catalog.pg_type'::regclass, t.oid FROM pg_catalog.pg_type t WHERE t.typnamespace IN (SELECT oid FROM gone)
            UNION SELECT 'pg_catalog.pg_proc'::regclass, p.oid FROM pg_catalog.pg_proc p WHERE p.pronamespace IN (SELECT oid FROM gone)
            UNION SELECT 'pg_catalog.pg_operator'::regclass, o.oid FROM pg_catalog.pg_operator o WHERE o.oprnamespace IN (SELECT oid
                FROM gone)
            UNION SELECT 'pg_catalog.pg_opclass'::regclass, o.oid FROM pg_catalog.pg_opclass o WHERE o.opcnamespace IN (SELECT oid
                FROM gone)
            UNION SELECT 'pg_catalog.pg_collation'::regclass, c.oid FROM pg_catalog.pg_collation c WHERE c.collnamespace IN (SELECT oid
                FROM gone)
            UNION SELECT 'pg_catalog.pg_ts_config'::regclass, c.oid FROM pg_catalog.pg_ts_config c WHERE c.cfgnamespace IN (SELECT oid
                FROM gone)
        ),
        broken AS (
            SELECT d.classid, d.objid, d.refclassid, d.refobjid,
                   coalesce(r.ev_class, k.conrelid, a.adrelid, g.tgrelid, p.polrelid, i.indrelid,
                            CASE WHEN d.classid = 'pg_catalog.pg_class'::regclass THEN d.objid END, 0) AS relation
            FROM needed n
            JOIN pg_catalog.pg_depend d ON d.refclassid = n.classid AND d.refobjid = n.oid AND d.deptype = 'n'
            LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
            LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
            LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
            LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::regclass AND g.oid = d.objid
            LEFT JOIN pg_catalog.pg_policy p ON d.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = d.objid
            LEFT JOIN pg_catalog.pg_index i ON d.classid = 'pg_catalog.pg_class'::regclass AND i.indexrelid = d.objid
        )
        SELECT DISTINCT
               CASE WHEN b.relation <> 0 THEN b.relation::regclass::text ELSE pg_catalog.pg_describe_object(b.classid, b.objid, 0) END,
               CASE WHEN b.refclassid = 'pg_catalog.pg_class'::regclass THEN b.refobjid::regclass::text
                   ELSE pg_catalog.pg_describe_object(b.refclassid, b.refobjid, 0) END
        FROM broken b
        LEFT JOIN pg_catalog.pg_class c ON c.oid = b.relation
        LEFT JOIN pg_catalog.pg_proc f ON b.classid = 'pg_catalog.pg_proc'::regclass AND f.oid = b.objid
        LEFT JOIN pg_catalog.pg_type t ON b.classid = 'pg_catalog.pg_type'::regclass AND t.oid = b.objid
        LEFT JOIN pg_catalog.pg_event_trigger e ON b.classid = 'pg_catalog.pg_event_trigger'::regclass AND e.oid = b.objid
        WHERE NOT (b.classid = b.refclassid AND b.objid = b.refobjid) AND b.relation <> b.refobjid AND b.relation <> ALL ($1)
          AND coalesce(c.relnamespace, f.pronamespace, t.typnamespace, CASE WHEN e.oid IS NOT NULL THEN 0 END) NOT IN (SELECT oid FROM gone)
          AND (c.oid IS NULL OR c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c'))
        ORDER BY 1, 2
        """;

    /// <summary>Lists it.</summary>
    /// <param name="connection">The session that holds the snapshot.</param>
    /// <param name="selection">What the dump takes.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>The needing and the needed; empty for a whole backup.</returns>
    public static async Task<IReadOnlyList<(string Dependent, string Needed)>> ListAsync(
        NpgsqlConnection connection,
        DumpSelection selection,
        CancellationToken cancellationToken
    )
    {
        uint[] relations = [.. selection.LeftOut];
        string[] schemas = [.. selection.SchemasLeftOut];
        if (relations.Length + schemas.Length == 0)
        {
            return [];
        }

        return await connection
            .ListAsync(Query, row => (row.GetString(0), row.GetString(1)), cancellationToken, relations, schemas)
            .ConfigureAwait(false);
    }
}
