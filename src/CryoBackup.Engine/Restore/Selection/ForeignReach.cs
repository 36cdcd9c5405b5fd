using CryoBackup.Archive;

namespace CryoBackup.Restore.Selection;

/// <summary>
/// What of an archive's data could be restored only by speaking to a foreign server: rows that belong there, and materialized views that
/// are computed from there. Neither a restore nor a rehearsal does that; the server may be out of reach, or the one that was saved.
/// </summary>
internal static class ForeignReach
{
    /// <summary>Finds it.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <returns>The entries of data, each with the reason to leave it out.</returns>
    public static IReadOnlyList<LeftOut> Of(IReadOnlyList<TocEntry> entries)
    {
        HashSet<int> foreign = [.. entries.Where(entry => entry.Kind == "FOREIGN TABLE").Select(entry => entry.DumpId)];
        if (foreign.Count == 0)
        {
            return [];
        }

        HashSet<int> reaching = [.. foreign];
        Reach.Extend(reaching, Edges(entries).ToLookup(edge => edge.Read, edge => edge.Reader));
        return
        [
            .. entries
                .Where(entry => entry.IsTableData && entry.Dependencies.Any(foreign.Contains))
                .Select(entry => new LeftOut(entry, "the rows of a foreign table belong on another server, to which nothing is written")),
            .. entries
                .Where(entry => entry.Kind == "MATERIALIZED VIEW DATA" && reaching.Contains(entry.DumpId))
                .Select(entry => new LeftOut(
                    entry,
                    "it is computed from a foreign table, and no foreign server is asked; REFRESH MATERIALIZED VIEW when it may be"
                )),
        ];
    }

    /// <summary>Who reads whom: a view what it selects from, a function what its body names, a table with children these too.</summary>
    private static IEnumerable<(int Reader, int Read)> Edges(IReadOnlyList<TocEntry> entries)
    {
        var byId = entries.ToDictionary(entry => entry.DumpId);
        ILookup<(string Schema, string Name), TocEntry> named = entries
            .Where(entry => TocKinds.IsRelation(entry) || entry.Kind is "FUNCTION" or "PROCEDURE")
            .ToLookup(entry => (entry.Schema, entry.Name.Split('(')[0]));
        foreach (TocEntry entry in entries)
        {
            if (entry.Kind is "FUNCTION" or "PROCEDURE")
            {
                foreach (TocEntry read in FunctionBodies.NamesIn(entry).SelectMany(name => named[name]))
                {
                    yield return (entry.DumpId, read.DumpId);
                }
            }

            TocEntry[] needed = [.. entry.Dependencies.Where(byId.ContainsKey).Select(id => byId[id])];
            if (entry.Kind == "TABLE ATTACH")
            {
                bool IsChild(TocEntry table) =>
                    string.Equals(table.Name, entry.Name, StringComparison.Ordinal)
                    && string.Equals(table.Schema, entry.Schema, StringComparison.Ordinal);
                if (Array.Find(needed, IsChild) is { } child)
                {
                    foreach (TocEntry parent in needed.Where(table => table != child))
                    {
                        yield return (parent.DumpId, child.DumpId);
                    }
                }
            }
            else if (entry.Kind is "TABLE" or "FOREIGN TABLE")
            {
                // Until 13 pg_dump attached a partition where it made it.
                bool hasParents =
                    entry.Definition.Contains("\nINHERITS (", StringComparison.Ordinal)
                    || entry.Definition.Contains(" ATTACH PARTITION ", StringComparison.Ordinal);
                foreach (TocEntry parent in needed.Where(table => hasParents && TocKinds.IsRelation(table)))
                {
                    yield return (parent.DumpId, entry.DumpId);
                }
            }
            else
            {
                foreach (TocEntry read in needed)
                {
                    yield return (entry.DumpId, read.DumpId);
                }
            }
        }
    }
}
