using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>Reads which objects a target database has that others may need.</summary>
internal static class TargetCatalog
{
    // Kinds and names are written as pg_dump writes them. An operator's name does not tell its operands; one of that name will do.
    private const string Query = """
        SELECT found.kind, coalesce(n.nspname::text, ''), found.name
        FROM (
            SELECT 'SCHEMA', 0::oid, nspname::text FROM pg_catalog.pg_namespace
            UNION ALL SELECT 'EXTENSION', 0, extname FROM pg_catalog.pg_extension
            UNION ALL
            SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S'
                THEN 'SEQUENCE'
                                  WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END,
                   c.relnamespace, c.relname
            FROM pg_catalog.pg_class c
            UNION ALL
            SELECT 'CONSTRAINT', c.relnamespace, c.relname || ' ' || o.conname
            FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class c ON c.oid = o.conrelid
            UNION ALL
            SELECT CASE WHEN t.typtype = 'd' THEN 'DOMAIN' WHEN t.typisdefined THEN 'TYPE' ELSE 'SHELL TYPE' END, t.typnamespace, t.typname
            FROM pg_catalog.pg_type t
            UNION ALL
            SELECT kinds.kind, p.pronamespace,
                   p.proname || '(' || CASE WHEN kinds.kind = 'AGGREGATE' AND p.pronargs = 0 THEN '*'
                       ELSE pg_catalog.oidvectortypes(p.proargtypes) END || ')'
            FROM pg_catalog.pg_proc p CROSS JOIN (VALUES ('FUNCTION'), ('PROCEDURE'), ('AGGREGATE')) AS kinds (kind)
            UNION ALL SELECT 'OPERATOR', o.oprnamespace, o.oprname FROM pg_catalog.pg_operator o
            UNION ALL
            SELECT 'OPERATOR CLASS', c.opcnamespace, c.opcname FROM pg_catalog.pg_opclass c
            UNION ALL
            SELECT 'OPERATOR FAMILY', f.opfnamespace, f.opfname FROM pg_catalog.pg_opfamily f
            UNION ALL SELECT 'COLLATION', c.collnamespace, c.collname FROM pg_catalog.pg_collation c
            UNION ALL SELECT 'CONVERSION', c.connamespace, c.conname FROM pg_catalog.pg_conversion c
            UNION ALL SELECT 'TEXT SEARCH PARSER', p.prsnamespace, p.prsname FROM pg_catalog.pg_ts_parser p
            UNION ALL SELECT 'TEXT SEARCH TEMPLATE', t.tmplnamespace, t.tmplname FROM pg_catalog.pg_ts_template t
            UNION ALL SELECT 'TEXT SEARCH DICTIONARY', d.dictnamespace, d.dictname FROM pg_catalog.pg_ts_dict d
            UNION ALL SELECT 'TEXT SEARCH CONFIGURATION', c.cfgnamespace, c.cfgname FROM pg_catalog.pg_ts_config c
            UNION ALL SELECT 'PROCEDURAL LANGUAGE', 0, lanname FROM pg_catalog.pg_language
            UNION ALL SELECT 'ACCESS METHOD', 0, amname FROM pg_catalog.pg_am
            UNION ALL SELECT 'FOREIGN DATA WRAPPER', 0, fdwname FROM pg_catalog.pg_foreign_data_wrapper
            UNION ALL SELECT 'SERVER', 0, srvname FROM pg_catalog.pg_foreign_server
            UNION ALL SELECT 'PUBLICATION', 0, pubname FROM pg_catalog.pg_publication
        ) AS found (kind, schema, name)
        LEFT JOIN pg_catalog.pg_namespace n ON n.oid = found.schema
        """;

    private static readonly HashSet<string> Kinds = new(StringComparer.Ordinal)
    {
        "SCHEMA",
        "EXTENSION",
        "VIEW",
        "MATERIALIZED VIEW",
        "FOREIGN TABLE",
        "SEQUENCE",
        "INDEX",
        "TABLE",
        "CONSTRAINT",
        "DOMAIN",
        "TYPE",
        "SHELL TYPE",
        "FUNCTION",
        "PROCEDURE",
        "AGGREGATE",
        "OPERATOR",
        "OPERATOR CLASS",
        "OPERATOR FAMILY",
        "COLLATION",
        "CONVERSION",
        "TEXT SEARCH PARSER",
        "TEXT SEARCH TEMPLATE",
        "TEXT SEARCH DICTIONARY",
        "TEXT SEARCH CONFIGURATION",
        "PROCEDURAL LANGUAGE",
        "ACCESS METHOD",
    };

    /// <summary>Whether objects of a kind are looked for.</summary>
    /// <param name="kind">The kind, in pg_dump's words.</param>
    public static bool Tells(string kind) => Kinds.Contains(kind);

    /// <summary>Reads them.</summary>
    /// <param name="target">A connection to the target.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    public static async Task<TargetContent> ReadAsync(NpgsqlConnection target, CancellationToken cancellationToken)
    {
        // Types are written with their schema where the search path does not show them; that is empty, as pg_dump's is.
        List<(string, string, string)> objects = await target
            .ListAsync(Query, row => (row.GetString(0), row.GetString(1), row.GetString(2)), cancellationToken)
            .ConfigureAwait(false);
        return new TargetContent(objects);
    }
}
