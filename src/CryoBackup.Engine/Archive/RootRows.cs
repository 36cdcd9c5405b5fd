using System.Buffers;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>
/// The rows of a partition, fingerprinted with their columns in the order of another's. Those of partitions that are loaded through their
/// root are compared as one, and a partition may have its columns in an order of its own.
/// </summary>
internal sealed class RootRows
{
    private readonly int[] _order;
    private readonly ArrayBufferWriter<byte> _row;
    private readonly ArrayBufferWriter<byte> _ordered;
    private readonly List<Range> _fields = [];

    private RootRows(string copyStatement, int[] order, ArrayBufferWriter<byte> row, ArrayBufferWriter<byte> ordered) =>
        (CopyStatement, _order, _row, _ordered) = (copyStatement, order, row, ordered);

    /// <summary>The archive's COPY … FROM stdin; of the root, with the columns in the order of the fingerprint.</summary>
    public string CopyStatement { get; }

    /// <summary>The rows that have come, each as that statement would have it.</summary>
    public TableFingerprint Fingerprint { get; } = new();

    /// <summary>The root that a table's rows are loaded through; null where they go into the table itself.</summary>
    /// <param name="entry">An entry of kind TABLE DATA.</param>
    public static QualifiedName? RootOf(TocEntry entry) =>
        QualifiedName.After(entry.CopyStatement, "COPY ") is { } target && target != new QualifiedName(entry.Schema, entry.Name)
            ? target
            : null;

    /// <summary>Finds the partitions whose root is loaded in more orders of columns than one.</summary>
    /// <param name="entries">An archive's table of contents.</param>
    /// <returns>By dump ID, what takes the rows of each of them.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt: what loads one is no COPY … FROM stdin.</exception>
    public static Dictionary<int, RootRows> Of(IEnumerable<TocEntry> entries)
    {
        var rows = new Dictionary<int, RootRows>();

        // The partitions come one after the other, each to its last row: all of them need room for one row, and not each of them.
        ArrayBufferWriter<byte> row = new();
        ArrayBufferWriter<byte> ordered = new();
        ILookup<QualifiedName?, TocEntry> roots = entries.Where(static entry => entry.IsTableData).ToLookup(RootOf);
        foreach (TocEntry[] partitions in roots.Where(static root => root.Key is not null).Select(Enumerable.ToArray))
        {
            string statement = partitions[0].CopyStatement;
            if (Array.TrueForAll(partitions, entry => string.Equals(entry.CopyStatement, statement, StringComparison.Ordinal)))
            {
                continue;
            }

            string[] columns = ColumnsOf(statement);
            foreach (TocEntry entry in partitions)
            {
                ILookup<string, int> own = ColumnsOf(entry.CopyStatement)
                    .Select((column, place) => (column, place))
                    .ToLookup(item => item.column, item => item.place, StringComparer.Ordinal);
                int[] order = [.. columns.SelectMany(column => own[column])];
                if (own.Count == columns.Length && order.Length == columns.Length)
                {
                    rows.Add(entry.DumpId, new RootRows(statement, order, row, ordered));
                }
            }
        }

        return rows;
    }

    /// <summary>Takes the next bytes of the partition's COPY text.</summary>
    /// <param name="data">Any number of bytes.</param>
    public void Append(ReadOnlySpan<byte> data)
    {
        int newline;
        for (; (newline = data.IndexOf((byte)'\n')) >= 0; data = data[(newline + 1)..])
        {
            _row.Write(data[..newline]);
            AddRow(_row.WrittenSpan);
            _row.ResetWrittenCount();
        }

        _row.Write(data);
    }

    private static string[] ColumnsOf(string copyStatement)
    {
        string columns = Archive.CopyStatement.Parse(copyStatement).Columns;
        return [.. SqlLexer.Read(columns).Where(static token => token.IsName).Select(static token => token.Text.ToString())];
    }

    /// <summary>In COPY text a tab inside a value is escaped, so a tab ends a field. The line behind the last row has but one.</summary>
    private void AddRow(ReadOnlySpan<byte> row)
    {
        _fields.Clear();
        for (int start = 0, length; start <= row.Length; start += length + 1)
        {
            length = row[start..].IndexOf((byte)'\t');
            length = length < 0 ? row.Length - start : length;
            _fields.Add(start..(start + length));
        }

        if (_fields.Count != _order.Length)
        {
            Fingerprint.Append(row);
            Fingerprint.Append("\n"u8);
            return;
        }

        for (int i = 0; i < _order.Length; i++)
        {
            _ordered.Write(i == 0 ? default : "\t"u8);
            _ordered.Write(row[_fields[_order[i]]]);
        }

        _ordered.Write("\n"u8);
        Fingerprint.Append(_ordered.WrittenSpan);
        _ordered.ResetWrittenCount();
    }
}
