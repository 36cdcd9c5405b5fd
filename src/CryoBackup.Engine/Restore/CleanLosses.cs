using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// What -Clean drops beside the backup's own objects: what PostgreSQL drops with them without a word, and the backup does not bring back.
/// Newer indexes, constraints, triggers, rules, policies, statistics, partitions, columns, memberships of publications, privileges.
/// </summary>
internal sealed class CleanLosses
{
    // Kinds and names are written as pg_dump writes them. What falls is what depends on an object automatically (a), as a partition (P, S)
    // or because the user said so of an extension (x); what depends normally stops the drop.
    private const string Objects = """
        WITH objects (class, oid, kind, schema, name) AS (
            SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid,
                   CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S'
                       THEN 'SEQUENCE'
                                  WHEN 'i' THEN 'INDEX' WHEN 'I' THEN 'INDEX' ELSE 'TABLE' END,
                   n.nspname::text, c.relname::text
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind NOT IN ('t', 'c')
            UNION ALL
            SELECT 'pg_catalog.pg_proc'::regclass::oid, p.oid, CASE p.prokind WHEN 'a' THEN 'AGGREGATE' WHEN 'p' THEN 'PROCEDURE'
                ELSE 'FUNCTION' END,
                   n.nspname::text, p.proname || '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')'
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            UNION ALL
            SELECT 'pg_catalog.pg_type'::regclass::oid, t.oid, CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, n.nspname::text,
                t.typname::text
            FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace LEFT
                JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
            WHERE t.typrelid = 0 OR c.relkind = 'c'
            UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, 'SCHEMA', '', nspname::text FROM pg_catalog.pg_namespace
            UNION ALL SELECT 'pg_catalog.pg_publication'::regclass::oid, oid, 'PUBLICATION', '', pubname::text
                FROM pg_catalog.pg_publication
        ), dropped AS (
            SELECT w.id::int AS id, o.class, o.oid, o.kind, o.schema, o.name
            FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) WITH ORDINALITY AS w (kind, schema, name,
                id)
            JOIN objects o ON o.kind = w.kind AND o.schema = w.schema AND o.name = w.name
        )

        """;

    private const string Dependents =
        Objects
        + """
            , falling AS (
                SELECT DISTINCT r.id, d.classid, d.objid
                FROM dropped r JOIN pg_catalog.pg_depend d ON d.refclassid = r.class AND d.refobjid = r.oid
                WHERE d.deptype IN ('a', 'P', 'S', 'x') AND d.objsubid = 0 AND NOT (d.classid = r.class AND d.objid = r.oid)
            )
            SELECT f.id, o.kind, o.schema, o.name
            FROM falling f JOIN objects o ON o.class = f.classid AND o.oid = f.objid
            LEFT JOIN pg_catalog.pg_class c ON f.classid = 'pg_catalog.pg_class'::regclass AND c.oid = f.objid
            WHERE NOT coalesce(c.relispartition AND c.relkind IN ('i', 'I'), false) AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend i WHERE i.classid = f.classid AND i.objid = f.objid AND i.deptype = 'i')
            UNION ALL
            SELECT f.id, CASE k.contype WHEN 'f' THEN 'FK CONSTRAINT' WHEN 'c' THEN 'CHECK CONSTRAINT' ELSE 'CONSTRAINT' END,
                n.nspname::text,
                   coalesce(c.relname, t.typname) || ' ' || k.conname
            FROM falling f JOIN pg_catalog.pg_constraint k ON f.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = f.objid
            LEFT JOIN pg_catalog.pg_class c ON c.oid = k.conrelid LEFT JOIN pg_catalog.pg_type t ON t.oid = k.contypid
            JOIN pg_catalog.pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
            WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0)
            UNION ALL
            SELECT f.id, 'TRIGGER', n.nspname::text, c.relname || ' ' || t.tgname
            FROM falling f JOIN pg_catalog.pg_trigger t ON f.classid = 'pg_catalog.pg_trigger'::regclass AND t.oid = f.objid
            JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT t.tgisinternal AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend d WHERE d.classid = f.classid AND d.objid = f.objid AND d.refclassid = f.classid)
            UNION ALL
            SELECT f.id, 'RULE', n.nspname::text, c.relname || ' ' || w.rulename
            FROM falling f JOIN pg_catalog.pg_rewrite w ON f.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = f.objid
            JOIN pg_catalog.pg_class c ON c.oid = w.ev_class JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE w.rulename <> '_RETURN'
            UNION ALL
            SELECT f.id, 'POLICY', n.nspname::text, c.relname || ' ' || p.polname
            FROM falling f JOIN pg_catalog.pg_policy p ON f.classid = 'pg_catalog.pg_policy'::regclass AND p.oid = f.objid
            JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            UNION ALL
            SELECT f.id, 'STATISTICS', n.nspname::text, s.stxname::text
            FROM falling f JOIN pg_catalog.pg_statistic_ext s ON f.classid = 'pg_catalog.pg_statistic_ext'::regclass AND s.oid = f.objid
            JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
            UNION ALL
            SELECT f.id, 'PUBLICATION TABLE', n.nspname::text, p.pubname || ' ' || c.relname
            FROM falling f JOIN pg_catalog.pg_publication_rel r ON f.classid = 'pg_catalog.pg_publication_rel'::regclass AND r.oid = f.objid
            JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid JOIN pg_catalog.pg_class c ON c.oid = r.prrelid
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            """;

    // Since PostgreSQL 15.
    private const string PublishedSchemas = """

        UNION ALL
        SELECT f.id, 'PUBLICATION TABLES IN SCHEMA', n.nspname::text, p.pubname || ' ' || n.nspname
        FROM falling f JOIN pg_catalog.pg_publication_namespace r ON f.classid = 'pg_catalog.pg_publication_namespace'::regclass
            AND r.oid = f.objid
        JOIN pg_catalog.pg_publication p ON p.oid = r.pnpubid JOIN pg_catalog.pg_namespace n ON n.oid = r.pnnspid
        """;

    private const string Columns =
        Objects
        + """
            SELECT r.id, 'COLUMN', r.schema, a.attname::text
            FROM dropped r JOIN pg_catalog.pg_class c ON r.class = 'pg_catalog.pg_class'::regclass AND c.oid = r.oid
            JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
            WHERE r.kind IN ('TABLE', 'FOREIGN TABLE') AND c.reloftype = 0 AND a.attnum > 0 AND NOT a.attisdropped AND a.attislocal
            """;

    // What PUBLIC may do with functions and types unless it is taken away stands in no backup.
    private const string Privileges =
        Objects
        + """
            SELECT r.id, a.privilege_type || coalesce(' (' || x.attname || ')', ''), '', CASE a.grantee WHEN 0 THEN ''
                ELSE pg_catalog.pg_get_userbyid(a.grantee)::text END
            FROM dropped r JOIN (
                SELECT 'pg_catalog.pg_class'::regclass::oid, oid, relowner, relacl, NULL::text FROM pg_catalog.pg_class
                UNION ALL
                SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid, c.relowner, t.attacl, t.attname::text
                FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid WHERE t.attacl IS NOT NULL
                UNION ALL SELECT 'pg_catalog.pg_proc'::regclass::oid, oid, proowner, proacl, NULL FROM pg_catalog.pg_proc
                UNION ALL SELECT 'pg_catalog.pg_type'::regclass::oid, oid, typowner, typacl, NULL FROM pg_catalog.pg_type
                UNION ALL SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, nspowner, nspacl, NULL FROM pg_catalog.pg_namespace
            ) AS x (class, oid, owner, acl, attname) ON x.class = r.class AND x.oid = r.oid
            CROSS JOIN LATERAL pg_catalog.aclexplode(x.acl) a
            WHERE a.grantee <> x.owner AND NOT (a.grantee = 0 AND r.class IN ('pg_catalog.pg_proc'::regclass,
                'pg_catalog.pg_type'::regclass))
            """;

    private static readonly HashSet<string> Owners = new(StringComparer.Ordinal)
    {
        "TABLE",
        "FOREIGN TABLE",
        "VIEW",
        "MATERIALIZED VIEW",
        "SEQUENCE",
        "INDEX",
        "FUNCTION",
        "PROCEDURE",
        "AGGREGATE",
        "TYPE",
        "DOMAIN",
        "SCHEMA",
        "PUBLICATION",
    };

    private readonly TocEntry[] _dropped;
    private readonly HashSet<(string Kind, string Schema, string Name)> _restored;
    private readonly ILookup<int, TocEntry> _privileges;
    private readonly bool _standardStrings;

    private CleanLosses(RestorePlan plan)
    {
        _standardStrings = TocKinds.HasStandardStrings(plan.Archive);
        _dropped = [.. plan.Entries.Where(entry => Owners.Contains(entry.Kind) && !IsKept(entry))];
        _restored = [.. plan.Entries.Select(entry => (entry.Kind, entry.Schema, entry.Name))];
        _privileges = plan
            .Entries.Where(entry => entry.Kind == "ACL")
            .SelectMany(entry => entry.Dependencies.Select(id => (id, entry)))
            .ToLookup(pair => pair.id, pair => pair.entry);
    }

    /// <summary>The schema public of another owner has an entry that neither makes nor drops it.</summary>
    private bool IsKept(TocEntry entry) =>
        entry.Kind == "SCHEMA"
        && !SqlStatement.Split(entry.Definition, _standardStrings).Any(statement => statement.Has(0, "CREATE", "SCHEMA"));

    /// <summary>Finds it.</summary>
    /// <param name="target">A connection to the target.</param>
    /// <param name="plan">What is restored.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>What would be lost: kind, schema and name of each, sorted.</returns>
    public static async Task<IReadOnlyList<string>> FindAsync(
        NpgsqlConnection target,
        RestorePlan plan,
        CancellationToken cancellationToken
    )
    {
        // Types are written with their schema where the search path does not show them, as pg_dump sees it.
        await target.ExecuteAsync("SET search_path = ''", cancellationToken).ConfigureAwait(false);
        var losses = new CleanLosses(plan);
        var lost = new SortedSet<string>(StringComparer.Ordinal);
        string dependents = target.PostgreSqlVersion.Major >= 15 ? Dependents + PublishedSchemas : Dependents;
        lost.UnionWith(
            (await losses.ReadAsync(target, dependents, cancellationToken).ConfigureAwait(false))
                .Where(row => !losses.IsRestored(row))
                .Select(row => $"{row.Kind} {row.Schema}.{row.Name}")
        );
        lost.UnionWith(
            (await losses.ReadAsync(target, Columns, cancellationToken).ConfigureAwait(false))
                .GroupBy(row => row.Of)
                .SelectMany(losses.LostColumns)
        );
        lost.UnionWith(
            (await losses.ReadAsync(target, Privileges, cancellationToken).ConfigureAwait(false))
                .GroupBy(row => row.Of)
                .SelectMany(losses.LostPrivileges)
        );
        return [.. lost];
    }

    private bool IsRestored(Row row) =>
        _restored.Contains((row.Kind, row.Schema, row.Name)) || (row.Kind == "CHECK CONSTRAINT" && IsInDefinition(row.Of, row.Name));

    /// <summary>Most checks stand in the definition of their table or domain, and have no entry of their own.</summary>
    private bool IsInDefinition(TocEntry owner, string name)
    {
        SqlToken? before = null;
        foreach (SqlToken token in SqlLexer.Read(owner.Definition, _standardStrings))
        {
            if (
                before is { } keyword
                && keyword.Is("CONSTRAINT")
                && token.IsName
                && string.Equals($"{owner.Name} {token.Name}", name, StringComparison.Ordinal)
            )
            {
                return true;
            }

            before = token;
        }

        return false;
    }

    private IEnumerable<string> LostColumns(IGrouping<TocEntry, Row> columns)
    {
        HashSet<string> defined = new(StringComparer.Ordinal);
        int depth = 0;
        bool isFirst = false;
        foreach (SqlToken token in SqlLexer.Read(columns.Key.Definition, _standardStrings))
        {
            if (isFirst && depth == 1 && token.IsName)
            {
                defined.Add(token.Name);
            }

            depth +=
                token.Is("(") ? 1
                : token.Is(")") ? -1
                : 0;
            isFirst = token.Is("(") || token.Is(",");
        }

        return columns
            .Where(column => !defined.Contains(column.Name))
            .Select(column => $"COLUMN {columns.Key.Schema}.{columns.Key.Name} {column.Name}");
    }

    private IEnumerable<string> LostPrivileges(IGrouping<TocEntry, Row> privileges)
    {
        HashSet<(string Privilege, string Grantee)> granted = [.. _privileges[privileges.Key.DumpId].SelectMany(Grants)];
        return privileges
            .Where(row => !granted.Contains((row.Kind, row.Name)) && !granted.Contains(("ALL", row.Name)))
            .GroupBy(row => row.Name, StringComparer.Ordinal)
            .Select(group =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"GRANT {string.Join(", ", group.Select(row => row.Kind).Distinct().Order(StringComparer.Ordinal))} ON "
                        + $"{privileges.Key} TO {(group.Key.Length == 0 ? "PUBLIC" : group.Key)}"
                )
            );
    }

    /// <summary>GRANT SELECT, UPDATE (a, b) ON … TO name: each privilege with its grantee; that of PUBLIC is empty.</summary>
    private IEnumerable<(string Privilege, string Grantee)> Grants(TocEntry entry)
    {
        foreach (
            SqlStatement statement in SqlStatement.Split(entry.Definition, _standardStrings).Where(statement => statement.Has(0, "GRANT"))
        )
        {
            int to = Enumerable.Range(0, statement.Tokens.Count).LastOrDefault(at => statement.Has(at, "TO", null));
            if (to == 0 || !statement.Tokens[to + 1].IsName)
            {
                continue;
            }

            SqlToken grantee = statement.Tokens[to + 1];
            string name = grantee.Is("PUBLIC") ? "" : grantee.Name;
            string privilege = "";
            bool isColumn = false;
            for (int at = 1; at < to && (isColumn || !statement.Has(at, "ON")); at++)
            {
                SqlToken token = statement.Tokens[at];
                isColumn = !token.Is(")") && (isColumn || token.Is("("));
                if (isColumn && token.IsName)
                {
                    yield return ($"{privilege} ({token.Name})", name);
                }
                else if (token.Kind == SqlTokenKind.Word)
                {
                    privilege = token.Text.ToString().ToUpperInvariant();
                    if (!statement.Has(at + 1, "("))
                    {
                        yield return (privilege, name);
                    }
                }
            }
        }
    }

    private Task<List<Row>> ReadAsync(NpgsqlConnection target, string query, CancellationToken cancellationToken) =>
        target.ListAsync(
            query,
            row => new Row(_dropped[row.GetInt32(0) - 1], row.GetString(1), row.GetString(2), row.GetString(3)),
            cancellationToken,
            _dropped.Select(entry => entry.Kind).ToArray(),
            _dropped.Select(entry => entry.Schema).ToArray(),
            _dropped.Select(entry => entry.Name).ToArray()
        );

    /// <summary>Something that falls with an object that is dropped.</summary>
    private sealed record Row(TocEntry Of, string Kind, string Schema, string Name);
}
