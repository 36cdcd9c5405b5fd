using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Restore;
using CryoBackup.Restore.Selection;
using CryoBackup.Storage;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>A table or a schema alone comes with all that belongs to it, or says what it left out and why.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class PartOfZooTests(ZooServer server)
{
    // One line for each thing that belongs to a relation, as the catalog tells it: the relation, the kind of entry it comes from, its name,
    // what it is. The option pg_attver is a mark of the server's own, which patched versions set and pg_dump leaves out;
    // since 17 a partition's identity column is the whole table's.
    private const string PartsOfRelations = """
        WITH relation AS (
            SELECT c.oid, c.relowner, c.relacl, c.relkind, c.relpersistence, c.reloptions, c.relreplident, c.relrowsecurity, c.relforcerowsecurity, c.relam, c.reltablespace, c.relispartition,
                   n.nspname || '.' || c.relname AS name
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
              AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))
        SELECT name, 'relation', '', format('%s %s %s %s %s %s %s %s', relkind, relpersistence, relowner::regrole, reloptions, relreplident, (SELECT amname FROM pg_am WHERE pg_am.oid = relam), reltablespace, relacl) FROM relation
        UNION ALL SELECT name, 'ROW SECURITY', '', relrowsecurity || ' ' || relforcerowsecurity FROM relation
        UNION ALL
        SELECT name, 'column', a.attname, format('%s %s %s %s %s %s %s %s %s %s %s', format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation, a.attnotnull, CASE WHEN relispartition THEN '' ELSE a.attidentity END,
                      a.attgenerated, a.attstorage, to_jsonb(a)->>'attcompression', a.attstattarget, a.attacl, (SELECT array_agg(o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg_attver=%'), a.attfdwoptions)
        FROM relation JOIN pg_attribute a ON a.attrelid = oid WHERE a.attnum > 0 AND NOT a.attisdropped
        UNION ALL
        SELECT name, 'DEFAULT', a.attname, pg_get_expr(d.adbin, d.adrelid) FROM relation JOIN pg_attrdef d ON d.adrelid = relation.oid JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
        UNION ALL SELECT name, 'CONSTRAINT', conname, format('%s %s %s', pg_get_constraintdef(k.oid), convalidated, connoinherit AND contype = 'c') FROM relation JOIN pg_constraint k ON conrelid = relation.oid
            WHERE contype NOT IN ('t', 'f') OR conparentid = 0 AND contype = 'f'
        UNION ALL SELECT name, 'INDEX', indexrelid::regclass::text, format('%s %s %s %s %s', pg_get_indexdef(indexrelid), indisclustered, indisreplident, indisvalid, (SELECT reltablespace FROM pg_class i WHERE i.oid = indexrelid))
            FROM relation JOIN pg_index ON indrelid = oid
        UNION ALL SELECT name, 'TRIGGER', tgname, format('%s %s', pg_get_triggerdef(t.oid), tgenabled) FROM relation JOIN pg_trigger t ON tgrelid = relation.oid WHERE NOT tgisinternal
        UNION ALL SELECT name, 'RULE', rulename, format('%s %s', pg_get_ruledef(r.oid), ev_enabled) FROM relation JOIN pg_rewrite r ON ev_class = relation.oid
        UNION ALL SELECT name, 'POLICY', polname, format('%s %s %s %s %s', polcmd, polpermissive, (SELECT array_agg(r::regrole ORDER BY r::regrole::text) FROM unnest(polroles) r), pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
            FROM relation JOIN pg_policy p ON polrelid = relation.oid
        UNION ALL SELECT name, 'STATISTICS', stxname, format('%s %s %s', pg_get_statisticsobjdef(s.oid), stxstattarget, stxowner::regrole) FROM relation JOIN pg_statistic_ext s ON stxrelid = relation.oid
        UNION ALL
        SELECT name, 'SEQUENCE', s.oid::regclass::text, format('%s %s %s %s', q.*, s.relowner::regrole, s.relacl, d.deptype) || '=' || pg_sequence_last_value(s.oid)
        FROM relation JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = relation.oid AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
        JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' CROSS JOIN LATERAL (SELECT seqtypid, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle FROM pg_sequence WHERE seqrelid = s.oid) q
        UNION ALL SELECT name, 'TABLE ATTACH', (SELECT p.relname FROM pg_class p WHERE p.oid = inhparent), pg_get_expr(c.relpartbound, c.oid) FROM relation JOIN pg_class c USING (oid) JOIN pg_inherits ON inhrelid = oid
        UNION ALL SELECT name, 'PUBLICATION TABLE', pubname, format('%s %s', r.prattrs, pg_get_expr(r.prqual, r.prrelid)) FROM relation JOIN pg_publication_rel r ON prrelid = relation.oid JOIN pg_publication p ON p.oid = prpubid
        UNION ALL SELECT name, 'COMMENT', coalesce(attname::text, ''), description FROM relation JOIN pg_description ON objoid = relation.oid AND classoid = 'pg_class'::regclass LEFT JOIN pg_attribute ON attrelid = objoid AND attnum = nullif(objsubid, 0)
        UNION ALL SELECT name, 'COMMENT of a trigger', tgname, description FROM relation JOIN pg_trigger t ON tgrelid = relation.oid JOIN pg_description ON objoid = t.oid AND classoid = 'pg_trigger'::regclass
        UNION ALL SELECT name, 'COMMENT of a constraint', conname, description FROM relation JOIN pg_constraint k ON conrelid = relation.oid JOIN pg_description ON objoid = k.oid AND classoid = 'pg_constraint'::regclass
        UNION ALL SELECT name, 'COMMENT of an index', indexrelid::regclass::text, description FROM relation JOIN pg_index ON indrelid = oid JOIN pg_description ON objoid = indexrelid AND classoid = 'pg_class'::regclass
        UNION ALL SELECT name, 'COMMENT of a policy', polname, description FROM relation JOIN pg_policy p ON polrelid = relation.oid JOIN pg_description ON objoid = p.oid AND classoid = 'pg_policy'::regclass
        UNION ALL SELECT name, 'COMMENT of statistics', stxname, description FROM relation JOIN pg_statistic_ext s ON stxrelid = relation.oid JOIN pg_description ON objoid = s.oid AND classoid = 'pg_statistic_ext'::regclass
        ORDER BY 1, 2, 3, 4
        """;

    // What stands in the schema's own name. Until 14 pg_dump writes no comment of the schema public, in no archive.
    private const string PartsOfSchemas = """
        SELECT nspname, 'SCHEMA', '', format('%s %s %s', nspowner::regrole, nspacl, CASE WHEN nspname <> 'public' OR current_setting('server_version_num')::int >= 150000
            THEN obj_description(oid, 'pg_namespace') END) FROM pg_namespace
        UNION ALL SELECT n.nspname, 'DEFAULT ACL', format('%s %s', defaclrole::regrole, defaclobjtype), defaclacl::text FROM pg_default_acl JOIN pg_namespace n ON n.oid = defaclnamespace
        UNION ALL SELECT n.nspname, 'routine', p.oid::regprocedure::text, format('%s %s %s %s', CASE WHEN prokind <> 'a' THEN pg_get_functiondef(p.oid) END, proowner::regrole, proacl, obj_description(p.oid, 'pg_proc')) FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'type', typname, format('%s %s %s %s', typtype, typowner::regrole, typacl, obj_description(t.oid, 'pg_type')) FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') AND typcategory <> 'A' AND NOT EXISTS (SELECT FROM pg_class WHERE pg_class.oid = typrelid AND relkind <> 'c')
        UNION ALL SELECT n.nspname, 'collation', collname, format('%s %s %s', collowner::regrole, collprovider, obj_description(c.oid, 'pg_collation')) FROM pg_collation c JOIN pg_namespace n ON n.oid = collnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'operator', format('%s %s %s', oprname, oprleft::regtype, oprright::regtype), format('%s %s %s %s', oprowner::regrole, oprcom::regoperator, oprnegate::regoperator, obj_description(o.oid, 'pg_operator')) FROM pg_operator o JOIN pg_namespace n ON n.oid = oprnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'operator class', opcname, obj_description(o.oid, 'pg_opclass') FROM pg_opclass o JOIN pg_namespace n ON n.oid = opcnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'operator family', opfname, obj_description(o.oid, 'pg_opfamily') FROM pg_opfamily o JOIN pg_namespace n ON n.oid = opfnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = o.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'conversion', conname, obj_description(c.oid, 'pg_conversion') FROM pg_conversion c JOIN pg_namespace n ON n.oid = connamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'text search', cfgname, obj_description(c.oid, 'pg_ts_config') FROM pg_ts_config c JOIN pg_namespace n ON n.oid = cfgnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'dictionary', dictname, obj_description(c.oid, 'pg_ts_dict') FROM pg_ts_dict c JOIN pg_namespace n ON n.oid = dictnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        UNION ALL SELECT n.nspname, 'sequence', c.relname, format('%s %s %s %s', relowner::regrole, relacl, relpersistence, pg_sequence_last_value(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
        ORDER BY 1, 2, 3, 4
        """;

    [PostgresFact]
    public void EachTable()
    {
        string backup = server.Backup;
        List<Part> whole = Parts(ZooServer.Database, PartsOfRelations);
        string[] tables = [.. whole.Select(part => part.Of).Distinct()];
        foreach (string table in Thoroughness.Of(WithEveryKindOfPart(whole), tables))
        {
            RestoreResult result = RestoreAlone(backup, request => request with { Table = [table] });
            List<Part> found = Parts("zoo_part", PartsOfRelations);
            AssertComplete(table, [.. whole.Where(part => part.Of == table)], [.. found.Where(part => part.Of == table)], result);
            Assert.All(result.Tables, compared => Assert.True(compared.Matches));
        }
    }

    [PostgresFact]
    public void EachSchema()
    {
        string backup = server.Backup;
        List<Part> whole = Parts(ZooServer.Database, PartsOfRelations);
        List<Part> wholeSchemas = Parts(ZooServer.Database, PartsOfSchemas);
        foreach (string schema in (string[])["zoo", "annex", "public", "Odd \"Schema\", with; all"])
        {
            RestoreResult result = RestoreAlone(backup, request => request with { Schema = [schema] });
            List<Part> found = Parts("zoo_part", PartsOfRelations);
            foreach (
                string table in whole
                    .Select(part => part.Of)
                    .Distinct()
                    .Where(name => name.StartsWith(schema + ".", StringComparison.Ordinal))
            )
            {
                AssertComplete(table, [.. whole.Where(part => part.Of == table)], [.. found.Where(part => part.Of == table)], result);
            }

            List<Part> foundSchemas = Parts("zoo_part", PartsOfSchemas);
            AssertComplete(
                schema,
                [.. wholeSchemas.Where(part => part.Of == schema)],
                [.. foundSchemas.Where(part => part.Of == schema)],
                result
            );
        }
    }

    [PostgresFact]
    public void NothingIsLostInSilence()
    {
        string backup = server.Backup;
        IReadOnlyList<TocEntry> entries = ReadToc(backup);
        foreach (TocEntry table in entries.Where(TocKinds.IsRelation))
        {
            var selection = RestoreSelection.Of(entries, [], [$"{table.Schema}.{table.Name}"], TargetContent.Nothing);
            HashSet<TocEntry> accounted = [.. selection.Entries, .. selection.LeftOut.Select(item => item.Entry)];
            foreach (
                TocEntry part in entries.Where(entry =>
                    (TocKinds.IsPart(entry) || TocKinds.IsRemark(entry)) && entry.Dependencies.Contains(table.DumpId)
                )
            )
            {
                // A foreign key, policy or rule of another table may refer to this one.
                bool ofAnother =
                    part.Kind is "FK CONSTRAINT" or "POLICY" or "RULE" or "TRIGGER" or "TABLE ATTACH" or "INDEX ATTACH"
                    && !(
                        part.Schema == table.Schema
                        && (part.Name == table.Name || part.Name.StartsWith(table.Name + " ", StringComparison.Ordinal))
                    );
                Assert.True(ofAnother || accounted.Contains(part), $"{part} of {table} is neither restored nor left out with a reason.");
            }
        }
    }

    private static IReadOnlyList<TocEntry> ReadToc(string backup)
    {
        using var source = new BackupSource(backup, new AgeDecryption(backup, [], [], CancellationToken.None));
        return ArchiveReader.Read(source.Output, null, _ => { }, CancellationToken.None).Entries;
    }

    private static void AssertComplete(string what, List<Part> expected, List<Part> found, RestoreResult result)
    {
        Assert.NotEmpty(expected);
        string[] differences =
        [
            .. expected.Except(found).Where(part => !IsExcused(part, what, result)).Select(part => $"lacks {part}"),
            .. found.Except(expected).Where(part => !IsExcused(part, what, result)).Select(part => $"has {part}"),
        ];
        Assert.True(differences.Length == 0, $"{what} {string.Join("\n", differences)}\nleft out: {string.Join("\n", result.LeftOut)}");
    }

    /// <summary>True where the result says that it was left out.</summary>
    private static bool IsExcused(Part part, string what, RestoreResult result)
    {
        string Plain(string name) => name[(name.LastIndexOf('.') + 1)..].Replace("\"", "", StringComparison.Ordinal);
        return part.Kind switch
        {
            "CONSTRAINT" or "COMMENT of a constraint" => result.LeftOut.Any(line =>
                line.StartsWith($"FK CONSTRAINT {what} {part.Name}: ", StringComparison.Ordinal)
            ),
            "PUBLICATION TABLE" => result.LeftOut.Any(line =>
                line.StartsWith("PUBLICATION TABLE ", StringComparison.Ordinal)
                && line.Contains($"{part.Name} {Plain(what)}: ", StringComparison.Ordinal)
            ),
            "POLICY" or "TRIGGER" or "RULE" => result.LeftOut.Any(line =>
                line.StartsWith($"{part.Kind} {what} {part.Name}: ", StringComparison.Ordinal)
            ),
            "TABLE ATTACH" => result.LeftOut.Any(line => line.StartsWith($"TABLE ATTACH {what}: ", StringComparison.Ordinal)),
            "COMMENT of a policy" => result.LeftOut.Any(line => line.StartsWith($"POLICY {what} {part.Name}: ", StringComparison.Ordinal)),
            _ => false,
        };
    }

    /// <summary>As many tables as it takes for one part of every kind, those of most kinds first.</summary>
    private static string[] WithEveryKindOfPart(List<Part> whole)
    {
        var tables = new List<string>();
        List<IGrouping<string, Part>> rest = [.. whole.GroupBy(part => part.Of)];
        HashSet<string> kinds = [.. whole.Select(part => part.Kind)];
        while (kinds.Count > 0)
        {
            IGrouping<string, Part> richest = rest.MaxBy(table => table.Select(part => part.Kind).Distinct().Count(kinds.Contains))!;
            tables.Add(richest.Key);
            kinds.ExceptWith(richest.Select(part => part.Kind));
        }

        return [.. tables];
    }

    private RestoreResult RestoreAlone(string backup, Func<RestoreRequest, RestoreRequest> choose)
    {
        server.Drop("zoo_part");
        return server.Restore(backup, "zoo_part", request => choose(request with { Create = true, Jobs = 1 }));
    }

    private List<Part> Parts(string database, string query)
    {
        if (server.Cluster.Major < 15)
        {
            query = query.Replace("format('%s %s', r.prattrs, pg_get_expr(r.prqual, r.prrelid))", "NULL", StringComparison.Ordinal);
        }

        using NpgsqlConnection connection = server.Open(database);
        using var command = new NpgsqlCommand("SET search_path = ''; SET extra_float_digits = 1; " + query, connection);
        using NpgsqlDataReader row = command.ExecuteReader();
        var parts = new List<Part>();
        while (row.Read())
        {
            parts.Add(
                new Part(
                    row.GetString(0),
                    row.GetString(1),
                    row.IsDBNull(2) ? "" : row.GetString(2),
                    row.IsDBNull(3) ? "" : row.GetString(3)
                )
            );
        }

        return parts;
    }

    private sealed record Part(string Of, string Kind, string Name, string What);
}
