namespace CryoBackup.Configuration;

/// <summary>How backups are compressed: the section <c>compression</c>.</summary>
public sealed record CompressionSettings : Settings
{
    /// <summary>False for no compression.</summary>
    [Setting("False for backups that are not compressed.", Example = "true")]
    public bool Enabled { get; init; } = true;

    /// <summary>1 to 9; null for the level of the best ratio of size to time.</summary>
    [Setting(
        CompressionRange.InWords + "; without it, the level of the best ratio of size to time.",
        Example = "6",
        Minimum = CompressionRange.Fastest,
        Maximum = CompressionRange.Smallest
    )]
    public int? Level { get; init; }

    /// <summary>The method.</summary>
    [Setting("gzip or zstd; gzip unless said otherwise.", Example = "gzip")]
    public CompressionKind? Method { get; init; }
}
