using CryoBackup.Archive;

namespace CryoBackup.Restore.Selection;

/// <summary>Which entries of an archive need which, and which belong to which.</summary>
internal sealed class EntryGraph
{
    private readonly Dictionary<int, TocEntry> _byId;

    // Looked for once, not by each of perhaps a million entries.
    private readonly Lazy<ILookup<(string Schema, string Name), TocEntry>> _callable;
    private readonly Lazy<ILookup<int, TocEntry>> _operatorClasses;
    private readonly Lazy<TocEntry[]> _btreeGist;

    /// <summary>Draws it.</summary>
    /// <param name="entries">The table of contents.</param>
    public EntryGraph(IReadOnlyList<TocEntry> entries)
    {
        _byId = entries.ToDictionary(entry => entry.DumpId);
        _operatorClasses = new(() =>
            entries
                .Where(entry => entry.Kind is "OPERATOR CLASS")
                .SelectMany(entry => entry.Dependencies.Distinct(), static (entry, needed) => (entry, needed))
                .ToLookup(pair => pair.needed, pair => pair.entry)
        );
        _btreeGist = new(() => [.. entries.Where(entry => entry is { Kind: "EXTENSION", Name: "btree_gist" })]);
        _callable = new(() =>
            entries
                .Where(entry => entry.Kind is "FUNCTION" or "PROCEDURE" or "AGGREGATE" or "TYPE" or "DOMAIN")
                .ToLookup(entry => (entry.Schema, entry.Name.Split('(')[0]))
        );
    }

    /// <summary>The entry of an ID.</summary>
    /// <param name="id">The ID.</param>
    public TocEntry this[int id] => _byId[id];

    /// <summary>What an entry needs, as pg_dump records it.</summary>
    /// <param name="entry">The entry.</param>
    public IEnumerable<TocEntry> Dependencies(TocEntry entry)
    {
        foreach (int id in entry.Dependencies)
        {
            // A dependency on what was not dumped, such as a section's boundary, names no entry.
            if (_byId.TryGetValue(id, out TocEntry? needed))
            {
                yield return needed;
            }
        }
    }

    /// <summary>What pg_dump does not record: it knows what an index needs, but not what the index of a constraint needs.</summary>
    /// <param name="entry">The entry.</param>
    public IEnumerable<TocEntry> UnrecordedNeeds(TocEntry entry) =>
        entry.Kind switch
        {
            // The operator classes of built-in types for exclusion constraints.
            "CONSTRAINT" when entry.Definition.Contains(" EXCLUDE USING gist ", StringComparison.Ordinal) => _btreeGist.Value,
            "CONSTRAINT" when entry.Definition.Contains(" WITHOUT OVERLAPS", StringComparison.Ordinal) => _btreeGist.Value,
            "FUNCTION" or "PROCEDURE" => FunctionBodies.NamesIn(entry).SelectMany(name => _callable.Value[name]),
            "TYPE" => _operatorClasses.Value[entry.DumpId],
            _ => [],
        };

    /// <summary>The object that a part belongs to: of its dependencies the one that its name names, else the first.</summary>
    /// <param name="part">The part.</param>
    public TocEntry? Subject(TocEntry part)
    {
        TocEntry? first = null;
        foreach (TocEntry needed in Dependencies(part))
        {
            if (TocKinds.IsRemark(part))
            {
                return needed;
            }

            bool carrier = part.Kind switch
            {
                "SEQUENCE SET" or "SEQUENCE OWNED BY" => needed.Kind == "SEQUENCE",
                "INDEX ATTACH" => needed.Kind is "INDEX" or "CONSTRAINT",
                "DEFAULT ACL" or "PUBLICATION TABLES IN SCHEMA" => needed.Kind == "SCHEMA",
                _ => TocKinds.IsRelation(needed),
            };
            if (!carrier)
            {
                continue;
            }

            first ??= needed;
            bool sameSchema = string.Equals(needed.Schema, part.Schema, StringComparison.Ordinal);
            if (
                sameSchema
                && (
                    string.Equals(part.Name, needed.Name, StringComparison.Ordinal)
                    || part.Name.StartsWith(needed.Name + " ", StringComparison.Ordinal)
                    || (part.Kind == "INDEX ATTACH" && needed.Name.EndsWith(" " + part.Name, StringComparison.Ordinal))
                )
            )
            {
                return needed;
            }
        }

        return first;
    }
}
