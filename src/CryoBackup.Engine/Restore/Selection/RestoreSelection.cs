using System.Runtime.InteropServices;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Text;

namespace CryoBackup.Restore.Selection;

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
    private readonly TargetContent _target;
    private readonly EntryGraph _graph;

    private const string FromNoRows = "it would be computed from no rows: ";

    // What was chosen comes with its rows; what is only needed comes as a definition.
    private readonly HashSet<int> _chosen = [];
    private readonly HashSet<int> _included = [];
    private readonly HashSet<int> _leftToTarget = [];
    private readonly List<LeftOut> _leftOut = [];

    private readonly UnfilledReads _unfilled;

    // Parts to look at, and those that wait for an entry.
    private readonly Queue<TocEntry> _ready = [];
    private readonly Dictionary<TocEntry, List<TocEntry>> _waiting = [];
    private bool _choosesPublic;
    private bool _includesPublic;

    private RestoreSelection(IReadOnlyList<TocEntry> entries, TargetContent target)
    {
        _entries = entries;
        _target = target;
        _graph = new EntryGraph(entries);
        _unfilled = new(entries, _graph.Dependencies, entry => IsChosen(entry) || _leftToTarget.Contains(entry.DumpId));
    }

    /// <summary>The entries to restore, in the archive's order.</summary>
    public IReadOnlyList<TocEntry> Entries { get; private set; } = [];

    /// <summary>What belongs to something chosen and is left out.</summary>
    public IReadOnlyList<LeftOut> LeftOut => _leftOut;

    /// <summary>Of these, materialized views that come back without rows because they would be computed from none.</summary>
    public IEnumerable<LeftOut> Unpopulated =>
        _leftOut.Where(item => item.Entry.Kind == "MATERIALIZED VIEW DATA" && item.Reason.StartsWith(FromNoRows, StringComparison.Ordinal));

    /// <summary>Every object of the archive.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <returns>The selection.</returns>
    public static RestoreSelection All(IReadOnlyList<TocEntry> entries) =>
        new(entries, TargetContent.Nothing) { Entries = [.. entries.Where(TocKinds.IsObject)] };

    /// <summary>What belongs to the schemas and tables named.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <param name="schemas">Schemas: exact names or patterns.</param>
    /// <param name="tables">Tables, views, sequences: name or schema.name, exact or patterns.</param>
    /// <param name="target">What the target has: it is not restored where it is only needed, and what needs it can be restored.</param>
    /// <returns>The selection.</returns>
    /// <exception cref="CryoBackupException">ObjectNotFound: a name matches nothing, or, without a schema, in several schemas.</exception>
    public static RestoreSelection Of(
        IReadOnlyList<TocEntry> entries,
        IReadOnlyList<string> schemas,
        IReadOnlyList<string> tables,
        TargetContent target
    )
    {
        var selection = new RestoreSelection(entries, target);
        foreach (string schema in schemas)
        {
            selection.ChooseSchema(new NamePattern(schema));
        }

        foreach (string table in tables)
        {
            selection.ChooseTable(new NamePattern(table));
        }

        selection.ChooseWithTables();
        foreach (int id in selection._chosen)
        {
            selection.Include(selection._graph[id]);
        }

        selection.AddParts();
        selection.TellOfTablesInBodies();
        selection.Entries = [.. entries.Where(entry => selection._included.Contains(entry.DumpId) && TocKinds.IsObject(entry))];
        return selection;
    }

    /// <summary>The selection without rows, or without definitions.</summary>
    /// <param name="schemaOnly">True to leave out rows, sequence values, large objects and what materialized views hold.</param>
    /// <param name="dataOnly">True to leave out all else.</param>
    /// <returns>The narrower selection.</returns>
    public RestoreSelection Only(bool schemaOnly, bool dataOnly)
    {
        bool Remains(TocEntry entry) => TocKinds.IsData(entry) ? !schemaOnly : !dataOnly;
        var narrowed = new RestoreSelection(_entries, _target) { Entries = [.. Entries.Where(Remains)] };
        narrowed._leftOut.AddRange(_leftOut.Where(item => Remains(item.Entry)));
        return narrowed;
    }

    /// <summary>Why a part is not included, and what lifts that once it is included or left to the target; null if nothing does.</summary>
    private sealed record Obstacle(string Reason, TocEntry? Until);

    private static TocEntry PublicSchema { get; } = new() { Kind = "SCHEMA", Name = "public" };

    private static bool IsNamedTable(TocEntry entry) =>
        TocKinds.IsRelation(entry) || string.Equals(entry.Kind, "SEQUENCE", StringComparison.Ordinal);

    private void ChooseSchema(NamePattern pattern)
    {
        bool found = false;
        foreach (TocEntry entry in _entries)
        {
            bool isSchema = string.Equals(entry.Kind, "SCHEMA", StringComparison.Ordinal) && pattern.MatchesSchema(entry.Name);
            if (isSchema || (entry.Schema.Length > 0 && pattern.MatchesSchema(entry.Schema)))
            {
                found = true;

                if (entry.Kind is "TABLE DATA" or "SEQUENCE SET" && _graph.Subject(entry) is null)
                {
                    _leftOut.Add(new LeftOut(entry, "it belongs to an extension, which was not chosen"));
                }
                else if (isSchema || !(TocKinds.IsPart(entry) || TocKinds.IsRemark(entry)))
                {
                    // Parts and remarks follow their object, so that what cannot be restored is told with its reason.
                    _chosen.Add(entry.DumpId);
                }
            }
        }

        // The schema public stands in no entry unless it was changed.
        bool isPublic = pattern.MatchesSchema(PublicSchema.Name);
        _choosesPublic |= isPublic;
        if (!found && !isPublic)
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
                $"'{pattern.Text}' means {found.Length} objects of the backup: "
                    + $"{string.Join(", ", found.Select(entry => $"{entry.Schema}.{entry.Name}"))}; nothing was changed.",
                pattern.Text,
                "Name the schema as well, or use a wildcard to take all of them."
            );
        }

        _chosen.UnionWith(found.Select(entry => entry.DumpId));
    }

    /// <summary>With a partitioned table its partitions are chosen, which have its rows,
    /// and with any table the sequences of its columns.</summary>
    private void ChooseWithTables()
    {
        IReadOnlyDictionary<int, int> embedded = EmbeddedPartitions.Parents(_entries);
        Reach.Extend(_chosen, _entries.SelectMany(Followers).ToLookup(pair => pair.Table, pair => pair.Follower));

        IEnumerable<(int Table, int Follower)> Followers(TocEntry entry)
        {
            TocEntry? subject = entry.Kind is "TABLE ATTACH" or "SEQUENCE OWNED BY" or "SEQUENCE" ? _graph.Subject(entry) : null;
            return (entry.Kind, subject) switch
            {
                ("TABLE ATTACH", { } child) => _graph
                    .Dependencies(entry)
                    .Where(table => table != child)
                    .Select(table => (table.DumpId, child.DumpId)),
                ("SEQUENCE OWNED BY", { } sequence) => _graph
                    .Dependencies(entry)
                    .Where(TocKinds.IsRelation)
                    .Select(table => (table.DumpId, sequence.DumpId)),
                ("SEQUENCE", { } table) => [(table.DumpId, entry.DumpId)],
                ("TABLE" or "FOREIGN TABLE", _) when embedded.TryGetValue(entry.DumpId, out int parent) => [(parent, entry.DumpId)],
                _ => [],
            };
        }
    }

    private bool IsChosen(TocEntry entry) => _chosen.Contains(entry.DumpId);

    /// <summary>Takes an entry with everything that its definition needs and the target has not.</summary>
    private void Include(TocEntry entry)
    {
        var pending = new Stack<TocEntry>();
        pending.Push(entry);
        while (pending.TryPop(out TocEntry? next))
        {
            if (_included.Add(next.DumpId))
            {
                Waken(next);
                if (!_includesPublic && next.Schema == PublicSchema.Name)
                {
                    _includesPublic = true;
                    Waken(PublicSchema);
                }

                foreach (
                    TocEntry needed in _graph
                        .Dependencies(next)
                        .Concat(_graph.UnrecordedNeeds(next))
                        .Where(needed => !_included.Contains(needed.DumpId))
                )
                {
                    if (IsChosen(needed) || !_target.Has(needed))
                    {
                        pending.Push(needed);
                    }
                    else if (_leftToTarget.Add(needed.DumpId))
                    {
                        Waken(needed);
                        _leftOut.Add(new LeftOut(needed, "the target has it, and it is left as it is there"));
                    }
                }
            }
        }
    }

    /// <summary>Adds what belongs to the included objects, as long as it asks for no other table.</summary>
    private void AddParts()
    {
        TocEntry[] parts =
        [
            .. _entries.Where(entry =>
                !_included.Contains(entry.DumpId) && (TocKinds.IsPart(entry) || TocKinds.IsRemark(entry) || IsFollower(entry))
            ),
        ];
        Array.ForEach(parts, _ready.Enqueue);
        while (_ready.TryDequeue(out TocEntry? part))
        {
            // The schema public is in no archive: what is said about it waits for anything within it.
            Obstacle? obstacle = Belongs(part) ? ObstacleOf(part) : new Obstacle("", _graph.Subject(part) ?? PublicSchema);
            if (_included.Contains(part.DumpId) || obstacle is null)
            {
                Include(part);
            }
            else if (obstacle.Until is { } awaited)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(_waiting, awaited, out _) ??= []).Add(part);
            }
        }

        foreach (TocEntry part in parts)
        {
            if (!_included.Contains(part.DumpId) && Belongs(part) && ObstacleOf(part) is { } obstacle)
            {
                _leftOut.Add(new LeftOut(part, obstacle.Reason));
            }
        }
    }

    /// <summary>Looks again at the parts that waited for an entry, which is now included or left to the target.</summary>
    private void Waken(TocEntry awaited)
    {
        if (_waiting.Remove(awaited, out List<TocEntry>? parts))
        {
            parts.ForEach(_ready.Enqueue);
        }
    }

    /// <summary>Tables that the functions of the selection read or write by their bodies alone:
    /// they are restored only when they are asked for.</summary>
    private void TellOfTablesInBodies()
    {
        ILookup<(string, string), TocEntry> tables = _entries.Where(IsNamedTable).ToLookup(entry => (entry.Schema, entry.Name));
        HashSet<int> told = [];
        foreach (TocEntry function in _entries.Where(entry => entry.Kind is "FUNCTION" or "PROCEDURE" && _included.Contains(entry.DumpId)))
        {
            foreach (TocEntry table in FunctionBodies.NamesIn(function).SelectMany(name => tables[name]))
            {
                if (!_included.Contains(table.DumpId) && !_target.Has(table) && told.Add(table.DumpId))
                {
                    _leftOut.Add(
                        new LeftOut(table, $"the body of {function} names it; where that is called, add -Table {table.Schema}.{table.Name}")
                    );
                }
            }
        }
    }

    /// <summary>The sequence of an identity column and the value of any sequence follow what they hang on;
    /// what is said of a schema's content follows a schema that was chosen.</summary>
    private static bool IsFollower(TocEntry entry) => entry.Kind is "SEQUENCE" or "SEQUENCE SET" || IsOfSchema(entry);

    private static bool IsOfSchema(TocEntry entry) => entry.Kind is "DEFAULT ACL" or "PUBLICATION TABLES IN SCHEMA";

    private bool Belongs(TocEntry part)
    {
        if (_graph.Subject(part) is { } subject)
        {
            return IsOfSchema(part) ? IsChosen(subject) : _included.Contains(subject.DumpId);
        }

        // The schema public is in no archive, what is said about it is.
        return TocKinds.IsRemark(part) && part.Name == "SCHEMA public" && (_choosesPublic || !_target.Has(PublicSchema)) && _includesPublic;
    }

    /// <summary>Why a part of something included is not included; null if nothing stands against it.</summary>
    private Obstacle? ObstacleOf(TocEntry part)
    {
        TocEntry? subject = _graph.Subject(part);
        if (part.Kind is "TABLE DATA" or "MATERIALIZED VIEW DATA" or "STATISTICS DATA" && subject is not null && !IsChosen(subject))
        {
            return new("only its definition is needed, by what was chosen", null);
        }

        if (part.Kind is "MATERIALIZED VIEW DATA" && subject is not null && _unfilled.First(subject) is { } empty)
        {
            return new(
                $"{FromNoRows}of {empty} only the definition is restored; choose it too, or REFRESH MATERIALIZED VIEW once it has its rows",
                empty
            );
        }

        if (UnfilledReads.IsRule(part))
        {
            // The view itself, of which the archive has only a stand-in before.
            return null;
        }

        foreach (
            TocEntry needed in _graph
                .Dependencies(part)
                .Where(needed =>
                    TocKinds.IsNeverPulled(needed) && !_leftToTarget.Contains(needed.DumpId) && (IsChosen(needed) || !_target.Has(needed))
                )
        )
        {
            if (!_included.Contains(needed.DumpId))
            {
                return new($"it needs {needed}, which was not chosen", needed);
            }

            if (
                part.Kind is "FK CONSTRAINT"
                && TocKinds.IsRelation(needed)
                && !IsChosen(needed)
                && subject is not null
                && IsChosen(subject)
            )
            {
                return new($"it refers to rows of {needed}, of which only the definition is restored", null);
            }
        }

        return null;
    }
}
