using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>A table that rows are loaded into.</summary>
/// <param name="Oid">The server's own number of it.</param>
/// <param name="CanBeFrozen">True if it is empty, this role may empty it, and its rows can be loaded as ones that every
/// session sees.</param>
internal sealed record LoadTarget(uint Oid, bool CanBeFrozen);

/// <summary>The tables of the target that rows are loaded into, as they are before any come.</summary>
/// <param name="plan">What is restored.</param>
/// <param name="cancellationToken">Ends the question.</param>
internal sealed class LoadTargets(RestorePlan plan, CancellationToken cancellationToken)
{
    // Whoever loads frozen rows keeps all others from the table, and so must not wait for any: neither a check nor the type of a column
    // may call what a user wrote, which might read a table that another session loads. What an extension's script put into its own table
    // stays there.
    private const string Query = """
        SELECT n.nspname, c.relname, c.oid,
            a.amname = 'heap' AND NOT c.relhastriggers AND coalesce(pg_catalog.pg_relation_size(c.oid) = 0, false)
            AND coalesce(pg_catalog.has_table_privilege(c.oid, 'TRUNCATE'), false)
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_depend d
                    ON d.classid = 'pg_catalog.pg_constraint'::regclass AND d.objid = k.oid
                WHERE k.conrelid = c.oid AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_attrdef f JOIN pg_catalog.pg_depend d
                    ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.objid = f.oid
                WHERE f.adrelid = c.oid AND d.refclassid IN ('pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_operator'::regclass))
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_attribute u JOIN pg_catalog.pg_type t ON t.oid = u.atttypid
                    LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
                WHERE u.attrelid = c.oid AND u.attnum > 0 AND t.typnamespace <> 'pg_catalog'::regnamespace
                    AND coalesce(e.typtype, t.typtype) NOT IN ('b', 'e'))
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_catalog.pg_am a ON a.oid = c.relam
        WHERE c.relkind = 'r' AND n.nspname <> 'pg_catalog'
        """;

    private readonly object _gate = new();
    private Dictionary<QualifiedName, LoadTarget>? _tables;

    /// <summary>Finds the table whose rows an entry has. The server is asked once, by the first who asks here, when no table of more than a
    /// block has any row.</summary>
    /// <param name="session">A session in the target.</param>
    /// <param name="entry">An entry of kind TABLE DATA.</param>
    /// <returns>Null where the rows go elsewhere, or into what is no plain table.</returns>
    public LoadTarget? Find(NpgsqlConnection session, TocEntry entry)
    {
        lock (_gate)
        {
            _tables ??= ReadAsync(session).WaitAsync(cancellationToken).GetAwaiter().GetResult();
            return RootRows.RootOf(entry) is null ? _tables.GetValueOrDefault(new QualifiedName(entry.Schema, entry.Name)) : null;
        }
    }

    private async Task<Dictionary<QualifiedName, LoadTarget>> ReadAsync(NpgsqlConnection session)
    {
        // What is loaded through a root goes into partitions that have other rows, too; and no table is emptied twice.
        ILookup<QualifiedName, TocEntry> entries = plan
            .Tables.Select(table => table.Entry)
            .ToLookup(entry => new QualifiedName(entry.Schema, entry.Name));
        bool isOurs = plan.Makes && plan.Tables.All(table => RootRows.RootOf(table.Entry) is null);
        var tables = new Dictionary<QualifiedName, LoadTarget>();
        await session
            .ReadAsync(
                Query,
                row =>
                {
                    var name = new QualifiedName(row.GetString(0), row.GetString(1));
                    bool canBeFrozen = isOurs && row.GetBoolean(3) && entries[name].Take(2).Count() == 1;
                    tables[name] = new LoadTarget(row.GetFieldValue<uint>(2), canBeFrozen);
                },
                cancellationToken
            )
            .ConfigureAwait(false);
        return tables;
    }
}
