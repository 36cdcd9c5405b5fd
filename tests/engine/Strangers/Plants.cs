namespace CryoBackup.Tests.Strangers;

/// <summary>A kind of difference, and a query that lists statements each of which makes one.</summary>
/// <param name="Kind">What it changes.</param>
/// <param name="Candidates">Lists statements, after <see cref="Plants.Prelude"/>; the first one that changes something counts.</param>
internal sealed record Plant(string Kind, string Candidates)
{
    /// <summary>True for what changes rows: a statement that meets none changes nothing.</summary>
    public bool ChangesRows { get; init; }
}

/// <summary>The differences that are planted in a restored database, one at a time.</summary>
internal static class Plants
{
    /// <summary>What the candidates are taken from: only what is the database's own, and neither an extension's nor inside of something,
    /// as the constructor of a range is, whose owner no dump tells.</summary>
    public const string Prelude = """
        WITH extended AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e' OR (deptype = 'i' AND classid = 'pg_proc'::regclass)),
        space AS (SELECT * FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
        stranger AS (SELECT oid AS role, rolname AS who FROM pg_roles WHERE rolname ~ '^stranger'),
        relation AS (
            SELECT c.*, c.oid AS id, format('%I.%I', nspname, relname) AS path FROM pg_class c JOIN space s ON s.oid = c.relnamespace
            WHERE NOT EXISTS (SELECT FROM extended WHERE classid = 'pg_class'::regclass AND objid = c.oid)
        ),
        tabl AS (SELECT * FROM relation WHERE relkind = 'r'),
        col AS (SELECT t.*, a.*, quote_ident(attname) AS col FROM tabl t JOIN pg_attribute a ON attrelid = id WHERE attnum > 0 AND NOT
            attisdropped),
        routine AS (
            SELECT p.*, p.oid AS id, p.oid::regprocedure AS path FROM pg_proc p JOIN space s ON s.oid = p.pronamespace
            WHERE NOT EXISTS (SELECT FROM extended WHERE classid = 'pg_proc'::regclass AND objid = p.oid)
        ),
        typ AS (
            SELECT t.*, t.oid AS id, format('%I.%I', nspname, typname) AS path FROM pg_type t JOIN space s ON s.oid = t.typnamespace
            WHERE NOT EXISTS (SELECT FROM extended WHERE classid = 'pg_type'::regclass AND objid = t.oid)
        ),
        con AS (SELECT k.*, k.oid AS id, path FROM pg_constraint k JOIN relation r ON conrelid = r.id WHERE coninhcount = 0 AND relkind
            IN ('r', 'p')),
        trig AS (SELECT t.*, path FROM pg_trigger t JOIN relation r ON tgrelid = r.id WHERE NOT tgisinternal),
        seq AS (SELECT *, quote_literal(format('%I.%I', schemaname, sequencename)) AS path FROM pg_sequences WHERE last_value IS NOT NULL)

        """;

    /// <summary>All of them, in the order in which seeds take turns.</summary>
    public static readonly Plant[] All =
    [
        new("row", "SELECT format('DELETE FROM ONLY %s WHERE ctid = (SELECT ctid FROM ONLY %1$s LIMIT 1)', path) FROM tabl")
        {
            ChangesRows = true,
        },
        new(
            "cell",
            """
            SELECT format('UPDATE ONLY %s SET %s = NULL WHERE ctid = (SELECT ctid FROM ONLY %1$s WHERE num_nonnulls(%2$s) = 1 LIMIT 1)',
                path, col)
            FROM col WHERE attgenerated = ''
            """
        )
        {
            ChangesRows = true,
        },
        new(
            "index",
            """
            SELECT 'DROP INDEX ' || path FROM relation
            WHERE relkind IN ('i', 'I') AND NOT relispartition AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = id)
            """
        ),
        new("constraint", "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', path, conname) FROM con WHERE contype <> 't'"),
        new(
            "owner of a table",
            "SELECT format('ALTER TABLE %s OWNER TO %I', path, who) FROM relation, stranger WHERE relkind IN ('r', 'p', 'm') AND "
                + "role <> relowner"
        ),
        new(
            "privilege",
            """
            SELECT format('GRANT REFERENCES ON %s TO %I', path, who) FROM relation, stranger
            WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT has_table_privilege(role, id, 'REFERENCES')
            """
        ),
        new(
            "function body",
            """
            UPDATE pg_proc SET prosrc = prosrc || ' -- ' WHERE oid = (SELECT id FROM routine WHERE prosrc LIKE '% %' LIMIT 1)
            RETURNING 'SELECT 1'
            """
        ),
        new("sequence", "SELECT format('SELECT setval(%s, %s, true)', path, last_value - increment_by) FROM seq"),
        new("sequence not called", "SELECT format('SELECT setval(%s, %s, false)', path, last_value) FROM seq"),
        new("setting of a table", "SELECT format('ALTER TABLE %s SET (fillfactor = 33)', path) FROM tabl"),
        new(
            "setting of a function",
            "SELECT format('ALTER ROUTINE %s SET work_mem = ''7MB''', path) FROM routine WHERE prokind IN ('f', 'p')"
        ),
        new(
            "column privilege",
            """
            SELECT format('GRANT UPDATE (%s) ON %s TO stranger_app', col, path) FROM col
            WHERE NOT has_column_privilege('stranger_app', id, attnum, 'UPDATE')
            """
        ),
        new(
            "function privilege",
            """
            SELECT format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', path) FROM routine
            WHERE proacl IS NULL OR has_function_privilege('public', id, 'EXECUTE')
            """
        ),
        // To the server, a default that is nothing but null is none.
        new(
            "default",
            """
            SELECT format('ALTER TABLE %s ALTER COLUMN %s SET DEFAULT nullif(''x''::text, ''x'')::%s', path, col,
                format_type(atttypid, atttypmod)) FROM col
            WHERE attidentity = '' AND attgenerated = '' AND NOT relispartition
            """
        ),
        new(
            "not null",
            """
            SELECT format('ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL', path, col) FROM col WHERE attnotnull AND attinhcount = 0
            """
        ),
        new("statistics target", "SELECT format('ALTER TABLE %s ALTER COLUMN %s SET STATISTICS 4321', path, col) FROM col"),
        new(
            "storage",
            """
            SELECT format('ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s', path, col, CASE attstorage WHEN 'x' THEN 'EXTERNAL' ELSE
                'EXTENDED' END)
            FROM col WHERE attlen = -1 AND NOT relispartition
            """
        ),
        new(
            "trigger",
            "SELECT format('ALTER TABLE %s %s TRIGGER %I', path, CASE tgenabled WHEN 'D' THEN 'ENABLE' ELSE 'DISABLE' END, tgname) "
                + "FROM trig"
        ),
        new("missing trigger", "SELECT format('DROP TRIGGER %I ON %s', tgname, path) FROM trig"),
        new(
            "rule",
            """
            SELECT format('ALTER TABLE %s %s RULE %I', path, CASE ev_enabled WHEN 'D' THEN 'ENABLE' ELSE 'DISABLE' END, rulename)
            FROM pg_rewrite JOIN relation r ON ev_class = r.id WHERE rulename <> '_RETURN'
            """
        ),
        new(
            "policy",
            "SELECT format('ALTER POLICY %I ON %s TO stranger_owner', polname, path) FROM pg_policy JOIN relation r ON polrelid = r.id"
        ),
        new(
            "row security",
            "SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', path, CASE WHEN relrowsecurity THEN 'DISABLE' ELSE 'ENABLE' END) "
                + "FROM tabl"
        ),
        new(
            "forced row security",
            """
            SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY', path, CASE WHEN relforcerowsecurity THEN 'NO FORCE' ELSE 'FORCE' END)
                FROM tabl
            """
        ),
        new("comment", "SELECT format('COMMENT ON TABLE %s IS ''another''', path) FROM tabl"),
        new(
            "view",
            """
            SELECT format('CREATE OR REPLACE VIEW %s AS SELECT * FROM (%s) AS q WHERE random() > 2', path, rtrim(pg_get_viewdef(id), ';'))
            FROM relation WHERE relkind = 'v'
            """
        ),
        new(
            "view's owner",
            "SELECT format('ALTER VIEW %s OWNER TO %I', path, who) FROM relation, stranger WHERE relkind = 'v' AND role <> relowner"
        ),
        new("missing view", "SELECT 'DROP VIEW ' || path FROM relation WHERE relkind = 'v'"),
        new(
            "materialized view",
            "SELECT format('REFRESH MATERIALIZED VIEW %s WITH NO DATA', path) FROM relation WHERE relkind = 'm' AND relispopulated"
        ),
        new(
            "replica identity",
            "SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', path, CASE relreplident WHEN 'f' THEN 'NOTHING' ELSE 'FULL' END) FROM tabl"
        ),
        new("schema's owner", "SELECT format('ALTER SCHEMA %I OWNER TO %I', nspname, who) FROM space, stranger WHERE role <> nspowner"),
        new(
            "function's owner",
            "SELECT format('ALTER ROUTINE %s OWNER TO %I', path, who) FROM routine, stranger WHERE prokind IN ('f', 'p') AND role <> "
                + "proowner"
        ),
        new("enum", "SELECT format('ALTER TYPE %s ADD VALUE ''one more''', path) FROM typ WHERE typtype = 'e'"),
        new(
            "domain",
            "SELECT format('ALTER DOMAIN %s DROP CONSTRAINT %I', path, conname) FROM pg_constraint JOIN typ ON typ.id = contypid "
                + "WHERE contype = 'c'"
        ),
        new(
            "domain's default",
            """
            SELECT format('ALTER DOMAIN %s SET DEFAULT nullif(''x''::text, ''x'')::%s', path, format_type(typbasetype, typtypmod)) FROM typ
            WHERE typtype = 'd'
            """
        ),
        new(
            "composite",
            """
            SELECT format('ALTER TYPE %s ADD ATTRIBUTE one_more integer', path) FROM typ JOIN pg_class c ON c.oid = typrelid
            WHERE relkind = 'c'
            """
        ),
        new("large object", "SELECT format('SELECT lo_put(%s, 0, ''\\xfe'')', oid) FROM pg_largeobject_metadata"),
        new(
            "large object's owner",
            "SELECT format('ALTER LARGE OBJECT %s OWNER TO %I', oid, who) FROM pg_largeobject_metadata, stranger WHERE role <> lomowner"
        ),
        new(
            "statistics",
            "SELECT format('ALTER STATISTICS %I.%I SET STATISTICS 4321', nspname, stxname) FROM pg_statistic_ext JOIN space s ON "
                + "s.oid = stxnamespace"
        ),
        new(
            "partition",
            """
            SELECT format('ALTER TABLE %s DETACH PARTITION %s', inhparent::regclass, path) FROM pg_inherits JOIN relation r ON inhrelid =
                r.id
            WHERE relispartition AND relkind IN ('r', 'p')
            """
        ),
        new(
            "inheritance",
            """
            SELECT format('ALTER TABLE %s NO INHERIT %s', path, inhparent::regclass) FROM pg_inherits JOIN tabl ON inhrelid = id
            WHERE NOT relispartition
            """
        ),
        new("one more table", "SELECT 'CREATE TABLE public.one_more (id integer)'"),
        new(
            "one more column",
            "SELECT format('ALTER TABLE %s ADD COLUMN one_more integer', path) FROM tabl WHERE NOT relispartition AND reloftype = 0"
        ),
        new("one more large object", "SELECT 'SELECT lo_create(99)'"),
        new("one more row", "SELECT format('INSERT INTO %s SELECT * FROM ONLY %1$s LIMIT 1', path) FROM tabl") { ChangesRows = true },
        new(
            "identity",
            """
            SELECT format('ALTER TABLE %s ALTER COLUMN %s SET GENERATED %s', path, col, CASE attidentity WHEN 'a' THEN 'BY DEFAULT' ELSE
                'ALWAYS' END)
            FROM col WHERE attidentity <> '' AND NOT relispartition
            """
        ),
        new("sequence's step", "SELECT format('ALTER SEQUENCE %s INCREMENT BY 77 CACHE 3', path) FROM relation WHERE relkind = 'S'"),
        new("default privileges", "SELECT 'ALTER DEFAULT PRIVILEGES FOR ROLE stranger_owner GRANT INSERT ON TABLES TO stranger_app'"),
        new(
            "clustered index",
            """
            SELECT format('ALTER TABLE %s %s', t.path, CASE WHEN indisclustered THEN 'SET WITHOUT CLUSTER' ELSE format('CLUSTER ON %I',
                i.relname) END)
            FROM pg_index JOIN tabl t ON indrelid = t.id JOIN relation i ON indexrelid = i.id
            """
        ),
        new(
            "cast",
            """
            SELECT format('DROP CAST (%s AS %s)', castsource::regtype, casttarget::regtype) FROM pg_cast c
            WHERE oid >= 16384 AND NOT EXISTS (SELECT FROM extended WHERE objid = c.oid)
            """
        ),
        new(
            "mapping of a search",
            """
            SELECT format('ALTER TEXT SEARCH CONFIGURATION %I.%I DROP MAPPING FOR url', nspname, cfgname)
            FROM pg_ts_config c JOIN space s ON s.oid = cfgnamespace WHERE NOT EXISTS (SELECT FROM extended WHERE objid = c.oid)
            """
        ),
        new(
            "unlogged",
            "SELECT format('ALTER TABLE %s SET %s', path, CASE relpersistence WHEN 'u' THEN 'LOGGED' ELSE 'UNLOGGED' END) FROM tabl"
        ),
        new(
            "validated constraint",
            """
            UPDATE pg_constraint SET convalidated = false
            WHERE oid = (SELECT id FROM con WHERE contype IN ('c', 'f') AND convalidated LIMIT 1) RETURNING 'SELECT 1'
            """
        ),
        new(
            "valid index",
            """
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = (SELECT id FROM relation WHERE relkind = 'i' LIMIT 1)
            RETURNING 'SELECT 1'
            """
        ),
    ];
}
