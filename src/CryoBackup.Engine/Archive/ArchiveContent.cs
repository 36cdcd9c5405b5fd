namespace CryoBackup.Archive;

/// <summary>What one table's data block held.</summary>
internal sealed class TableContent
{
    /// <summary>The table's entry of kind TABLE DATA.</summary>
    public required TocEntry Entry { get; init; }

    /// <summary>Rows and fingerprint; null where the block's inner compression is not readable here,
    /// or it holds INSERT statements.</summary>
    public TableFingerprint? Fingerprint { get; init; }

    /// <summary>The rows in the order of columns that they are compared in; null unless they are loaded through a root of partitions whose
    /// columns stand in different orders, and were read.</summary>
    public RootRows? RootRows { get; init; }

    /// <summary>The table as users see it.</summary>
    public TableInfo ToTableInfo() =>
        new()
        {
            Schema = Entry.Schema,
            Name = Entry.Name,
            Rows = Fingerprint?.Rows ?? 0,
            Bytes = Fingerprint?.Bytes ?? 0,
            Fingerprint = Fingerprint?.Text ?? "",
        };
}

/// <summary>What a whole archive was found to hold, once it has flowed by to its end.</summary>
internal sealed class ArchiveContent
{
    /// <summary>The header.</summary>
    public required ArchiveHeader Header { get; init; }

    /// <summary>PostgreSQL's name of the encoding that names, definitions and data are in.</summary>
    public required string Encoding { get; init; }

    /// <summary>The table of contents, in the archive's order.</summary>
    public required IReadOnlyList<TocEntry> Entries { get; init; }

    /// <summary>Every table with data, in the order in which the data came.</summary>
    public required IReadOnlyList<TableContent> Tables { get; init; }

    /// <summary>The number of large objects.</summary>
    public long LargeObjectCount { get; init; }

    /// <summary>Their size in bytes.</summary>
    public long LargeObjectBytes { get; init; }

    /// <summary>The sum, modulo 2^128, of the XXH128 of each large object's content with its OID as the seed.</summary>
    public UInt128 LargeObjectFingerprint { get; init; }

    /// <summary>False if the content of large objects has an inner compression that is not read here,
    /// so that they are only counted.</summary>
    internal bool LargeObjectsWereRead { get; init; } = true;

    /// <summary>The archive's size in bytes.</summary>
    public long Length { get; init; }

    /// <summary>True if the table of contents stands a second time at its end,
    /// where a pg_dump put it whose output was appended to a file.</summary>
    public bool HasTocAtEnd { get; init; }

    /// <summary>Of each data block whose place the table of contents does not tell: where it ought to tell it,
    /// and where the block begins.</summary>
    internal IReadOnlyList<(long Field, long Block)> Unlocated { get; init; } = [];
}
