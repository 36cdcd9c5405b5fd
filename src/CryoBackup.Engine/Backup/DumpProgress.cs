using CryoBackup.Archive;
using CryoBackup.Text;

namespace CryoBackup.Backup;

/// <summary>Where a running dump is: the tables behind it by their size on disk, the current one by the bytes that flowed by.</summary>
internal sealed class DumpProgress(IReadOnlyDictionary<uint, DumpTable> tables)
{
    private const double Limit = 0.99;
    private readonly long _total = Math.Max(1, tables.Values.Sum(table => table.Bytes));
    private Func<(long Bytes, TocEntry? Current)>? _source;
    private TocEntry? _current;
    private long _before;
    private long _currentStart;
    private volatile bool _read;

    /// <summary>Begins to follow a reader whose table of contents is complete.</summary>
    /// <param name="reader">The reader.</param>
    public void Follow(ArchiveReader reader) => Follow(() => (reader.BytesRead, reader.Current));

    /// <summary>Begins to follow whatever puts an archive together.</summary>
    /// <param name="source">Tells how many bytes flowed by, and the entry whose data does; called on any thread.</param>
    public void Follow(Func<(long Bytes, TocEntry? Current)> source) => Volatile.Write(ref _source, source);

    /// <summary>The whole archive has flowed by; what is left is the count of rows.</summary>
    public void FinishedReading() => _read = true;

    /// <summary>The bytes that flowed by so far.</summary>
    public long BytesRead => Volatile.Read(ref _source)?.Invoke().Bytes ?? 0;

    /// <summary>Where the dump is. Called by one thread at a time.</summary>
    /// <returns>The table and the part of the whole, 0 to 1.</returns>
    public (string Status, double? Fraction) Look()
    {
        if (Volatile.Read(ref _source) is not { } source)
        {
            return ("waiting for pg_dump", null);
        }

        if (_read)
        {
            return ("counting rows", Limit);
        }

        (long bytes, TocEntry? entry) = source();
        if (!ReferenceEquals(entry, _current))
        {
            _before += SizeOf(_current);
            _current = entry;
            _currentStart = bytes;
        }

        long done = Math.Min(_before + Math.Min(SizeOf(entry), bytes - _currentStart), _total);
        string status = entry is null ? "table of contents" : $"{entry.Schema}.{entry.Name}";
        return ($"{status}, {SizeText.Of(bytes)}", Math.Min(Limit, (double)done / _total));
    }

    private long SizeOf(TocEntry? entry) => entry is not null && tables.TryGetValue(entry.Oid, out DumpTable? table) ? table.Bytes : 0;
}
