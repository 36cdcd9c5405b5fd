namespace CryoBackup.Archive;

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
    /// <returns>Those that take time and lock one table, or two that pg_restore knows of; and the rest, for one session after them.</returns>
    public static (IReadOnlyList<TocEntry> Together, IReadOnlyList<TocEntry> After) Split(IReadOnlyList<TocEntry> entries, IReadOnlyList<TocEntry> archive)
    {
        HashSet<int> ofPartitions = [.. archive.Where(entry => entry.Kind == "TABLE ATTACH").SelectMany(entry => entry.Dependencies)];
        bool Together(TocEntry entry) => entry.Section switch
        {
            TocSection.PreData or TocSection.Data => !TocKinds.IsRemark(entry),
            TocSection.PostData => entry.Kind is "INDEX" or "CONSTRAINT" || (entry.Kind is "FK CONSTRAINT" && !entry.Dependencies.Any(ofPartitions.Contains)),
            _ => false,
        };
        return ([.. entries.Where(Together)], [.. entries.Where(entry => !Together(entry))]);
    }
}
