namespace CryoBackup;

/// <summary>How a backup file is compressed.</summary>
public enum CompressionKind
{
    /// <summary>gzip in independent members, on all cores; opened by gunzip.</summary>
    Gzip,

    /// <summary>Zstandard, on all cores; opened by zstd -d.</summary>
    Zstd,

    /// <summary>Not at all: the file is pg_dump's archive.</summary>
    None,
}
