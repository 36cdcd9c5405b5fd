using CryoBackup.Archive;

namespace CryoBackup.Restore.Selection;

/// <summary>The order in which tables are filled when their foreign keys are already there: each after those that it refers to.</summary>
internal static class DataOrder
{
    /// <summary>Sorts entries of the data section; what needs no order stays where it was.</summary>
    /// <param name="data">The entries to restore.</param>
    /// <param name="archive">The whole table of contents, which knows the foreign keys.</param>
    /// <returns>The sorted entries, and the tables of circles that no order satisfies.</returns>
    public static (IReadOnlyList<TocEntry> Sorted, IReadOnlyList<string> Circular) Sort(
        IReadOnlyList<TocEntry> data,
        IReadOnlyList<TocEntry> archive
    )
    {
        Dictionary<int, TocEntry> byId = archive.ToDictionary(entry => entry.DumpId);
        ILookup<int, int> references = archive
            .Where(entry => entry.Kind == "FK CONSTRAINT")
            .SelectMany(key => TablesOf(key, byId))
            .ToLookup(pair => pair.From, pair => pair.To);
        Dictionary<int, TocEntry> dataOf = [];
        foreach (TocEntry entry in data.Where(entry => entry.IsTableData))
        {
            foreach (int table in entry.Dependencies.Where(id => byId.TryGetValue(id, out TocEntry? needed) && TocKinds.IsRelation(needed)))
            {
                dataOf.TryAdd(table, entry);
            }
        }

        Dictionary<TocEntry, int> tableOf = dataOf.GroupBy(pair => pair.Value).ToDictionary(group => group.Key, group => group.First().Key);
        var sorted = new List<TocEntry>();
        var done = new HashSet<TocEntry>();
        var circular = new SortedSet<string>(StringComparer.Ordinal);

        // Not by recursion: a chain in a stranger's archive may be longer than a stack. Each step knows the lowest that it leads back to.
        var open = new List<(TocEntry Entry, IEnumerator<TocEntry> References, int Lowest)>();
        var places = new Dictionary<TocEntry, int>();

        IEnumerator<TocEntry> ReferencesOf(TocEntry entry) =>
            tableOf.TryGetValue(entry, out int table)
                ? references[table]
                    .Where(referenced => referenced != table && dataOf.ContainsKey(referenced))
                    .Select(referenced => dataOf[referenced])
                    .GetEnumerator()
                : Enumerable.Empty<TocEntry>().GetEnumerator();

        void LeadBack(int place) => open[^1] = open[^1] with { Lowest = Math.Min(open[^1].Lowest, place) };

        void Visit(TocEntry entry)
        {
            if (places.TryGetValue(entry, out int place))
            {
                LeadBack(place);
            }
            else if (!done.Contains(entry))
            {
                places.Add(entry, open.Count);
                open.Add((entry, ReferencesOf(entry), int.MaxValue));
            }
        }

        void Close()
        {
            (TocEntry entry, _, int lowest) = open[^1];
            open.RemoveAt(open.Count - 1);
            places.Remove(entry);
            if (lowest <= open.Count)
            {
                circular.Add($"{entry.Schema}.{entry.Name}");
            }

            if (open.Count > 0)
            {
                LeadBack(lowest);
            }

            done.Add(entry);
            sorted.Add(entry);
        }

        foreach (TocEntry first in data)
        {
            Visit(first);
            while (open.Count > 0)
            {
                if (open[^1].References.MoveNext())
                {
                    Visit(open[^1].References.Current);
                }
                else
                {
                    Close();
                }
            }
        }

        return (sorted, [.. circular]);
    }

    private static IEnumerable<(int From, int To)> TablesOf(TocEntry key, Dictionary<int, TocEntry> byId)
    {
        TocEntry[] tables = [.. key.Dependencies.Where(byId.ContainsKey).Select(id => byId[id]).Where(TocKinds.IsRelation).Distinct()];
        TocEntry? from = Array.Find(
            tables,
            table =>
                string.Equals(table.Schema, key.Schema, StringComparison.Ordinal)
                && key.Name.StartsWith(table.Name + " ", StringComparison.Ordinal)
        );
        return from is null ? [] : tables.Where(table => table != from).Select(table => (from.DumpId, table.DumpId));
    }
}
