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
        var byId = archive.ToDictionary(entry => entry.DumpId);
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

        var tableOf = dataOf.GroupBy(pair => pair.Value).ToDictionary(group => group.Key, group => group.First().Key);
        var walk = new Walk(entry =>
            tableOf.TryGetValue(entry, out int table)
                ? references[table]
                    .Where(referenced => referenced != table && dataOf.ContainsKey(referenced))
                    .Select(referenced => dataOf[referenced])
                : []
        );
        foreach (TocEntry entry in data)
        {
            walk.From(entry);
        }

        return (walk.Sorted, [.. walk.Circular]);
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

    /// <summary>
    /// Tarjan's walk: each entry after those that it refers to, and the circles on the way. Not by recursion: a chain in a
    /// stranger's archive may be longer than a stack.
    /// </summary>
    private sealed class Walk(Func<TocEntry, IEnumerable<TocEntry>> referencesOf)
    {
        private readonly Dictionary<TocEntry, int> _numbers = [];
        private readonly Stack<Step> _path = [];

        // Met, and perhaps in a circle with what the path still holds.
        private readonly Stack<TocEntry> _unsettled = [];
        private readonly HashSet<TocEntry> _settled = [];

        public List<TocEntry> Sorted { get; } = [];

        public SortedSet<string> Circular { get; } = new(StringComparer.Ordinal);

        public void From(TocEntry first)
        {
            Visit(first);
            while (_path.TryPeek(out Step? step))
            {
                if (step.References.MoveNext())
                {
                    Visit(step.References.Current);
                }
                else
                {
                    Leave();
                }
            }
        }

        private void Visit(TocEntry entry)
        {
            if (_numbers.TryAdd(entry, _numbers.Count))
            {
                _unsettled.Push(entry);
                _path.Push(new Step(entry, referencesOf(entry).GetEnumerator()) { Lowest = _numbers[entry] });
            }
            else if (!_settled.Contains(entry))
            {
                LeadBack(_numbers[entry]);
            }
        }

        private void Leave()
        {
            Step step = _path.Pop();
            step.References.Dispose();
            Sorted.Add(step.Entry);
            if (step.Lowest == _numbers[step.Entry])
            {
                Settle(step.Entry);
            }

            LeadBack(step.Lowest);
        }

        /// <summary>The entry leads back to none before it: what was met since, and leads back to it, is its circle.</summary>
        private void Settle(TocEntry entry)
        {
            bool circle = _unsettled.Peek() != entry;
            TocEntry settled;
            do
            {
                settled = _unsettled.Pop();
                _settled.Add(settled);
                if (circle)
                {
                    Circular.Add($"{settled.Schema}.{settled.Name}");
                }
            } while (settled != entry);
        }

        private void LeadBack(int number)
        {
            if (_path.TryPeek(out Step? step))
            {
                step.Lowest = Math.Min(step.Lowest, number);
            }
        }

        private sealed record Step(TocEntry Entry, IEnumerator<TocEntry> References)
        {
            /// <summary>The number of the first entry that this one leads back to.</summary>
            public required int Lowest { get; set; }
        }
    }
}
