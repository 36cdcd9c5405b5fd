using CryoBackup.Archive;

namespace CryoBackup.Restore.Selection;

/// <summary>The order in which tables are filled when their foreign keys are already there: each after those that it refers to.</summary>
internal static class DataOrder
{
    /// <summary>Sorts entries of the data section; what needs no order stays where it was.</summary>
    /// <param name="data">The entries to restore.</param>
    /// <param name="archive">The whole table of contents, which knows the foreign keys.</param>
    /// <returns>The sorted entries, and the tables of circles that no order satisfies.</returns>
    public static (IReadOnlyList<TocEntry> Sorted, IReadOnlyList<string> Circular) Sort(IReadOnlyList<TocEntry> data, IReadOnlyList<TocEntry> archive)
    {
        Dictionary<int, TocEntry> byId = archive.ToDictionary(entry => entry.DumpId);
        ILookup<int, int> references = archive.Where(entry => entry.Kind == "FK CONSTRAINT").SelectMany(key => TablesOf(key, byId)).ToLookup(pair => pair.From, pair => pair.To);
        Dictionary<int, TocEntry> dataOf = [];
        foreach (TocEntry entry in data.Where(entry => entry.IsTableData))
        {
            foreach (int table in entry.Dependencies.Where(id => byId.TryGetValue(id, out TocEntry? needed) && TocKinds.IsRelation(needed)))
            {
                dataOf.TryAdd(table, entry);
            }
        }

        Dictionary<TocEntry, int> tableOf = dataOf.ToDictionary(pair => pair.Value, pair => pair.Key);
        var sorted = new List<TocEntry>();
        var done = new HashSet<TocEntry>();
        var open = new List<TocEntry>();
        var circular = new SortedSet<string>(StringComparer.Ordinal);

        void Visit(TocEntry entry)
        {
            if (done.Contains(entry))
            {
                return;
            }

            int at = open.IndexOf(entry);
            if (at >= 0)
            {
                circular.UnionWith(open.Skip(at).Select(table => $"{table.Schema}.{table.Name}"));
                return;
            }

            open.Add(entry);
            if (tableOf.TryGetValue(entry, out int table))
            {
                foreach (int referenced in references[table].Where(referenced => referenced != table))
                {
                    if (dataOf.TryGetValue(referenced, out TocEntry? first))
                    {
                        Visit(first);
                    }
                }
            }

            open.RemoveAt(open.Count - 1);
            done.Add(entry);
            sorted.Add(entry);
        }

        foreach (TocEntry entry in data)
        {
            Visit(entry);
        }

        return (sorted, [.. circular]);
    }

    private static IEnumerable<(int From, int To)> TablesOf(TocEntry key, Dictionary<int, TocEntry> byId)
    {
        TocEntry[] tables =
        [
            .. key.Dependencies.Where(byId.ContainsKey).Select(id => byId[id]).Where(TocKinds.IsRelation).Distinct(),
        ];
        TocEntry? from = Array.Find(tables, table => string.Equals(table.Schema, key.Schema, StringComparison.Ordinal)
            && key.Name.StartsWith(table.Name + " ", StringComparison.Ordinal));
        return from is null ? [] : tables.Where(table => table != from).Select(table => (from.DumpId, table.DumpId));
    }
}
