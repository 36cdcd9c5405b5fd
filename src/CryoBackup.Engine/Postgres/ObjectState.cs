using Npgsql;

namespace CryoBackup.Postgres;

/// <summary>Something of a database that is not as it was made: an invalid index, a disabled trigger.
/// What is not listed is in its ordinary state.</summary>
/// <param name="Kind">index, constraint, materialized view, trigger, rule, or table for row security.</param>
/// <param name="Schema">The relation's schema.</param>
/// <param name="Relation">The relation that it belongs to.</param>
/// <param name="Name">Its own name; empty for what is said of the relation.</param>
/// <param name="State">How it is: one of the words of the query.</param>
internal sealed record ObjectState(string Kind, string Schema, string Relation, string Name, string State)
{
    // What a column of a newer version says is read by its name. Triggers of partitions and of foreign keys
    // follow those that they were made for.
    private const string Query = """
        SELECT found.kind, n.nspname::text, r.relname::text, found.name, found.state
        FROM (
            SELECT 'index', i.indrelid, (SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.oid = i.indexrelid),
                   CASE (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = i.indexrelid)
                       WHEN 'I' THEN 'incomplete' ELSE 'invalid' END
            FROM pg_catalog.pg_index i
            WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
            UNION ALL
            SELECT 'constraint', c.conrelid, c.conname::text,
                   CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_constraint p
                                     WHERE NOT p.convalidated AND (p.oid = c.conparentid OR (p.conname = c.conname AND p.conrelid IN (
                                         SELECT h.inhparent FROM pg_catalog.pg_inherits h WHERE h.inhrelid = c.conrelid))))
                        THEN 'not validated, as inherited' WHEN pg_catalog.to_jsonb(c) ->> 'conenforced' = 'false' THEN 'not enforced'
                            ELSE 'not validated' END
            FROM pg_catalog.pg_constraint c
            WHERE NOT c.convalidated
            UNION ALL
            SELECT 'materialized view', c.oid, '', 'not populated' FROM pg_catalog.pg_class c WHERE c.relkind = 'm' AND NOT c.relispopulated
            UNION ALL
            SELECT 'trigger', t.tgrelid, t.tgname::text, CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'for replicas'
                ELSE 'always enabled' END
            FROM pg_catalog.pg_trigger t
            WHERE NOT t.tgisinternal AND t.tgenabled <> 'O' AND coalesce(pg_catalog.to_jsonb(t) ->> 'tgparentid', '0') = '0'
            UNION ALL
            SELECT 'rule', w.ev_class, w.rulename::text, CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'for replicas'
                ELSE 'always enabled' END
            FROM pg_catalog.pg_rewrite w
            WHERE w.rulename <> '_RETURN' AND w.ev_enabled <> 'O'
            UNION ALL
            SELECT 'table', c.oid, '', CASE WHEN NOT c.relrowsecurity THEN 'row security forced' WHEN c.relforcerowsecurity
                THEN 'row security enabled and forced' ELSE 'row security enabled' END
            FROM pg_catalog.pg_class c
            WHERE c.relrowsecurity OR c.relforcerowsecurity
        ) AS found (kind, relation, name, state)
        JOIN pg_catalog.pg_class r ON r.oid = found.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace
        WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        ORDER BY 1, 2, 3, 4
        """;

    /// <summary>Reads all of a database.</summary>
    /// <param name="connection">A connection to it, in any transaction.</param>
    /// <param name="cancellationToken">Ends the query.</param>
    /// <returns>What is not as it was made, sorted.</returns>
    public static Task<List<ObjectState>> ReadAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ListAsync(
            Query,
            static row => new ObjectState(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4)),
            cancellationToken
        );

    /// <summary>What it is, for people.</summary>
    public string Subject => Name.Length == 0 ? $"the {Kind} {Schema}.{Relation}" : $"the {Kind} {Name} of {Schema}.{Relation}";
}
