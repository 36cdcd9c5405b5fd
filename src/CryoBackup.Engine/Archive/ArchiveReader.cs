namespace CryoBackup.Archive;

/// <summary>
/// The tap: reads an archive of pg_dump's custom format as it flows by, copies it on unchanged, knows each object of its table of
/// contents, and counts and fingerprints every table's rows. It holds no more than its buffer, whatever the archive's size; only
/// the table of contents is kept. The format is that of PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c,
/// versions 1.14 (PostgreSQL 12 to 15), 1.15 (16) and 1.16 (17 and later).
/// </summary>
internal sealed class ArchiveReader
{
    private readonly ArchiveInput _input;
    private readonly TocReader _toc;
    private readonly List<TableContent> _tables = [];
    private readonly List<(long Field, long Block)> _unlocated = [];
    private TocEntry? _current;
    private bool _hasTocAtEnd;
    private readonly LargeObjectSum _largeObjects = new();
    private readonly Func<TocEntry, ChunkReader.DataHandler?>? _rowsOf;
    private Dictionary<int, RootRows> _rootRows = [];

    private ArchiveReader(ArchiveInput input, Func<TocEntry, ChunkReader.DataHandler?>? rowsOf = null)
    {
        _input = input;
        _toc = new TocReader(input);
        _rowsOf = rowsOf;
    }

    /// <summary>The header; null until it was read.</summary>
    public ArchiveHeader? Header => _toc.Header;

    /// <summary>The table of contents; complete when the callback that the reading was given is called.</summary>
    public IReadOnlyList<TocEntry> Entries => _toc.Entries;

    /// <summary>The number of bytes read so far. May be read from another thread.</summary>
    public long BytesRead => _input.BytesRead;

    /// <summary>Told of each table as soon as its data has flowed by; to be set as the table of contents is complete. Null for nobody.
    /// </summary>
    public Action<TableContent>? TableRead { get; set; }

    /// <summary>The entry whose data flows by; null before the first. May be read from another thread.</summary>
    public TocEntry? Current => Volatile.Read(ref _current);

    /// <summary>Reads an archive to its end.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="copyTo">Takes every byte read, unchanged and in order; null for none.</param>
    /// <param name="onTocRead">Called once, when the table of contents is complete and before the first data; null for none.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <returns>What the archive holds.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ArchiveContent Read(
        Stream source,
        Stream? copyTo,
        Action<ArchiveReader>? onTocRead,
        CancellationToken cancellationToken
    ) => Read(source, copyTo, onTocRead, rowsOf: null, cancellationToken);

    /// <summary>Reads an archive to its end, and shares its rows.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="copyTo">Takes every byte read, unchanged and in order; null for none.</param>
    /// <param name="onTocRead">Called once, when the table of contents is complete and before the first data; null for none.</param>
    /// <param name="rowsOf">Called when a table's COPY text begins; what it gives takes the text, and nothing at its end. Null for none.
    /// </param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <returns>What the archive holds.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ArchiveContent Read(
        Stream source,
        Stream? copyTo,
        Action<ArchiveReader>? onTocRead,
        Func<TocEntry, ChunkReader.DataHandler?>? rowsOf,
        CancellationToken cancellationToken
    )
    {
        using var input = new ArchiveInput(source, copyTo, cancellationToken);
        return new ArchiveReader(input, rowsOf).Read(onTocRead);
    }

    /// <summary>Reads an archive's header and table of contents, and none of its data.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="length">The archive's size in bytes as it is known from elsewhere; 0 where it is not.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <returns>What the archive holds, its tables without rows and fingerprints.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public static ArchiveContent ReadTableOfContents(Stream source, long length, CancellationToken cancellationToken)
    {
        using var input = new ArchiveInput(source, copyTo: null, cancellationToken);
        var toc = new TocReader(input);
        return new ArchiveContent
        {
            Header = toc.Read(),
            Encoding = toc.EncodingName,
            Entries = toc.Entries,
            Tables = [.. toc.Entries.Where(entry => entry.IsTableData).Select(entry => new TableContent { Entry = entry })],
            Length = length,
        };
    }

    /// <summary>Copies an archive's header and table of contents, which are an archive for pg_restore where no data is wanted.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="destination">Takes the bytes.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public static void CopyTableOfContents(Stream source, Stream destination, CancellationToken cancellationToken) =>
        destination.Write(ArchiveHead.Read(source, cancellationToken).Bytes.Span);

    private ArchiveContent Read(Action<ArchiveReader>? onTocRead)
    {
        ArchiveHeader header = _toc.Read();
        _rootRows = RootRows.Of(_toc.Entries);
        onTocRead?.Invoke(this);
        ReadBlocks(new ChunkReader(_input, header.Compression));
        return new ArchiveContent
        {
            Header = header,
            Encoding = _toc.EncodingName,
            Entries = _toc.Entries,
            Tables = _tables,
            LargeObjectCount = _largeObjects.Count,
            LargeObjectBytes = _largeObjects.Bytes,
            LargeObjectFingerprint = _largeObjects.Fingerprint,
            LargeObjectsWereRead = _largeObjects.WereRead,
            Length = _input.BytesRead,
            Unlocated = _unlocated,
            HasTocAtEnd = _hasTocAtEnd,
        };
    }

    private void ReadBlocks(ChunkReader chunks)
    {
        var awaited = new Dictionary<int, TocEntry>();
        foreach (TocEntry entry in _toc.Entries)
        {
            if (entry.HasData)
            {
                awaited.Add(entry.DumpId, entry);
            }
        }

        while (awaited.Count > 0)
        {
            (int type, TocEntry entry) = ReadBlockHead(awaited);
            Volatile.Write(ref _current, entry);
            if (type == ArchiveBlocks.LargeObjects)
            {
                _largeObjects.Read(_input, chunks, copy: null);
            }
            else
            {
                ReadDataBlock(entry, chunks);
            }
        }

        long end = _input.Offset;
        if (_input.Ensure(1))
        {
            _hasTocAtEnd = _toc.ReadAgain() && !_input.Ensure(1);
            if (!_hasTocAtEnd)
            {
                throw _input.Corrupt("more follows after its end", end);
            }
        }
    }

    /// <summary>The head of a block, which must be one of those that are awaited.</summary>
    private (int Type, TocEntry Entry) ReadBlockHead(Dictionary<int, TocEntry> awaited)
    {
        long start = _input.Offset;
        if (!_input.Ensure(1))
        {
            TocEntry missing = _toc.Entries.First(candidate => awaited.ContainsKey(candidate.DumpId));
            throw _input.Corrupt($"it ends, and the data of {missing} has not come ({awaited.Count} data blocks are missing)");
        }

        int type = _input.ReadByte();
        int dumpId = _input.ReadInt();
        if (!awaited.Remove(dumpId, out TocEntry? entry))
        {
            throw _input.Corrupt(WhyUnexpected(dumpId), start);
        }

        if (entry.DataOffset is { } offset && offset != start)
        {
            // pg_restore would look for the data at the wrong place.
            throw _input.Corrupt($"the data of {entry} lies here, and the table of contents says at {offset}", start);
        }

        if (type != (entry.IsLargeObjects ? ArchiveBlocks.LargeObjects : ArchiveBlocks.Data))
        {
            throw _input.Corrupt($"the data block of {entry} has the type {type}", start);
        }

        if (_toc.UnsetOffsets.TryGetValue(dumpId, out long field))
        {
            _unlocated.Add((field, start));
        }

        return (type, entry);
    }

    private string WhyUnexpected(int dumpId) =>
        _toc.Entries.FirstOrDefault(candidate => candidate.DumpId == dumpId) switch
        {
            null => $"a data block has the dump ID {dumpId}, which the table of contents does not know",
            { HasData: true } twice => $"the data of {twice} comes twice",
            { } other => $"a data block belongs to {other}, which has no data",
        };

    private void ReadDataBlock(TocEntry entry, ChunkReader chunks)
    {
        bool copyText = entry.IsTableData && entry.CopyStatement.Length > 0;
        var fingerprint = new TableFingerprint();
        ChunkReader.DataHandler? taker = copyText ? _rowsOf?.Invoke(entry) : null;
        RootRows? rootRows = copyText ? _rootRows.GetValueOrDefault(entry.DumpId) : null;
        ChunkReader.DataHandler handler = fingerprint.Append;
        handler = rootRows is null ? handler : handler + rootRows.Append;
        bool readable = chunks.Read(taker is null ? handler : handler + taker);
        taker?.Invoke([]);
        if (readable && copyText && (!fingerprint.Terminated || fingerprint.HasPartialRow || fingerprint.HasTrailingData))
        {
            throw _input.Corrupt($"the data of {entry} does not end as COPY text does");
        }

        if (entry.IsTableData)
        {
            var table = new TableContent
            {
                Entry = entry,
                Fingerprint = readable && copyText ? fingerprint : null,
                RootRows = readable ? rootRows : null,
            };
            _tables.Add(table);
            TableRead?.Invoke(table);
        }
    }
}
