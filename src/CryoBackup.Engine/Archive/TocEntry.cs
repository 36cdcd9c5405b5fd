namespace CryoBackup.Archive;

/// <summary>When pg_restore restores an entry.</summary>
internal enum TocSection
{
    /// <summary>Not restored by section, for example a comment on the archive.</summary>
    None = 1,

    /// <summary>Definitions that the data needs.</summary>
    PreData = 2,

    /// <summary>Rows, large objects, sequence values.</summary>
    Data = 3,

    /// <summary>Indexes, constraints, triggers and what else is faster or only right after the data.</summary>
    PostData = 4,
}

/// <summary>One entry of an archive's table of contents (TOC).</summary>
internal sealed class TocEntry
{
    /// <summary>The number that identifies the entry within the archive.</summary>
    public int DumpId { get; init; }

    /// <summary>The OID of the system catalog that the object is in, 0 for none.</summary>
    public uint CatalogOid { get; init; }

    /// <summary>The object's OID on the source server, 0 for none.</summary>
    public uint Oid { get; init; }

    /// <summary>The object's kind in pg_dump's words: TABLE, TABLE DATA, INDEX, …</summary>
    public string Kind { get; init; } = "";

    /// <summary>The object's name; for a constraint, trigger or the like, the table's name comes first.</summary>
    public string Name { get; init; } = "";

    /// <summary>The object's schema; empty where it has none.</summary>
    public string Schema { get; init; } = "";

    /// <summary>The owner's role name; empty where there is none.</summary>
    public string Owner { get; init; } = "";

    /// <summary>The tablespace that it asks for; empty for the database's own.</summary>
    public string Tablespace { get; init; } = "";

    /// <summary>When it is restored.</summary>
    public TocSection Section { get; init; }

    /// <summary>The statements that create the object; empty where there are none.</summary>
    public string Definition { get; init; } = "";

    /// <summary>The COPY statement that takes the data; empty where there is none.</summary>
    public string CopyStatement { get; init; } = "";

    /// <summary>The dump IDs of the entries that this one depends on.</summary>
    public int[] Dependencies { get; init; } = [];

    /// <summary>True if the archive holds a data block for the entry.</summary>
    public bool HasData { get; init; }

    /// <summary>Where the data block begins in the archive, in bytes; null where there is none,
    /// or the archive was written to a pipe.</summary>
    public long? DataOffset { get; init; }

    /// <summary>True if the data is a table's rows.</summary>
    public bool IsTableData => string.Equals(Kind, "TABLE DATA", StringComparison.Ordinal);

    /// <summary>Where the DROP statement stands in the archive: the offset of its length,
    /// and the size of length and text together.</summary>
    internal (long Offset, int Size) DropStatement { get; init; }

    /// <summary>True if the data is large objects.</summary>
    public bool IsLargeObjects => string.Equals(Kind, "BLOBS", StringComparison.Ordinal);

    /// <summary>Kind, schema and name.</summary>
    public override string ToString() => Schema.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Schema}.{Name}";
}
