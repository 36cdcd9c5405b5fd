namespace CryoBackup;

/// <summary>What the archive holds of one table's data.</summary>
public sealed class TableInfo
{
    /// <summary>The table's schema.</summary>
    public string Schema { get; init; } = "";

    /// <summary>The table's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The number of rows.</summary>
    public long Rows { get; init; }

    /// <summary>The size of the rows as COPY text, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The content's fingerprint: 32 hexadecimal digits, independent of the rows' order.</summary>
    public string Fingerprint { get; init; } = "";

    /// <summary>Schema and name.</summary>
    public override string ToString() => $"{Schema}.{Name}";
}
