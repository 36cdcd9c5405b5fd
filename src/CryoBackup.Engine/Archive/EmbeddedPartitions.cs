using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>
/// The partitions of archives of PostgreSQL 13 and before. Since 14 an entry TABLE ATTACH tells that a table is a partition; before, only
/// the partition's own definition does, in a statement behind its CREATE TABLE.
/// </summary>
internal static class EmbeddedPartitions
{
    /// <summary>Finds them.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <returns>The dump ID of each partition's parent, by that of the partition.</returns>
    public static IReadOnlyDictionary<int, int> Parents(IReadOnlyList<TocEntry> entries)
    {
        var parents = new Dictionary<int, int>();
        bool standardStrings = TocKinds.HasStandardStrings(entries);
        Dictionary<int, TocEntry>? byId = null;
        foreach (TocEntry entry in entries)
        {
            // Most have none, and need not be read as SQL.
            if (
                entry.Kind is not ("TABLE" or "FOREIGN TABLE")
                || !entry.Definition.Contains("PARTITION", StringComparison.Ordinal)
                || ParentName(entry, standardStrings) is not { } name
            )
            {
                continue;
            }

            byId ??= entries.ToDictionary(other => other.DumpId);
            foreach (int needed in entry.Dependencies)
            {
                if (byId.TryGetValue(needed, out TocEntry? parent) && TocKinds.IsRelation(parent) && (parent.Schema, parent.Name) == name)
                {
                    parents[entry.DumpId] = needed;
                }
            }
        }

        return parents;
    }

    /// <summary>What the definition makes the table a partition of: ALTER TABLE … ATTACH PARTITION (11 to 13),
    /// CREATE TABLE … PARTITION OF (10).</summary>
    private static (string Schema, string Name)? ParentName(TocEntry entry, bool standardStrings)
    {
        foreach (SqlStatement statement in SqlStatement.Split(entry.Definition, standardStrings))
        {
            int only = statement.Has(2, "ONLY") ? 1 : 0;
            if (
                statement.Has(0, "ALTER", "TABLE")
                && NameAt(statement, 2 + only) is var (parent, after)
                && statement.Has(after, "ATTACH", "PARTITION")
                && NameAt(statement, after + 2) is var (partition, _)
                && partition == (entry.Schema, entry.Name)
            )
            {
                return parent;
            }

            int table =
                statement.Has(0, "CREATE", "FOREIGN", "TABLE") ? 3
                : statement.Has(0, "CREATE", "TABLE") ? 2
                : -1;
            if (
                table > 0
                && NameAt(statement, table) is var (_, behind)
                && statement.Has(behind, "PARTITION", "OF")
                && NameAt(statement, behind + 2) is var (of, _)
            )
            {
                return of;
            }
        }

        return null;
    }

    /// <summary>A name with its schema, and where it has ended.</summary>
    private static ((string Schema, string Name) Name, int End)? NameAt(SqlStatement statement, int at) =>
        statement.Has(at, null, ".", null) && statement.Tokens[at].IsName && statement.Tokens[at + 2].IsName
            ? ((statement.Tokens[at].Name, statement.Tokens[at + 2].Name), at + 3)
            : null;
}
