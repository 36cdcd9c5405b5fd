using CryoBackup.Archive;
using CryoBackup.Streams;

namespace CryoBackup.Restore;

/// <summary>
/// Passes an archive on with some entries' DROP statements taken out of its table of contents, so that pg_restore --clean does not run
/// them. pg_dump writes one for each index and constraint of a partition, though these fall with the partition and cannot be dropped
/// alone.
/// </summary>
internal sealed class DropStatementFilter : WriteOnlyStream
{
    // The archive's form of a text that is not there: the integer -1.
    private static readonly byte[] Absent = [1, 1, 0, 0, 0];

    private readonly Stream _destination;
    private readonly (long Offset, int Size)[] _ranges;
    private long _position;
    private int _next;

    /// <summary>Prepares the filter.</summary>
    /// <param name="destination">Takes the archive; not closed.</param>
    /// <param name="entries">The archive's table of contents.</param>
    public DropStatementFilter(Stream destination, IReadOnlyList<TocEntry> entries)
    {
        _destination = destination;
        Dictionary<int, TocEntry> byId = entries.ToDictionary(entry => entry.DumpId);
        HashSet<int> attached = [.. entries.Where(entry => entry.Kind == "INDEX ATTACH").SelectMany(entry => entry.Dependencies)];
        ILookup<(string Schema, string Name), TocEntry> attachments =
            entries.Where(entry => entry.Kind == "INDEX ATTACH").ToLookup(entry => (entry.Schema, entry.Name));
        _ranges =
        [
            .. entries
                .Where(entry => attached.Contains(entry.DumpId) && entry.Kind is "INDEX" or "CONSTRAINT"
                    && attachments.Contains((entry.Schema, entry.Kind == "INDEX" ? entry.Name : NameOfConstraint(entry, byId))))
                .Select(entry => entry.DropStatement)
                .OrderBy(range => range.Offset),
        ];
    }

    /// <summary>An entry's name begins with its table's, which may itself hold blanks.</summary>
    private static string NameOfConstraint(TocEntry constraint, Dictionary<int, TocEntry> byId)
    {
        foreach (int id in constraint.Dependencies)
        {
            if (byId.TryGetValue(id, out TocEntry? table) && TocKinds.IsRelation(table) && constraint.Name.StartsWith(table.Name + " ", StringComparison.Ordinal))
            {
                return constraint.Name[(table.Name.Length + 1)..];
            }
        }

        return constraint.Name;
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            if (_next == _ranges.Length)
            {
                _destination.Write(buffer);
                _position += buffer.Length;
                return;
            }

            (long offset, int size) = _ranges[_next];
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
                    _destination.Write(Absent);
                    _next++;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Complete()
    {
    }
}
