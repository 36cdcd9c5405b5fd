using CryoBackup.Archive;

namespace CryoBackup.Restore;

/// <summary>
/// Which entries several sessions may restore at once. pg_restore -j takes care that no two of them want the same table, but it does
/// not know that a trigger or a foreign key of a partitioned table locks its partitions too, nor what rules, policies and views
/// refer to: left to it, all of them, a restore now and then ends in a deadlock.
/// </summary>
internal static class ParallelEntries
{
    /// <summary>Splits entries in two.</summary>
    /// <param name="entries">The entries to restore.</param>
    /// <param name="archive">The whole table of contents.</param>
    /// <returns>
    /// Those that take time and lock one table, or two that pg_restore knows of; and the rest, for one session after them. What needs one
    /// of the rest is of the rest, whatever it is: the index of a materialized view that waits for a primary key waits too.
    /// </returns>
    public static (IReadOnlyList<TocEntry> Together, IReadOnlyList<TocEntry> After) Split(
        IReadOnlyList<TocEntry> entries,
        IReadOnlyList<TocEntry> archive
    )
    {
        HashSet<int> partitions = [.. PartitionsAndParents(archive)];
        HashSet<int> after = [.. entries.Where(entry => !MayStandBeside(entry, partitions)).Select(entry => entry.DumpId)];
        Reach.Extend(
            after,
            entries
                .SelectMany(entry => entry.Dependencies, static (entry, needed) => (needed, entry.DumpId))
                .ToLookup(pair => pair.needed, pair => pair.DumpId)
        );
        return ([.. entries.Where(entry => !after.Contains(entry.DumpId))], [.. entries.Where(entry => after.Contains(entry.DumpId))]);
    }

    private static bool MayStandBeside(TocEntry entry, HashSet<int> partitions) =>
        entry.Section switch
        {
            TocSection.PreData or TocSection.Data => !TocKinds.IsRemark(entry),
            TocSection.PostData => entry.Kind switch
            {
                "INDEX" => true,

                // Since 18 a NOT NULL that is not validated is one too, which goes down to the table's children.
                "CONSTRAINT" => !entry.Definition.Contains(" NOT NULL ", StringComparison.Ordinal),
                "FK CONSTRAINT" => !entry.Dependencies.Any(partitions.Contains),
                _ => false,
            },
            _ => false,
        };

    private static IEnumerable<int> PartitionsAndParents(IReadOnlyList<TocEntry> archive)
    {
        foreach (TocEntry entry in archive)
        {
            if (entry.Kind == "TABLE ATTACH")
            {
                foreach (int table in entry.Dependencies)
                {
                    yield return table;
                }
            }
            else if (
                entry.Kind == "TABLE"
                && (
                    entry.Definition.Contains("\nPARTITION BY ", StringComparison.Ordinal)
                    || entry.Definition.Contains(" ATTACH PARTITION ", StringComparison.Ordinal)
                )
            )
            {
                // Until 13 a partition was attached where it was made, without an entry.
                yield return entry.DumpId;
            }
        }
    }
}
