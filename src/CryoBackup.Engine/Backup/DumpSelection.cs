using System.Text;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>
/// What a dump takes of a catalog, and the pg_dump arguments that say so. The user's patterns are resolved here, strictly: pg_dump
/// itself is content with a pattern that matches nothing. What is left out is named to it, each by its exact name, because its
/// options to name what is wanted leave out the schema, the types and the functions that a table needs.
/// </summary>
internal sealed class DumpSelection
{
    private readonly BackupRequest _request;
    private readonly DumpTable[] _catalog;
    private readonly IReadOnlyDictionary<uint, DumpTable> _byOid;
    private readonly ILookup<uint, DumpTable> _children;
    private readonly HashSet<uint> _selected;
    private readonly HashSet<uint> _withoutRows;
    private readonly HashSet<string> _gone = new(StringComparer.Ordinal);
    private readonly List<Exclusion> _exclusions = [];
    private readonly string[] _schemas;
    private readonly bool _asciiOnly;
    private readonly PatternWriter _patterns;
    private readonly List<(string Name, string Reason)> _excluded = [];

    private DumpSelection(BackupRequest request, DumpTable[] catalog, IReadOnlyList<DumpSchema> schemas, bool asciiOnly)
    {
        _request = request;
        _catalog = catalog;
        _schemas = [.. schemas.Select(schema => schema.Name)];
        _asciiOnly = asciiOnly;
        _byOid = catalog.ToDictionary(table => table.Oid);
        _children = catalog.Where(table => table.Parent != 0).ToLookup(table => table.Parent);
        HashSet<string> wanted = SelectSchemas(schemas);
        _selected = SelectTables(wanted);
        HashSet<string> kept = request.IncludeTable.Count == 0 ? wanted : [.. _selected.Select(oid => _byOid[oid].Schema)];
        if ((kept.Count == 0 && schemas.Count > 0) || (request.IncludeTable.Count > 0 && _selected.Count == 0))
        {
            throw new CryoBackupException(
                CryoBackupError.ObjectNotFound,
                $"The selection leaves nothing of '{request.Database}' to back up.",
                request.Database,
                "Name fewer objects to leave out."
            );
        }

        _withoutRows = WithBelongings(ResolveTables(request.ExcludeTableData, [.. catalog.Where(table => table.Kind is 'r' or 'p')]));
        _patterns = new PatternWriter(catalog, schemas, asciiOnly);
        Describe(schemas, kept, _patterns);
    }

    /// <summary>pg_dump's arguments.</summary>
    public IReadOnlyList<string> Arguments => [.. _exclusions.Select(exclusion => exclusion.Argument), .. OtherArguments];

    /// <summary>Of these, what a file of its option --filter cannot say.</summary>
    public IReadOnlyList<string> OtherArguments =>
        _request.IncludeSchema.Count > 0 || _request.IncludeTable.Count > 0 ? ["--no-blobs"] : [];

    /// <summary>What the dump leaves out, as such a file says it.</summary>
    public IReadOnlyList<string> FilterLines => [.. _exclusions.Select(exclusion => $"exclude {exclusion.Kind} {exclusion.Pattern}")];

    /// <summary>What the dump leaves out, and why.</summary>
    public IReadOnlyList<(string Name, string Reason)> Excluded => _excluded;

    /// <summary>Names what pg_dump cannot write of the schema public, unless that is not selected at all.</summary>
    /// <param name="unwritten">What it is, and why.</param>
    public void NameUnwritten(IEnumerable<(string Name, string Reason)> unwritten) =>
        _excluded.AddRange(_excluded.Exists(static item => item.Name == "public") ? [] : unwritten.Except(_excluded));

    /// <summary>The relations that the dump reads, in the order of OIDs.</summary>
    public IEnumerable<DumpTable> Read => _catalog.Where(table => table.IsRead && _selected.Contains(table.Oid));

    /// <summary>What the tables whose rows the dump takes have on the server's disk, in bytes.</summary>
    public long RowBytes => Read.Where(TakesRows).Sum(table => table.Bytes);

    /// <summary>The OIDs of the user's relations that the dump leaves out.</summary>
    public IEnumerable<uint> LeftOut =>
        _catalog.Where(table => table.Extension is null && !_selected.Contains(table.Oid)).Select(table => table.Oid);

    /// <summary>The schemas that the dump leaves out with all that is in them.</summary>
    public IReadOnlyCollection<string> SchemasLeftOut => _gone;

    /// <summary>True if the dump must hold a table's rows.</summary>
    public bool TakesRows(DumpTable table) => table.HasRows && _selected.Contains(table.Oid) && !_withoutRows.Contains(table.Oid);

    /// <summary>The argument that has pg_dump leave out a table's rows, though the dump must hold them: somebody else reads them.</summary>
    /// <param name="table">One of the catalog.</param>
    public string WithoutRows(DumpTable table) => "--exclude-table-data=" + _patterns.For(table);

    /// <summary>Resolves a request against a catalog.</summary>
    /// <param name="request">The patterns.</param>
    /// <param name="catalog">Every relation of users and extensions.</param>
    /// <param name="schemas">Every schema of users and extensions.</param>
    /// <param name="asciiOnly">True if letters beyond ASCII cannot be told to pg_dump,
    /// whose arguments must be in the encoding of its session.</param>
    /// <exception cref="CryoBackupException">ObjectNotFound: a pattern matches nothing. ConfigurationInvalid:
    /// a name cannot be told to pg_dump.</exception>
    public static DumpSelection Resolve(
        BackupRequest request,
        IReadOnlyList<DumpTable> catalog,
        IReadOnlyList<DumpSchema> schemas,
        bool asciiOnly
    ) => new(request, [.. catalog], schemas, asciiOnly);

    /// <summary>The same in fewer words, where one pattern for all names but those that are kept is shorter
    /// than the others' names.</summary>
    public IReadOnlyList<string> FewestArguments()
    {
        ILookup<string, string> tables = _catalog.ToLookup(table => table.Schema, table => table.Name);
        List<string> arguments = [];
        foreach (
            IGrouping<(string Kind, string Schema), Exclusion> group in _exclusions.GroupBy(exclusion => (exclusion.Kind, exclusion.Schema))
        )
        {
            string[] names = [.. group.Select(exclusion => exclusion.Argument)];
            string[] kept =
            [
                .. (group.Key.Kind == "schema" ? _schemas : tables[group.Key.Schema]).Except(group.Select(exclusion => exclusion.Name)),
            ];
            bool canSayThem = !_asciiOnly || Array.TrueForAll([group.Key.Schema, .. kept], name => Ascii.IsValid(name));
            string others =
                $"--exclude-{group.Key.Kind.Replace('_', '-')}="
                + (group.Key.Kind == "schema" ? "" : $"{PatternWriter.QuoteAll(group.Key.Schema)}.")
                + PatternOfOthers.Of(kept);
            arguments.AddRange(canSayThem && others.Length < names.Sum(name => name.Length) ? [others] : names);
        }

        return [.. arguments, .. OtherArguments];
    }

    /// <summary>Something that pg_dump is told to leave out.</summary>
    /// <param name="Kind">schema, table or table_data.</param>
    /// <param name="Schema">A table's schema; empty for a schema.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Pattern">Its name as pg_dump's pattern.</param>
    private sealed record Exclusion(string Kind, string Schema, string Name, string Pattern)
    {
        public string Argument => $"--exclude-{Kind.Replace('_', '-')}={Pattern}";
    }

    private HashSet<string> SelectSchemas(IReadOnlyList<DumpSchema> schemas)
    {
        IEnumerable<string> included =
            _request.IncludeSchema.Count == 0 ? schemas.Select(schema => schema.Name) : ResolveSchemas(_request.IncludeSchema, schemas);
        return [.. included.Except(ResolveSchemas(_request.ExcludeSchema, schemas), StringComparer.Ordinal)];
    }

    private HashSet<uint> SelectTables(HashSet<string> wantedSchemas)
    {
        HashSet<uint> selected;
        if (_request.IncludeTable.Count == 0)
        {
            selected = [.. _catalog.Select(table => table.Oid)];
        }
        else
        {
            selected = WithBelongings(ResolveTables(_request.IncludeTable, _catalog));

            // A partition can be attached at restore only to a parent that is there.
            foreach (DumpTable table in selected.Select(oid => _byOid[oid]).Where(table => table.Kind != 'S').ToArray())
            {
                for (uint parent = table.Parent; parent != 0 && _byOid.TryGetValue(parent, out DumpTable? found); parent = found.Parent)
                {
                    selected.Add(parent);
                }
            }
        }

        selected.RemoveWhere(oid => !wantedSchemas.Contains(_byOid[oid].Schema));
        selected.ExceptWith(WithBelongings(ResolveTables(_request.ExcludeTable, _catalog)));
        return selected;
    }

    /// <summary>A table's partitions and the sequences of its columns share its fate.</summary>
    private HashSet<uint> WithBelongings(IEnumerable<DumpTable> tables)
    {
        var all = new HashSet<uint>();
        var pending = new Queue<DumpTable>(tables);
        while (pending.TryDequeue(out DumpTable? table))
        {
            if (all.Add(table.Oid))
            {
                foreach (DumpTable child in _children[table.Oid])
                {
                    pending.Enqueue(child);
                }
            }
        }

        return all;
    }

    private HashSet<string> ResolveSchemas(IReadOnlyList<string> patterns, IReadOnlyList<DumpSchema> schemas)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        foreach (NamePattern pattern in patterns.Select(text => new NamePattern(text)))
        {
            string[] matches = [.. schemas.Select(schema => schema.Name).Where(pattern.MatchesSchema)];
            if (matches.Length == 0)
            {
                throw pattern.NotFound("schema", $"database '{_request.Database}'", schemas.Select(schema => schema.Name));
            }

            found.UnionWith(matches);
        }

        return found;
    }

    private HashSet<DumpTable> ResolveTables(IReadOnlyList<string> patterns, DumpTable[] tables)
    {
        var found = new HashSet<DumpTable>();
        foreach (NamePattern pattern in patterns.Select(text => new NamePattern(text)))
        {
            DumpTable[] matches = [.. tables.Where(table => pattern.MatchesTable(table.Schema, table.Name))];
            if (matches.Length == 0)
            {
                throw pattern.NotFound(
                    "table",
                    $"database '{_request.Database}'",
                    tables.Where(table => table.Kind != 'S').Select(table => $"{table.Schema}.{table.Name}")
                );
            }

            found.UnionWith(matches);
        }

        return found;
    }

    private void Describe(IReadOnlyList<DumpSchema> schemas, HashSet<string> kept, PatternWriter patterns)
    {
        foreach (DumpSchema schema in schemas.Where(schema => !kept.Contains(schema.Name)))
        {
            _excluded.Add(
                (schema.QuotedName, _request.IncludeTable.Count > 0 ? "no table of the schema is selected" : "the schema is not selected")
            );
            if (!schema.HasExtension)
            {
                _exclusions.Add(new("schema", "", schema.Name, patterns.For(schema)));
            }
        }

        // Without their schema extensions could not be made at restore; such a schema is kept, without its tables.
        HashSet<string> gone = _gone;
        gone.UnionWith(schemas.Where(schema => !kept.Contains(schema.Name) && !schema.HasExtension).Select(schema => schema.Name));
        foreach (
            DumpTable table in _catalog.Where(table =>
                (table.Extension is null || table.IsRead) && !_selected.Contains(table.Oid) && !gone.Contains(table.Schema)
            )
        )
        {
            _exclusions.Add(new("table", table.Schema, table.Name, patterns.For(table)));
            if (kept.Contains(table.Schema))
            {
                _excluded.Add((table.QuotedName, "it is not selected"));
            }
        }

        foreach (DumpTable table in _catalog.Where(table => _selected.Contains(table.Oid)))
        {
            if (_withoutRows.Contains(table.Oid))
            {
                _exclusions.Add(new("table_data", table.Schema, table.Name, patterns.For(table)));
            }

            if (ReasonWithoutRows(table) is { } reason)
            {
                _excluded.Add((table.QuotedName, reason));
            }
        }

        if (_request.IncludeSchema.Count > 0 || _request.IncludeTable.Count > 0)
        {
            _excluded.Add(("large objects", "they belong to no schema, and only some schemas or tables are selected"));
        }
    }

    private string? ReasonWithoutRows(DumpTable table) =>
        table switch
        {
            { Kind: 'f' } => "the rows of a foreign table live on another server",
            { Kind: 'm' } => "the rows of a materialized view are computed again at restore",
            { Kind: 'r', Extension: { } extension, Condition: null } => $"the extension {extension} brings its rows",
            { Kind: 'r', OnlyOnPrimary: true } => "an unlogged table has its rows only on the primary, and this server is a standby",
            { Kind: 'r' } when _withoutRows.Contains(table.Oid) => "its rows are left out by -ExcludeTableData",
            _ => null,
        };

    /// <summary>Writes names as pg_dump's patterns: quoted, and so taken as they are.</summary>
    private sealed class PatternWriter(DumpTable[] catalog, IReadOnlyList<DumpSchema> schemas, bool asciiOnly)
    {
        public string For(DumpSchema schema)
        {
            CheckAlone(schema.QuotedName, schemas.Where(other => IsTakenFor(schema.Name, other.Name)));
            return Quote(schema.Name);
        }

        public string For(DumpTable table)
        {
            CheckAlone(
                table.QuotedName,
                catalog.Where(other => IsTakenFor(table.Schema, other.Schema) && IsTakenFor(table.Name, other.Name))
            );
            return $"{Quote(table.Schema)}.{Quote(table.Name)}";
        }

        /// <summary>A name that pg_dump can be told as it is.</summary>
        public static string QuoteAll(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

        private string Quote(string name)
        {
            // A letter that cannot be told is left to the wildcard ?, which stands outside the quotes.
            var quoted = new StringBuilder("\"");
            foreach (Rune letter in name.EnumerateRunes())
            {
                quoted.Append(
                    asciiOnly && !letter.IsAscii ? "\"?\""
                    : letter.Value == '"' ? "\"\""
                    : letter.ToString()
                );
            }

            return quoted.Append('"').ToString();
        }

        /// <summary>True if the pattern made of a name matches another name too.</summary>
        private static bool IsTakenFor(string name, string other)
        {
            Rune[] letters = [.. name.EnumerateRunes()];
            Rune[] others = [.. other.EnumerateRunes()];
            return letters.Length == others.Length && letters.Zip(others).All(pair => pair.First == pair.Second || !pair.First.IsAscii);
        }

        private void CheckAlone(string name, IEnumerable<object> matches)
        {
            if (asciiOnly && name.Any(letter => !char.IsAscii(letter)) && matches.Skip(1).Any())
            {
                throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    $"{name} cannot be left out alone: its letters beyond ASCII cannot be told to pg_dump here, "
                        + "and another name differs only in them.",
                    name,
                    "Leave out none of them, or rename one."
                );
            }
        }
    }
}
