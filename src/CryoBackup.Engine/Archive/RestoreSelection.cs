namespace CryoBackup.Archive;

/// <summary>An entry that a selection leaves out though it belongs to something chosen, and why.</summary>
/// <param name="Entry">The entry.</param>
/// <param name="Reason">Why, in words.</param>
internal sealed record LeftOut(TocEntry Entry, string Reason);

/// <summary>
/// The entries of an archive that a restore takes: all, or those that belong to chosen schemas and tables, closed over the archive's
/// dependencies. pg_restore's own -t and -n lose indexes, constraints, defaults and the schema itself, and say nothing.
/// </summary>
internal sealed class RestoreSelection
{
    private readonly IReadOnlyList<TocEntry> _entries;
    private readonly Dictionary<int, TocEntry> _byId;

    // What was chosen comes with its rows; what is only needed comes as a definition.
    private readonly HashSet<int> _chosen = [];
    private readonly HashSet<int> _included = [];
    private readonly List<LeftOut> _leftOut = [];

    private RestoreSelection(IReadOnlyList<TocEntry> entries)
    {
        _entries = entries;
        _byId = entries.ToDictionary(entry => entry.DumpId);
    }

    /// <summary>The entries to restore, in the archive's order.</summary>
    public IReadOnlyList<TocEntry> Entries { get; private set; } = [];

    /// <summary>What belongs to something chosen and is left out.</summary>
    public IReadOnlyList<LeftOut> LeftOut => _leftOut;

    /// <summary>Every object of the archive.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <returns>The selection.</returns>
    public static RestoreSelection All(IReadOnlyList<TocEntry> entries)
        => new(entries) { Entries = [.. entries.Where(TocKinds.IsObject)] };

    /// <summary>What belongs to the schemas and tables named.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <param name="schemas">Schemas: exact names or patterns.</param>
    /// <param name="tables">Tables, views, sequences: name or schema.name, exact or patterns.</param>
    /// <returns>The selection.</returns>
    /// <exception cref="CryoBackupException">ObjectNotFound: a name matches nothing, or, without a schema, in several schemas.</exception>
    public static RestoreSelection Of(IReadOnlyList<TocEntry> entries, IReadOnlyList<string> schemas, IReadOnlyList<string> tables)
    {
        var selection = new RestoreSelection(entries);
        foreach (string schema in schemas)
        {
            selection.ChooseSchema(new NamePattern(schema));
        }

        foreach (string table in tables)
        {
            selection.ChooseTable(new NamePattern(table));
        }

        selection.ChoosePartitions();
        foreach (int id in selection._chosen)
        {
            selection.Include(selection._byId[id]);
        }

        selection.AddParts();
        selection.Entries = [.. entries.Where(entry => selection._included.Contains(entry.DumpId) && TocKinds.IsObject(entry))];
        return selection;
    }

    /// <summary>The selection without rows, or without definitions.</summary>
    /// <param name="schemaOnly">True to leave out rows, sequence values and what materialized views hold.</param>
    /// <param name="dataOnly">True to leave out all definitions.</param>
    /// <returns>The narrower selection.</returns>
    public RestoreSelection Only(bool schemaOnly, bool dataOnly)
    {
        var narrowed = new RestoreSelection(_entries)
        {
            Entries = [.. Entries.Where(entry => (!schemaOnly || !TocKinds.IsData(entry)) && (!dataOnly || entry.Section == TocSection.Data))],
        };
        narrowed._leftOut.AddRange(_leftOut);
        return narrowed;
    }

    private static bool IsNamedTable(TocEntry entry) => TocKinds.IsRelation(entry) || string.Equals(entry.Kind, "SEQUENCE", StringComparison.Ordinal);

    private void ChooseSchema(NamePattern pattern)
    {
        bool found = false;
        foreach (TocEntry entry in _entries)
        {
            bool isSchema = string.Equals(entry.Kind, "SCHEMA", StringComparison.Ordinal) && pattern.MatchesSchema(entry.Name);
            if (isSchema || (entry.Schema.Length > 0 && pattern.MatchesSchema(entry.Schema)))
            {
                found = true;

                // Parts and remarks follow their object, so that what cannot be restored is told with its reason.
                if (isSchema || !(TocKinds.IsPart(entry) || TocKinds.IsRemark(entry)))
                {
                    _chosen.Add(entry.DumpId);
                }
            }
        }

        // The schema public stands in no entry unless it was changed.
        if (!found && !string.Equals(pattern.Text, "public", StringComparison.Ordinal))
        {
            throw pattern.NotFound("schema", "the backup", _entries.Select(entry => entry.Schema).Where(schema => schema.Length > 0));
        }
    }

    private void ChooseTable(NamePattern pattern)
    {
        TocEntry[] found = [.. _entries.Where(entry => IsNamedTable(entry) && pattern.MatchesTable(entry.Schema, entry.Name))];
        if (found.Length == 0)
        {
            throw pattern.NotFound("table", "the backup", _entries.Where(IsNamedTable).Select(entry => $"{entry.Schema}.{entry.Name}"));
        }

        if (found.Length > 1 && !pattern.HasWildcard)
        {
            throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"'{pattern.Text}' means {found.Length} objects of the backup: {string.Join(", ", found.Select(entry => $"{entry.Schema}.{entry.Name}"))}; nothing was changed.",
                pattern.Text,
                "Name the schema as well, or use a wildcard to take all of them.");
        }

        _chosen.UnionWith(found.Select(entry => entry.DumpId));
    }

    /// <summary>A partitioned table has its rows in its partitions, so they are chosen with it.</summary>
    private void ChoosePartitions()
    {
        bool more;
        do
        {
            more = false;
            foreach (TocEntry attach in _entries.Where(entry => string.Equals(entry.Kind, "TABLE ATTACH", StringComparison.Ordinal)))
            {
                TocEntry[] tables = [.. Dependencies(attach).Where(TocKinds.IsRelation)];
                if (Subject(attach) is { } child && Array.Exists(tables, table => table != child && _chosen.Contains(table.DumpId)))
                {
                    more |= _chosen.Add(child.DumpId);
                }
            }
        }
        while (more);
    }

    /// <summary>Takes an entry with everything that its definition needs.</summary>
    private void Include(TocEntry entry)
    {
        var pending = new Stack<TocEntry>();
        pending.Push(entry);
        while (pending.TryPop(out TocEntry? next))
        {
            if (_included.Add(next.DumpId))
            {
                foreach (TocEntry needed in Dependencies(next))
                {
                    pending.Push(needed);
                }
            }
        }
    }

    /// <summary>Adds what belongs to the included objects, as long as it asks for no other table.</summary>
    private void AddParts()
    {
        TocEntry[] parts = [.. _entries.Where(entry => !_included.Contains(entry.DumpId) && (TocKinds.IsPart(entry) || TocKinds.IsRemark(entry) || IsFollower(entry)))];
        bool more;
        do
        {
            more = false;
            foreach (TocEntry part in parts)
            {
                if (!_included.Contains(part.DumpId) && Belongs(part) && Obstacle(part) is null)
                {
                    Include(part);
                    more = true;
                }
            }
        }
        while (more);

        foreach (TocEntry part in parts)
        {
            if (!_included.Contains(part.DumpId) && Belongs(part) && Obstacle(part) is { } reason)
            {
                _leftOut.Add(new LeftOut(part, reason));
            }
        }
    }

    /// <summary>A sequence of an identity column, the value of a sequence, and privileges by default follow what they hang on.</summary>
    private static bool IsFollower(TocEntry entry) => entry.Kind is "SEQUENCE" or "SEQUENCE SET" or "DEFAULT ACL";

    private bool Belongs(TocEntry part) => Subject(part) is { } subject && _included.Contains(subject.DumpId)
        && (part.Kind is not "DEFAULT ACL" || _chosen.Contains(subject.DumpId));

    /// <summary>Why a part of something included is not included; null if nothing stands against it.</summary>
    private string? Obstacle(TocEntry part)
    {
        if (part.Kind is "TABLE DATA" or "MATERIALIZED VIEW DATA" or "STATISTICS DATA" && Subject(part) is { } subject && !_chosen.Contains(subject.DumpId))
        {
            return "only its definition is needed, by what was chosen";
        }

        TocEntry? absent = Dependencies(part).FirstOrDefault(needed => TocKinds.IsNeverPulled(needed) && !_included.Contains(needed.DumpId));
        return absent is null ? null : $"it needs {absent}, which was not chosen";
    }

    /// <summary>The object that a part belongs to: of its dependencies the one that its name names, else the first.</summary>
    private TocEntry? Subject(TocEntry part)
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
                "DEFAULT ACL" => needed.Kind == "SCHEMA",
                _ => TocKinds.IsRelation(needed),
            };
            if (!carrier)
            {
                continue;
            }

            first ??= needed;
            bool sameSchema = string.Equals(needed.Schema, part.Schema, StringComparison.Ordinal);
            if (sameSchema && (string.Equals(part.Name, needed.Name, StringComparison.Ordinal)
                || part.Name.StartsWith(needed.Name + " ", StringComparison.Ordinal)))
            {
                return needed;
            }
        }

        return first;
    }

    private IEnumerable<TocEntry> Dependencies(TocEntry entry)
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
}
