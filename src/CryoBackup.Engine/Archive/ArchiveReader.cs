using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Archive;

/// <summary>
/// The tap: reads an archive of pg_dump's custom format as it flows by, copies it on unchanged, knows each object of its table of
/// contents, and counts and fingerprints every table's rows. It holds no more than its buffer, whatever the archive's size; only
/// the table of contents is kept. The format is that of PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c and pg_backup_custom.c,
/// versions 1.14 (PostgreSQL 12 to 15), 1.15 (16) and 1.16 (17 and later).
/// </summary>
public sealed class ArchiveReader
{
    private const int BufferSize = 1 << 20;
    /// <summary>What stands in the table of contents before the offset of a data block that is known.</summary>
    internal const int OffsetIsSet = 2;

    private const int DataBlock = 1;
    private const int LargeObjectBlock = 3;
    private const int PlainSize = 1 << 16;

    // No definition comes near it, and a false length below it costs a bounded amount of memory.
    private const int MaximumStringLength = 1 << 28;
    private const int StringStep = 1 << 16;
    private static readonly Version OldestVersion = new(1, 14, 0);
    private static readonly Version FirstWithAlgorithm = new(1, 15, 0);
    private static readonly Version NewestVersion = new(1, 16, 0);

    private readonly Stream _source;
    private readonly Stream? _copyTo;
    private readonly Action<ArchiveReader>? _onTocRead;
    private readonly CancellationToken _cancellationToken;
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private byte[]? _plain;
    private int _position;
    private int _end;
    private long _bufferOffset;
    private bool _sourceFailed;
    private int _offsetSize;
    private string _encodingName = "UTF8";
    private Encoding? _encoding;
    private ArchiveHeader? _header;
    private readonly List<TocEntry> _entries = [];
    private readonly List<TableContent> _tables = [];
    private readonly Dictionary<int, long> _unsetOffsets = [];
    private readonly List<(long Field, long Block)> _unlocated = [];
    private long _largeObjectCount;
    private long _largeObjectBytes;
    private UInt128 _largeObjectFingerprint;

    private ArchiveReader(Stream source, Stream? copyTo, Action<ArchiveReader>? onTocRead, CancellationToken cancellationToken)
    {
        _source = source;
        _copyTo = copyTo;
        _onTocRead = onTocRead;
        _cancellationToken = cancellationToken;
    }

    /// <summary>The header; null until it was read.</summary>
    public ArchiveHeader? Header => _header;

    /// <summary>The table of contents; complete when the callback that the reading was given is called.</summary>
    public IReadOnlyList<TocEntry> Entries => _entries;

    /// <summary>The number of bytes read so far. May be read from another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>The entry whose data flows by; null before the first. May be read from another thread.</summary>
    public TocEntry? Current => Volatile.Read(ref _current);

    private long _bytesRead;
    private TocEntry? _current;

    private long Offset => _bufferOffset + _position;

    /// <summary>Reads an archive to its end.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="copyTo">Takes every byte read, unchanged and in order; null for none.</param>
    /// <param name="onTocRead">Called once, when the table of contents is complete and before the first data; null for none.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <returns>What the archive holds.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static ArchiveContent Read(Stream source, Stream? copyTo, Action<ArchiveReader>? onTocRead, CancellationToken cancellationToken)
    {
        var reader = new ArchiveReader(source, copyTo, onTocRead, cancellationToken);
        try
        {
            return reader.Read();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reader._buffer);
        }
    }

    /// <summary>Reads an archive's header and table of contents, and none of its data.</summary>
    /// <param name="source">The archive from its first byte.</param>
    /// <param name="length">The archive's size in bytes as it is known from elsewhere; 0 where it is not.</param>
    /// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
    /// <returns>What the archive holds, its tables without rows and fingerprints.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public static ArchiveContent ReadTableOfContents(Stream source, long length, CancellationToken cancellationToken)
    {
        var reader = new ArchiveReader(source, null, null, cancellationToken);
        try
        {
            ArchiveHeader header = reader._header = reader.ReadHeader();
            reader.ReadToc();
            return new ArchiveContent
            {
                Header = header,
                Encoding = reader._encodingName,
                Entries = reader._entries,
                Tables = [.. reader._entries.Where(entry => entry.IsTableData).Select(entry => new TableContent { Entry = entry })],
                Length = length,
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(reader._buffer);
        }
    }

    private ArchiveContent Read()
    {
        _header = ReadHeader();
        ReadToc();
        _onTocRead?.Invoke(this);
        ReadBlocks();
        return new ArchiveContent
        {
            Header = _header,
            Encoding = _encodingName,
            Entries = _entries,
            Tables = _tables,
            LargeObjectCount = _largeObjectCount,
            LargeObjectBytes = _largeObjectBytes,
            LargeObjectFingerprint = _largeObjectFingerprint,
            Length = _bytesRead,
            Unlocated = _unlocated,
        };
    }

    private ArchiveHeader ReadHeader()
    {
        if (!Ensure(5) || !_buffer.AsSpan(_position, 5).SequenceEqual("PGDMP"u8))
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                "This is not an archive of pg_dump's custom format: it does not begin with PGDMP.",
                remedy: "Give a file made by New-CryoBackup or by pg_dump -Fc.");
        }

        _position += 5;
        var version = new Version(ReadByte(), ReadByte(), ReadByte());
        if (version < OldestVersion)
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"The archive has format version {version}, which PostgreSQL 11 and older wrote; the oldest that can be verified is {OldestVersion}.",
                remedy: "Restore it with the pg_restore of its own time, and back up again.");
        }

        if (version.Major > 1 || version.Minor > NewestVersion.Minor)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveTooNew,
                $"The archive has format version {version}; the newest that is understood is {NewestVersion}.",
                remedy: "Use a newer CryoBackup.");
        }

        int intSize = ReadByte();
        if (intSize != 4)
        {
            throw Corrupt($"the size of integers is {intSize}, not 4");
        }

        _offsetSize = ReadByte();
        if (_offsetSize is not (4 or 8))
        {
            throw Corrupt($"the size of offsets is {_offsetSize}, neither 4 nor 8");
        }

        int format = ReadByte();
        if (format != 1)
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"The archive has format {format}; only the custom format (1, pg_dump -Fc) is one file that can be streamed.",
                remedy: "Give a file made by New-CryoBackup or by pg_dump -Fc.");
        }

        ArchiveCompression compression;
        if (version < FirstWithAlgorithm)
        {
            int level = ReadInt();
            if (level is < -1 or > 9)
            {
                throw Corrupt($"the compression level is {level}");
            }

            compression = level == 0 ? ArchiveCompression.None : ArchiveCompression.Gzip;
        }
        else
        {
            int algorithm = ReadByte();
            if (algorithm > (int)ArchiveCompression.Zstd)
            {
                throw Corrupt($"the compression algorithm is {algorithm}");
            }

            compression = (ArchiveCompression)algorithm;
        }

        DateTime created = ReadTime();
        return new ArchiveHeader
        {
            Version = version,
            Compression = compression,
            Created = created,
            Database = ReadString() ?? "",
            ServerVersion = ReadString() ?? "",
            DumpVersion = ReadString() ?? "",
        };
    }

    private DateTime ReadTime()
    {
        // The fields of C's struct tm: months count from 0, years from 1900; the last is the daylight-saving flag.
        int second = ReadInt(), minute = ReadInt(), hour = ReadInt(), day = ReadInt(), month = ReadInt(), year = ReadInt();
        ReadInt();
        if (second is < 0 or > 60 || minute is < 0 or > 59 || hour is < 0 or > 23 || month is < 0 or > 11 || year is < 0 or > 8000
            || day < 1 || day > DateTime.DaysInMonth(year + 1900, month + 1))
        {
            throw Corrupt("the time of its creation is no time");
        }

        return new DateTime(year + 1900, month + 1, day, hour, minute, Math.Min(second, 59), DateTimeKind.Unspecified);
    }

    private void ReadToc()
    {
        int count = ReadInt();
        if (count < 0)
        {
            throw Corrupt($"the table of contents claims {count} entries");
        }

        var seen = new HashSet<int>();
        for (int i = 0; i < count; i++)
        {
            TocEntry entry = ReadTocEntry();
            if (!seen.Add(entry.DumpId))
            {
                throw Corrupt($"dump ID {entry.DumpId} stands twice in the table of contents");
            }

            if (i == 0 && string.Equals(entry.Kind, "ENCODING", StringComparison.Ordinal))
            {
                // "SET client_encoding = 'LATIN1';": what follows is written in that encoding.
                string[] parts = entry.Definition.Split('\'');
                _encodingName = parts.Length == 3 ? parts[1] : "UTF8";
                _encoding = ServerEncoding.Find(_encodingName);
            }

            _entries.Add(entry);
        }
    }

    private TocEntry ReadTocEntry()
    {
        int dumpId = ReadInt();
        if (dumpId <= 0)
        {
            throw Corrupt($"an entry of the table of contents has the dump ID {dumpId}");
        }

        bool hasData = ReadInt() switch
        {
            0 => false,
            1 => true,
            int other => throw Corrupt($"the data flag of dump ID {dumpId} is {other}"),
        };
        uint catalogOid = ReadOid();
        uint oid = ReadOid();
        string name = ReadString() ?? "";
        string kind = ReadString() ?? "";
        int section = ReadInt();
        if (section is < 1 or > 4)
        {
            throw Corrupt($"the section of dump ID {dumpId} is {section}");
        }

        string definition = ReadString() ?? "";
        long dropOffset = Offset;
        ReadString();
        int dropSize = (int)(Offset - dropOffset);
        string copy = ReadString() ?? "";
        string schema = ReadString() ?? "";
        string tablespace = ReadString() ?? "";
        ReadString(); // the table access method
        if (_header!.Version.Minor >= 16)
        {
            ReadInt(); // the relation's kind
        }

        string owner = ReadString() ?? "";
        ReadString(); // "false", where PostgreSQL 11 and older told of WITH OIDS
        var dependencies = new List<int>();
        while (ReadString() is { } dependency)
        {
            if (!int.TryParse(dependency, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw Corrupt($"dump ID {dumpId} depends on \"{Shorten(dependency)}\", which is no dump ID");
            }

            dependencies.Add(id);
        }

        long? dataOffset = ReadOffset(dumpId, hasData);
        return new TocEntry
        {
            DumpId = dumpId,
            CatalogOid = catalogOid,
            Oid = oid,
            Name = name,
            Kind = kind,
            Schema = schema,
            Owner = owner,
            Tablespace = tablespace,
            Section = (TocSection)section,
            Definition = definition,
            CopyStatement = copy,
            DropStatement = (dropOffset, dropSize),
            Dependencies = [.. dependencies],
            HasData = hasData,
            DataOffset = dataOffset,
        };
    }

    private long? ReadOffset(int dumpId, bool hasData)
    {
        const int NotSet = 1, Set = OffsetIsSet, NoData = 3;
        long field = Offset;
        int flag = ReadByte();
        if (flag is < NotSet or > NoData || (flag == NoData) == hasData)
        {
            throw Corrupt($"the offset of dump ID {dumpId} has the flag {flag}");
        }

        Need(_offsetSize);
        ReadOnlySpan<byte> bytes = _buffer.AsSpan(_position, _offsetSize);
        long offset = _offsetSize == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes);
        _position += _offsetSize;
        if (flag == NotSet && _offsetSize == sizeof(long))
        {
            _unsetOffsets.Add(dumpId, field);
        }

        return flag == Set ? offset : null;
    }

    private void ReadBlocks()
    {
        var awaited = new Dictionary<int, TocEntry>();
        foreach (TocEntry entry in _entries)
        {
            if (entry.HasData)
            {
                awaited.Add(entry.DumpId, entry);
            }
        }

        while (awaited.Count > 0)
        {
            long start = Offset;
            if (!Ensure(1))
            {
                TocEntry missing = _entries.Find(candidate => awaited.ContainsKey(candidate.DumpId))!;
                throw Corrupt($"it ends, and the data of {missing} has not come ({awaited.Count} data blocks are missing)");
            }

            int type = ReadByte();
            int dumpId = ReadInt();
            if (!awaited.Remove(dumpId, out TocEntry? entry))
            {
                throw Corrupt(WhyUnexpected(dumpId), start);
            }

            if (entry.DataOffset is { } offset && offset != start)
            {
                // pg_restore would look for the data at the wrong place.
                throw Corrupt($"the data of {entry} lies here, and the table of contents says at {offset}", start);
            }

            if (type != (entry.IsLargeObjects ? LargeObjectBlock : DataBlock))
            {
                throw Corrupt($"the data block of {entry} has the type {type}", start);
            }

            if (_unsetOffsets.TryGetValue(dumpId, out long field))
            {
                _unlocated.Add((field, start));
            }

            Volatile.Write(ref _current, entry);
            if (type == LargeObjectBlock)
            {
                ReadLargeObjects();
            }
            else
            {
                ReadDataBlock(entry);
            }
        }

        if (Ensure(1))
        {
            throw Corrupt("more follows after its end");
        }
    }

    private string WhyUnexpected(int dumpId)
        => _entries.Find(candidate => candidate.DumpId == dumpId) switch
        {
            null => $"a data block has the dump ID {dumpId}, which the table of contents does not know",
            { HasData: true } twice => $"the data of {twice} comes twice",
            { } other => $"a data block belongs to {other}, which has no data",
        };

    private void ReadDataBlock(TocEntry entry)
    {
        bool copyText = entry.IsTableData && entry.CopyStatement.Length > 0;
        var fingerprint = new TableFingerprint();
        bool readable = ReadChunks(fingerprint.Append);
        if (readable && copyText && (!fingerprint.Terminated || fingerprint.HasPartialRow || fingerprint.HasTrailingData))
        {
            throw Corrupt($"the data of {entry} does not end as COPY text does");
        }

        if (entry.IsTableData)
        {
            _tables.Add(new TableContent { Entry = entry, Fingerprint = readable && copyText ? fingerprint : null });
        }
    }

    private void ReadLargeObjects()
    {
        while (ReadInt() is int oid and not 0)
        {
            var hash = new XxHash128(unchecked((uint)oid));
            long length = 0;
            bool readable = ReadChunks(data =>
            {
                hash.Append(data);
                length += data.Length;
            });
            _largeObjectCount++;
            if (readable)
            {
                _largeObjectBytes += length;
                _largeObjectFingerprint += hash.GetCurrentHashAsUInt128();
            }
        }
    }

    private delegate void DataHandler(ReadOnlySpan<byte> data);

    /// <summary>Reads one run of chunks to its end.</summary>
    /// <returns>False if the data is compressed by an algorithm that is not readable here; the chunks are then only stepped over.</returns>
    private bool ReadChunks(DataHandler handler)
    {
        switch (_header!.Compression)
        {
            case ArchiveCompression.None:
                ReadPlainChunks(handler);
                return true;
            case ArchiveCompression.Gzip:
                ReadDeflatedChunks(handler);
                return true;
            default:
                ReadPlainChunks(static _ => { });
                return false;
        }
    }

    private void ReadPlainChunks(DataHandler handler)
    {
        int remaining;
        while ((remaining = ReadChunkLength()) > 0)
        {
            while (remaining > 0)
            {
                // A short chunk (mostly one row) is handed over whole, a long one as it comes.
                int take = Math.Min(remaining, BufferSize / 2);
                if (_end - _position < take)
                {
                    Need(take);
                }

                handler(_buffer.AsSpan(_position, take));
                _position += take;
                remaining -= take;
            }
        }
    }

    private void ReadDeflatedChunks(DataHandler handler)
    {
        _plain ??= new byte[PlainSize];
        using var chunks = new ChunkStream(this);
        var checksum = new Adler32();
        try
        {
            using var zlib = new ZLibStream(chunks, CompressionMode.Decompress, leaveOpen: true);
            int count;
            while ((count = zlib.Read(_plain)) > 0)
            {
                checksum.Append(_plain.AsSpan(0, count));
                handler(_plain.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (!_sourceFailed && exception is (InvalidDataException or IOException))
        {
            throw Corrupt($"a compressed data block is damaged ({exception.Message.TrimEnd('.')})");
        }

        // ZLibStream passes over a stream that breaks off, and over what follows one. A whole one ends with its checksum.
        chunks.Drain();
        if (chunks.LastFourBytes != checksum.Value)
        {
            throw Corrupt("a compressed data block does not end with its checksum");
        }
    }

    private int ReadChunkLength()
    {
        int length = ReadInt();
        if (length < 0)
        {
            throw Corrupt($"a chunk claims {length} bytes");
        }

        return length;
    }

    private uint ReadOid()
    {
        string text = ReadString() ?? "0";
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint oid)
            ? oid
            : throw Corrupt($"\"{Shorten(text)}\" stands where an OID belongs");
    }

    private string? ReadString()
    {
        int length = ReadInt();
        if (length == -1)
        {
            return null;
        }

        if (length is < -1 or > MaximumStringLength)
        {
            throw Corrupt($"a text claims {length} bytes");
        }

        if (length <= BufferSize)
        {
            Need(length);
            string text = ServerEncoding.Decode(_buffer.AsSpan(_position, length), _encoding);
            _position += length;
            return text;
        }

        // A long text grows with what really comes, so a false length cannot take memory.
        using var whole = new MemoryStream();
        for (int remaining = length; remaining > 0;)
        {
            int take = Math.Min(remaining, StringStep);
            Need(take);
            whole.Write(_buffer, _position, take);
            _position += take;
            remaining -= take;
        }

        return ServerEncoding.Decode(whole.GetBuffer().AsSpan(0, length), _encoding);
    }

    private int ReadByte()
    {
        Need(1);
        return _buffer[_position++];
    }

    private int ReadInt()
    {
        if (_end - _position < 5)
        {
            Need(5);
        }

        int sign = _buffer[_position];
        uint magnitude = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_position + 1, 4));

        // Each number has one form: no minus zero, nothing beyond 32 bits.
        if (sign > 1 || unchecked(magnitude - (uint)sign) > int.MaxValue)
        {
            throw Corrupt($"an integer has the sign {sign} and the magnitude {magnitude}");
        }

        _position += 5;

        // An OID above 2^31 is written as its two's complement, so the arithmetic wraps.
        return unchecked(sign == 0 ? (int)magnitude : -(int)magnitude);
    }

    private void Need(int count)
    {
        if (!Ensure(count))
        {
            throw Corrupt("it ends in the middle");
        }
    }

    /// <summary>Makes that many bytes lie in the buffer.</summary>
    /// <returns>False if the source ends before.</returns>
    private bool Ensure(int count)
    {
        while (_end - _position < count)
        {
            if (_position > 0 && BufferSize - _position < Math.Max(count, BufferSize / 4))
            {
                _buffer.AsSpan(_position, _end - _position).CopyTo(_buffer);
                _bufferOffset += _position;
                _end -= _position;
                _position = 0;
            }

            _cancellationToken.ThrowIfCancellationRequested();
            _sourceFailed = true;
            int read = _source.Read(_buffer, _end, BufferSize - _end);
            _sourceFailed = false;
            if (read == 0)
            {
                return false;
            }

            _copyTo?.Write(_buffer, _end, read);
            _end += read;
            Volatile.Write(ref _bytesRead, _bytesRead + read);
        }

        return true;
    }

    private CryoBackupException Corrupt(string what, long? at = null) => new(
        CryoBackupError.ArchiveCorrupt,
        string.Create(CultureInfo.InvariantCulture, $"The archive is damaged at byte {at ?? Offset}: {what}."),
        remedy: "Use another backup; this one does not come back whole.");

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    /// <summary>The content of one run of chunks as a stream.</summary>
    private sealed class ChunkStream(ArchiveReader reader) : ReadOnlyStream
    {
        private int _remaining;
        private bool _ended;

        /// <summary>The last four bytes read, the first of them the most significant.</summary>
        public uint LastFourBytes { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (_remaining == 0 && !_ended)
            {
                _remaining = reader.ReadChunkLength();
                _ended = _remaining == 0;
            }

            if (_ended)
            {
                return 0;
            }

            reader.Need(1);
            int take = Math.Min(Math.Min(_remaining, buffer.Length), reader._end - reader._position);
            ReadOnlySpan<byte> part = reader._buffer.AsSpan(reader._position, take);
            part.CopyTo(buffer);
            foreach (byte value in part[^Math.Min(take, sizeof(uint))..])
            {
                LastFourBytes = (LastFourBytes << 8) | value;
            }

            reader._position += take;
            _remaining -= take;
            return take;
        }

        public void Drain()
        {
            Span<byte> rest = stackalloc byte[512];
            while (Read(rest) > 0)
            {
            }
        }
    }
}
