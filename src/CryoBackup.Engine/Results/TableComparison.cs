namespace CryoBackup;

/// <summary>One table: what was expected of it and what was found.</summary>
public sealed class TableComparison
{
    /// <summary>The table's schema.</summary>
    public string Schema { get; init; } = "";

    /// <summary>The table's name.</summary>
    public string Name { get; init; } = "";

    /// <summary>The rows that the manifest records; null where it records none.</summary>
    public long? ExpectedRows { get; init; }

    /// <summary>The rows that were found; null where the table is absent or was not read.</summary>
    public long? FoundRows { get; init; }

    /// <summary>The fingerprint that the manifest records; empty where it records none.</summary>
    public string ExpectedFingerprint { get; init; } = "";

    /// <summary>The fingerprint of what was found; empty where the table is absent or was not read.</summary>
    public string FoundFingerprint { get; init; } = "";

    /// <summary>True if both rows and fingerprint were expected, found and equal.</summary>
    public bool Matches =>
        ExpectedRows is not null
        && ExpectedRows == FoundRows
        && ExpectedFingerprint.Length > 0
        && string.Equals(ExpectedFingerprint, FoundFingerprint, StringComparison.Ordinal);

    /// <summary>Schema and name.</summary>
    public override string ToString() => $"{Schema}.{Name}";
}
