using CryoBackup.Streams;

namespace CryoBackup.Archive;

/// <summary>A place of an archive, and what is to stand there instead.</summary>
/// <param name="Offset">Its first byte.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Bytes">What stands there instead.</param>
internal readonly record struct ArchiveEdit(long Offset, int Size, byte[] Bytes)
{
    private const int MostSteps = 1_000_000;

    // The archive's form of a text that is not there: the integer -1.
    private static readonly byte[] Absent = [1, 1, 0, 0, 0];

    // Each with the major version that knows it first.
    private static readonly (string Words, int Since)[] OptionsOfSubscriptions = [(", streaming = off", 14), (", run_as_owner = true", 16)];

    /// <summary>
    /// The DROP statements that pg_restore --clean must not run: pg_dump writes one for each index and constraint of a partition, though
    /// these fall with the partition and cannot be dropped alone; nor can the index that a key of a partition is attached to, and
    /// a check that a table inherits as well.
    /// </summary>
    /// <param name="entries">The archive's table of contents.</param>
    public static IEnumerable<ArchiveEdit> DropsOfPartitions(IReadOnlyList<TocEntry> entries)
    {
        var byId = entries.ToDictionary(entry => entry.DumpId);
        bool IsKey(int id) => byId.TryGetValue(id, out TocEntry? entry) && entry.Kind == "CONSTRAINT";
        TocEntry[] attachments = [.. entries.Where(entry => entry.Kind == "INDEX ATTACH")];
        HashSet<int> attached = [.. attachments.SelectMany(entry => entry.Dependencies)];
        HashSet<int> withKeys =
        [
            .. attachments.Select(entry => entry.Dependencies).Where(ids => Array.Exists(ids, IsKey)).SelectMany(ids => ids),
        ];
        ILookup<(string Schema, string Name), TocEntry> names = attachments.ToLookup(entry => (entry.Schema, entry.Name));
        return entries
            .Where(entry =>
                attached.Contains(entry.DumpId)
                && entry.Kind is "INDEX" or "CONSTRAINT"
                && (
                    names.Contains((entry.Schema, entry.Kind == "INDEX" ? entry.Name : NameOfConstraint(entry, byId)))
                    || (entry.Kind == "INDEX" && withKeys.Contains(entry.DumpId))
                )
            )
            .Concat(InheritedChecks(entries, byId))
            .Select(entry => new ArchiveEdit(entry.DropStatement.Offset, entry.DropStatement.Size, Absent));
    }

    /// <summary>Checks with an entry of their own, as those have that were never validated,
    /// where a table that theirs needs has one of the same name.</summary>
    private static IEnumerable<TocEntry> InheritedChecks(IReadOnlyList<TocEntry> entries, Dictionary<int, TocEntry> byId)
    {
        TocEntry[] checks = [.. entries.Where(entry => entry.Kind == "CHECK CONSTRAINT")];
        if (checks.Length < 2)
        {
            return [];
        }

        HashSet<(int Table, string Name)> known =
        [
            .. checks.SelectMany(check => Tables(check).Select(id => (id, NameOfConstraint(check, byId)))),
        ];
        ILookup<(string, string), TocEntry> attachments = entries
            .Where(entry => entry.Kind == "TABLE ATTACH")
            .ToLookup(entry => (entry.Schema, entry.Name));
        int steps = 0;
        return [.. checks.Where(IsInherited)];

        IEnumerable<int> Tables(TocEntry entry) =>
            entry.Dependencies.Where(id => byId.TryGetValue(id, out TocEntry? needed) && TocKinds.IsRelation(needed));

        bool IsInherited(TocEntry check)
        {
            string name = NameOfConstraint(check, byId);
            HashSet<int> met = [.. Tables(check)];
            var pending = new Stack<int>(met);
            while (pending.TryPop(out int id))
            {
                TocEntry table = byId[id];
                foreach (int parent in Tables(table).Concat(attachments[(table.Schema, table.Name)].SelectMany(Tables)).Where(met.Add))
                {
                    // A stranger's archive may hold chains that no walk ends; one drop less does no harm, for its table is dropped too.
                    if (known.Contains((parent, name)) || ++steps > MostSteps)
                    {
                        return true;
                    }

                    pending.Push(parent);
                }
            }

            return false;
        }
    }

    /// <summary>An entry's name begins with its table's, which may itself hold blanks.</summary>
    private static string NameOfConstraint(TocEntry constraint, Dictionary<int, TocEntry> byId)
    {
        foreach (int id in constraint.Dependencies)
        {
            if (
                byId.TryGetValue(id, out TocEntry? table)
                && TocKinds.IsRelation(table)
                && constraint.Name.StartsWith(table.Name + " ", StringComparison.Ordinal)
            )
            {
                return constraint.Name[(table.Name.Length + 1)..];
            }
        }

        return constraint.Name;
    }

    /// <summary>
    /// What a newer pg_dump writes of the definitions of an older server that the same server does not understand, replaced by as many
    /// blanks: that a subscription streams nothing and runs as its owner, which none could do otherwise before 14 and 16.
    /// </summary>
    /// <param name="entries">The archive's table of contents.</param>
    /// <param name="serverMajor">The major version of the server that they are restored on; 0 if it is not known.</param>
    public static IEnumerable<ArchiveEdit> NewerWords(IReadOnlyList<TocEntry> entries, int serverMajor)
    {
        string[] unknown = [.. OptionsOfSubscriptions.Where(option => serverMajor < option.Since).Select(option => option.Words)];
        if (serverMajor == 0 || unknown.Length == 0)
        {
            yield break;
        }

        foreach (TocEntry entry in entries.Where(entry => entry.Kind == "SUBSCRIPTION"))
        {
            int options = Math.Max(0, entry.Definition.LastIndexOf(" WITH (connect = false", StringComparison.Ordinal));
            foreach (string words in unknown)
            {
                int at = entry.Definition.IndexOf(words, options, StringComparison.Ordinal);
                if (at >= 0)
                {
                    // The definition ends where the DROP statement begins, and the options are ASCII.
                    long offset = entry.DropStatement.Offset - (entry.Definition.Length - at);
                    yield return new ArchiveEdit(offset, words.Length, [.. Enumerable.Repeat((byte)' ', words.Length)]);
                }
            }
        }
    }
}

/// <summary>Passes an archive on with some places changed.</summary>
internal sealed class ArchiveEdits : WriteOnlyStream
{
    private readonly Stream _destination;
    private readonly ArchiveEdit[] _edits;
    private long _position;
    private int _next;

    /// <summary>Prepares it.</summary>
    /// <param name="destination">Takes the archive; not closed.</param>
    /// <param name="edits">What is changed; no two at one place.</param>
    public ArchiveEdits(Stream destination, IEnumerable<ArchiveEdit> edits)
    {
        _destination = destination;
        _edits = [.. edits.OrderBy(edit => edit.Offset)];
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_next == _edits.Length)
            {
                _destination.Write(buffer);
                _position += buffer.Length;
                return;
            }

            (long offset, int size, byte[] bytes) = _edits[_next];
            if (_position < offset)
            {
                int before = (int)Math.Min(buffer.Length, offset - _position);
                _destination.Write(buffer[..before]);
                _position += before;
                buffer = buffer[before..];
            }
            else
            {
                int within = (int)Math.Min(buffer.Length, offset + size - _position);
                _position += within;
                buffer = buffer[within..];
                if (_position == offset + size)
                {
                    _destination.Write(bytes);
                    _next++;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Complete() { }
}
