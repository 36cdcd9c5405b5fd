using CryoBackup.Archive;

namespace CryoBackup.Restore.Selection;

/// <summary>
/// The relations without rows that views read, by way of other views too. Each view is looked into once, and however deep they lie within
/// each other, that takes no stack.
/// </summary>
/// <param name="entries">The table of contents.</param>
/// <param name="dependencies">The entries that an entry depends on.</param>
/// <param name="hasRows">Whether a relation that is no view has its rows; what has them keeps them.</param>
internal sealed class UnfilledReads(
    IReadOnlyList<TocEntry> entries,
    Func<TocEntry, IEnumerable<TocEntry>> dependencies,
    Func<TocEntry, bool> hasRows
)
{
    private const string RuleSuffix = " _RETURN";

    private readonly Dictionary<TocEntry, TocEntry> _found = [];
    private readonly HashSet<TocEntry> _seen = [];

    // Of a view within a circle the archive has a stand-in first, and what it reads in a rule behind.
    private readonly Lazy<ILookup<(string Schema, string Name), TocEntry>> _rules = new(() =>
        entries.Where(IsRule).ToLookup(entry => (entry.Schema, entry.Name[..^RuleSuffix.Length]))
    );

    /// <summary>Whether an entry is the rule that makes a stand-in the view.</summary>
    /// <param name="entry">The entry.</param>
    public static bool IsRule(TocEntry entry) => entry.Kind is "RULE" && entry.Name.EndsWith(RuleSuffix, StringComparison.Ordinal);

    /// <summary>The first one that a view reads.</summary>
    /// <param name="view">The view.</param>
    /// <returns>Null if all that it reads have rows.</returns>
    public TocEntry? First(TocEntry view)
    {
        var path = new Stack<(TocEntry View, IEnumerator<TocEntry> Reads)>();
        path.Push((view, Reads(view).GetEnumerator()));
        while (path.TryPeek(out (TocEntry View, IEnumerator<TocEntry> Reads) top))
        {
            if (!top.Reads.MoveNext())
            {
                path.Pop().Reads.Dispose();
                continue;
            }

            TocEntry read = top.Reads.Current;
            TocEntry? empty = read.Kind is not "VIEW" ? read : _found.GetValueOrDefault(read);
            if (empty is not null && !hasRows(empty))
            {
                foreach ((TocEntry above, _) in path)
                {
                    _found[above] = empty;
                    _seen.Remove(above);
                }

                return empty;
            }

            if (read.Kind is "VIEW" && _seen.Add(read))
            {
                path.Push((read, Reads(read).GetEnumerator()));
            }
        }

        return null;
    }

    private IEnumerable<TocEntry> Reads(TocEntry view) =>
        dependencies(view).Concat(_rules.Value[(view.Schema, view.Name)].SelectMany(dependencies)).Where(TocKinds.IsRelation);
}
