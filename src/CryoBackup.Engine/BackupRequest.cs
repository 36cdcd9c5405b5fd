using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>What New-CryoBackup was asked for.</summary>
public sealed class BackupRequest
{
    /// <summary>The server.</summary>
    public ConnectionRequest Connection { get; set; } = new();

    /// <summary>The database to back up.</summary>
    public string Database { get; set; } = "";

    /// <summary>The folder that takes the backup, as a full path of the file system; it is created when missing.</summary>
    public string Folder { get; set; } = "";

    /// <summary>How the file is compressed.</summary>
    public CompressionKind Compression { get; set; } = CompressionKind.Gzip;

    /// <summary>Compression level, 1 (fast) to 9 (small); null for the level of the best ratio of size to time.</summary>
    public int? CompressionLevel { get; set; }

    /// <summary>Words of the user's that are kept in the manifest.</summary>
    public string? Label { get; set; }

    /// <summary>True to leave out the count of every table's rows in the dump's snapshot.</summary>
    public bool SkipRowCount { get; set; }

    /// <summary>How long to wait for a table's lock.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the whole backup may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; set; }

    /// <summary>How long pg_dump may be silent; null for no limit.</summary>
    public TimeSpan? StallTimeout { get; set; } = TimeSpan.FromMinutes(10);
}
