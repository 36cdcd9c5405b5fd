using System.Buffers.Binary;
using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>Reads what stands before an archive's data: its header and its table of contents.</summary>
/// <param name="input">The archive.</param>
/// <param name="largest">How many bytes of memory the entries may take; null for a quarter of the machine's.</param>
internal sealed class TocReader(ArchiveInput input, long? largest = null)
{
    /// <summary>What stands in the table of contents before the offset of a data block that is known.</summary>
    public const int OffsetIsSet = 2;

    private static readonly Version OldestVersion = new(1, 14, 0);
    private static readonly Version FirstWithAlgorithm = new(1, 15, 0);
    private static readonly Version NewestVersion = new(1, 16, 0);

    // What an entry takes beside its texts, with its places in our lists.
    private const int EntrySize = 320;
    private const int FewestBytes = 256 << 20;

    private readonly List<TocEntry> _entries = [];
    private readonly HashSet<string> _words = new(StringComparer.Ordinal);
    private readonly List<int> _dependencies = [];
    private readonly long _largest = largest ?? Math.Max(FewestBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 4);
    private long _size;
    private readonly Dictionary<int, long> _unsetOffsets = [];
    private ArchiveHeader? _header;
    private int _offsetSize;

    /// <summary>The header; null until it was read.</summary>
    public ArchiveHeader? Header => _header;

    /// <summary>PostgreSQL's name of the archive's encoding.</summary>
    public string EncodingName { get; private set; } = "UTF8";

    /// <summary>The entries, in the archive's order.</summary>
    public IReadOnlyList<TocEntry> Entries => _entries;

    /// <summary>By dump ID, where the offset of a data block ought to stand and does not.</summary>
    public IReadOnlyDictionary<int, long> UnsetOffsets => _unsetOffsets;

    /// <summary>Reads both.</summary>
    /// <returns>The header.</returns>
    /// <exception cref="CryoBackupException">NotABackup, ArchiveTooNew or ArchiveCorrupt, with the offset in the archive.</exception>
    public ArchiveHeader Read()
    {
        _header = ReadHeader();
        ReadEntries();
        return _header;
    }

    /// <summary>
    /// Reads what stands behind the data: a pg_dump whose output is appended to a file believes that it writes the places of the data into
    /// its table of contents, and writes it a second time.
    /// </summary>
    /// <returns>True if it is the same table of contents.</returns>
    public bool ReadAgain()
    {
        try
        {
            return input.ReadInt() == _entries.Count && _entries.TrueForAll(entry => IsSame(entry, ReadTocEntry()));
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.ArchiveCorrupt)
        {
            return false;
        }
    }

    private static bool IsSame(TocEntry entry, TocEntry again) =>
        entry.DumpId == again.DumpId
        && entry.HasData == again.HasData
        && string.Equals(entry.Kind, again.Kind, StringComparison.Ordinal)
        && string.Equals(entry.Schema, again.Schema, StringComparison.Ordinal)
        && string.Equals(entry.Name, again.Name, StringComparison.Ordinal)
        && string.Equals(entry.Definition, again.Definition, StringComparison.Ordinal);

    private ArchiveHeader ReadHeader()
    {
        input.Ensure(ForeignFile.StartLength);
        if (!input.Buffered.StartsWith("PGDMP"u8))
        {
            var foreign = ForeignFile.Recognize(input.Buffered[..Math.Min(input.Buffered.Length, ForeignFile.StartLength)]);
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                foreign is null
                    ? "This is not an archive of pg_dump's custom format: it does not begin with PGDMP."
                    : $"This is {foreign.What}, not an archive of pg_dump -Fc.",
                remedy: foreign?.Remedy ?? "Give a file made by New-CryoBackup or by pg_dump -Fc."
            );
        }

        input.Skip("PGDMP".Length);
        Version version = ReadVersion();
        ReadSizes();

        // In the order in which they stand in the file.
        return new ArchiveHeader
        {
            Version = version,
            Compression = ReadCompression(version),
            Created = ReadTime(),
            Database = input.ReadString() ?? "",
            ServerVersion = input.ReadString() ?? "",
            DumpVersion = input.ReadString() ?? "",
        };
    }

    private Version ReadVersion()
    {
        var version = new Version(input.ReadByte(), input.ReadByte(), input.ReadByte());
        if (version < OldestVersion)
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"The archive has format version {version}, which PostgreSQL 11 and older wrote; "
                    + $"the oldest that can be verified is {OldestVersion}.",
                remedy: "Restore it with the pg_restore of its own time, and back up again."
            );
        }

        if (version.Major > 1 || version.Minor > NewestVersion.Minor)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveTooNew,
                $"The archive has format version {version}; the newest that is understood is {NewestVersion}.",
                remedy: "Use a newer CryoBackup."
            );
        }

        return version;
    }

    private void ReadSizes()
    {
        int intSize = input.ReadByte();
        if (intSize != 4)
        {
            throw input.Corrupt($"the size of integers is {intSize}, not 4");
        }

        _offsetSize = input.ReadByte();
        if (_offsetSize is not (4 or 8))
        {
            throw input.Corrupt($"the size of offsets is {_offsetSize}, neither 4 nor 8");
        }

        int format = input.ReadByte();
        if (format != 1)
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"The archive has format {format}{format switch { 3 => " (pg_dump -Ft)", 5 => " (pg_dump -Fd)", _ => "" }}; only the "
                    + "custom format (1, pg_dump -Fc) is one file that can be streamed.",
                remedy: "Restore it with pg_restore -d NAME and its file or folder; for backups that can be proven use New-CryoBackup, "
                    + "or pg_dump -Fc."
            );
        }
    }

    private ArchiveCompression ReadCompression(Version version)
    {
        if (version < FirstWithAlgorithm)
        {
            int level = input.ReadInt();
            return level is < -1 or > 9 ? throw input.Corrupt($"the compression level is {level}")
                : level == 0 ? ArchiveCompression.None
                : ArchiveCompression.Gzip;
        }

        int algorithm = input.ReadByte();
        return algorithm > (int)ArchiveCompression.Zstd
            ? throw input.Corrupt($"the compression algorithm is {algorithm}")
            : (ArchiveCompression)algorithm;
    }

    private DateTime ReadTime()
    {
        // The fields of C's struct tm: months count from 0, years from 1900; the last is the daylight-saving flag.
        int second = input.ReadInt(),
            minute = input.ReadInt(),
            hour = input.ReadInt(),
            day = input.ReadInt(),
            month = input.ReadInt(),
            year = input.ReadInt();
        input.ReadInt();
        if (
            second is < 0 or > 60
            || minute is < 0 or > 59
            || hour is < 0 or > 23
            || month is < 0 or > 11
            || year is < 0 or > 8000
            || day < 1
            || day > DateTime.DaysInMonth(year + 1900, month + 1)
        )
        {
            throw input.Corrupt("the time of its creation is no time");
        }

        return new DateTime(year + 1900, month + 1, day) + new TimeSpan(hour, minute, Math.Min(second, 59));
    }

    private void ReadEntries()
    {
        int count = input.ReadInt();
        if (count < 0)
        {
            throw input.Corrupt($"the table of contents claims {count} entries");
        }

        var seen = new HashSet<int>();
        for (int i = 0; i < count; i++)
        {
            TocEntry entry = ReadTocEntry();
            if (!seen.Add(entry.DumpId))
            {
                throw input.Corrupt($"dump ID {entry.DumpId} stands twice in the table of contents");
            }

            if (i == 0 && string.Equals(entry.Kind, "ENCODING", StringComparison.Ordinal))
            {
                // "SET client_encoding = 'LATIN1';": what follows is written in that encoding.
                string[] parts = entry.Definition.Split('\'');
                EncodingName = parts.Length == 3 ? parts[1] : "UTF8";
                input.Encoding = ServerEncoding.Find(EncodingName);
            }

            _entries.Add(entry);
            Weigh(entry, count);
        }
    }

    /// <summary>A few bytes of a compressed file could claim entries that fill every memory.</summary>
    private void Weigh(TocEntry entry, int count)
    {
        _size +=
            EntrySize
            + (sizeof(char) * ((long)entry.Name.Length + entry.Definition.Length + entry.CopyStatement.Length))
            + (sizeof(int) * (long)entry.Dependencies.Length);
        if (_size > _largest)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The archive's table of contents is too large: {_entries.Count} of its {count} entries already take "
                        + $"{SizeText.Of(_largest)}, the most that is read (a quarter of the machine's memory)."
                ),
                remedy: "If you trust where it comes from, use a machine with more memory."
            );
        }
    }

    /// <summary>One text for all that are equal: most entries have the same few kinds, schemas and owners.</summary>
    private string Word(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        if (_words.TryGetValue(text, out string? known))
        {
            return known;
        }

        _size += (EntrySize / 4) + (sizeof(char) * (long)text.Length);
        _words.Add(text);
        return text;
    }

    private TocEntry ReadTocEntry()
    {
        int dumpId = input.ReadInt();
        if (dumpId <= 0)
        {
            throw input.Corrupt($"an entry of the table of contents has the dump ID {dumpId}");
        }

        bool hasData = input.ReadInt() switch
        {
            0 => false,
            1 => true,
            int other => throw input.Corrupt($"the data flag of dump ID {dumpId} is {other}"),
        };
        uint catalogOid = input.ReadOid();
        uint oid = input.ReadOid();
        string name = input.ReadString() ?? "";
        string kind = Word(input.ReadString());
        int section = input.ReadInt();
        if (section is < 1 or > 4)
        {
            throw input.Corrupt($"the section of dump ID {dumpId} is {section}");
        }

        string definition = input.ReadString() ?? "";
        long dropOffset = input.Offset;
        input.ReadString();
        int dropSize = (int)(input.Offset - dropOffset);
        string copy = input.ReadString() ?? "";
        string schema = Word(input.ReadString());
        string tablespace = Word(input.ReadString());
        input.ReadString(); // the table access method
        if (_header!.Version.Minor >= 16)
        {
            input.ReadInt(); // the relation's kind
        }

        string owner = Word(input.ReadString());
        input.ReadString(); // "false", where PostgreSQL 11 and older told of WITH OIDS
        ReadDependencies(dumpId);
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
            Dependencies = [.. _dependencies],
            HasData = hasData,
            DataOffset = dataOffset,
        };
    }

    private void ReadDependencies(int dumpId)
    {
        _dependencies.Clear();
        while (input.ReadString() is { } dependency)
        {
            if (!int.TryParse(dependency, NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                throw input.Corrupt($"dump ID {dumpId} depends on \"{ArchiveInput.Shorten(dependency)}\", which is no dump ID");
            }

            _dependencies.Add(id);
        }
    }

    private long? ReadOffset(int dumpId, bool hasData)
    {
        const int NotSet = 1,
            Set = OffsetIsSet,
            NoData = 3;
        long field = input.Offset;
        int flag = input.ReadByte();
        if (flag is < NotSet or > NoData || (flag == NoData) == hasData)
        {
            throw input.Corrupt($"the offset of dump ID {dumpId} has the flag {flag}");
        }

        ReadOnlySpan<byte> bytes = input.Take(_offsetSize);
        long offset = _offsetSize == 4 ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadInt64LittleEndian(bytes);
        if (flag == NotSet && _offsetSize == sizeof(long))
        {
            _unsetOffsets.TryAdd(dumpId, field);
        }

        return flag == Set ? offset : null;
    }
}
