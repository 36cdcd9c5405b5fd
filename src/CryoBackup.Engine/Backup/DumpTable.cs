namespace CryoBackup.Backup;

/// <summary>A relation of the catalog, as far as a dump is concerned with it.</summary>
internal sealed record DumpTable
{
    /// <summary>Its OID.</summary>
    public required uint Oid { get; init; }

    /// <summary>Its schema.</summary>
    public required string Schema { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Schema and name as they stand in SQL.</summary>
    public required string QuotedName { get; init; }

    /// <summary>pg_class.relkind: r(elation), p(artitioned), S(equence), v(iew), m(aterialized view), f(oreign table).</summary>
    public required char Kind { get; init; }

    /// <summary>What it takes on disk without indexes, as the catalog estimates it.</summary>
    public long Bytes { get; init; }

    /// <summary>False if the role may not read it.</summary>
    public bool Readable { get; init; } = true;

    /// <summary>True if row security would hide rows from the role.</summary>
    public bool RowSecurity { get; init; }

    /// <summary>The table that it is a partition of, or whose column it is the sequence of; 0 for none.</summary>
    public uint Parent { get; init; }

    /// <summary>The extension that it belongs to; null for none.</summary>
    public string? Extension { get; init; }

    /// <summary>
    /// For a table of an extension the WHERE clause with which its rows are dumped, empty for all of them, null if they are not dumped,
    /// because the extension brings them itself.
    /// </summary>
    public string? Condition { get; init; }

    /// <summary>True on a standby for an unlogged table, whose rows exist only on the primary.</summary>
    public bool OnlyOnPrimary { get; init; }

    /// <summary>True if the dump reads it, and so must lock it: its definition is in the dump, and rows or a sequence's value.</summary>
    public bool IsRead => Kind is 'r' or 'p' or 'S' && (Extension is null || Condition is not null);

    /// <summary>True if it can have rows of its own that the dump writes.</summary>
    public bool HasRows => Kind == 'r' && IsRead && !OnlyOnPrimary;
}
