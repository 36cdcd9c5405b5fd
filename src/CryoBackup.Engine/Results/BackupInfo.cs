namespace CryoBackup;

/// <summary>A backup on disk: what New-CryoBackup made or Get-CryoBackup found.</summary>
public sealed class BackupInfo
{
    /// <summary>The database that was backed up.</summary>
    public string Database { get; init; } = "";

    /// <summary>The server's host name, address or socket folder.</summary>
    public string ComputerName { get; init; } = "";

    /// <summary>The server's port.</summary>
    public int Port { get; init; }

    /// <summary>When the backup began, in UTC.</summary>
    public DateTime Start { get; init; }

    /// <summary>When it was complete, in UTC.</summary>
    public DateTime End { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>The stored file's size in bytes.</summary>
    public long Size { get; init; }

    /// <summary>The archive's size in bytes before compression; 0 where the manifest does not say.</summary>
    public long UncompressedSize { get; init; }

    /// <summary>How the file is compressed: Gzip, Zstd or None.</summary>
    public string Compression { get; init; } = "";

    /// <summary>True if the file is encrypted.</summary>
    public bool Encrypted { get; init; }

    /// <summary>
    /// True if the backup holds only a selection of the database (-IncludeSchema, -ExcludeTable and the like): it replaces no other, and is
    /// not taken for fresh.
    /// </summary>
    public bool Partial { get; init; }

    /// <summary>The server's system identifier, by which two servers of the same host name and port are told apart;
    /// empty where the manifest does not say.</summary>
    public string SystemIdentifier { get; init; } = "";

    /// <summary>
    /// The server in one word, by which sources are told apart: the system identifier, else the host name and port; empty where neither is
    /// known.
    /// </summary>
    public string Source =>
        SystemIdentifier.Length > 0 ? SystemIdentifier
        : ComputerName.Length > 0
            ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{ComputerName.ToLowerInvariant()}:{Port}")
        : "";

    /// <summary>What of it lies there.</summary>
    public BackupState State { get; internal set; }

    /// <summary>The algorithm of <see cref="Hash"/>: SHA256.</summary>
    public string Algorithm { get; init; } = "SHA256";

    /// <summary>The hash of the stored file in upper-case hexadecimal, as Get-FileHash prints it;
    /// empty where the manifest has none.</summary>
    public string Hash { get; init; } = "";

    /// <summary>The server's version, for example 15.18.</summary>
    public string ServerVersion { get; init; } = "";

    /// <summary>The version of CryoBackup, or of its predecessor, that made the backup.</summary>
    public string ToolVersion { get; init; } = "";

    /// <summary>Every table with its rows and bytes; empty for an encrypted backup that no identity opened,
    /// or a manifest of the predecessor.</summary>
    public ResultList<TableInfo> Tables { get; internal set; } = [];

    /// <summary>The number of tables.</summary>
    public int TableCount { get; internal set; }

    /// <summary>The number of rows of all tables.</summary>
    public long RowCount { get; internal set; }

    /// <summary>The words given with -Label.</summary>
    public string? Label { get; init; }

    /// <summary>What was unexpected, though the backup is good.</summary>
    public ResultList<string> Warnings { get; internal set; } = [];

    /// <summary>Full paths of older backups of the database that retention removed after this one was made.</summary>
    public ResultList<string> Removed { get; internal set; } = [];

    /// <summary>The backup file's full path.</summary>
    public string Path { get; init; } = "";

    /// <summary>The manifest's full path.</summary>
    public string ManifestPath { get; init; } = "";

    /// <summary>The folder that it lies in, or the location of a store, as it is given to -Destination.</summary>
    public string Location { get; init; } = "";

    /// <summary>
    /// When its content was last proven where it lies, in UTC: when New-CryoBackup had compared it, a Test passed, or Copy-CryoBackup had
    /// read it back; null where it is not, or is not any more.
    /// </summary>
    public DateTime? Proven { get; internal set; }

    /// <summary>When it last came back in a rehearsal, in UTC; null where it did not, or is not proven any more.</summary>
    public DateTime? Rehearsed { get; internal set; }

    /// <summary>How long the restore of its last rehearsal took; null where it did not come back, or was not measured.</summary>
    public TimeSpan? RestoreDuration { get; internal set; }

    /// <summary>When a Test found it bad, in UTC, and none as deep has undone that since; null for none.</summary>
    public DateTime? Disproven { get; internal set; }

    /// <summary>What it holds suspiciously less than the newest proven backup before it, one sentence each; an encrypted one, whose
    /// manifest names no table, says only that. Empty where it is not degraded.</summary>
    public ResultList<string> Degraded { get; init; } = [];

    /// <summary>What holds it, until when and why, in words; null where nothing keeps it from being removed.</summary>
    public string? Hold { get; internal set; }

    /// <summary>The paths of the proven copies that were made of it right after it.</summary>
    public ResultList<string> Copies { get; internal set; } = [];

    /// <summary>
    /// Until when the store lets nobody remove it (S3 Object Lock, Azure's immutability), in UTC, as the store said when it was put or
    /// copied there; null for no such moment, for a folder, and where a listing found it.
    /// </summary>
    public DateTime? BlockedUntil { get; internal set; }

    /// <summary>How many places there were for copies; null where none were to be made.</summary>
    internal int? CopiesWanted { get; set; }

    /// <summary>Takes the tables from where they were found later than the rest.</summary>
    /// <param name="tables">Every table.</param>
    internal void SetTables(TableInfo[] tables)
    {
        Tables = tables;
        TableCount = tables.Length;
        RowCount = tables.Sum(table => table.Rows);
    }

    /// <summary>The database and the time of the backup.</summary>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Database} {Start:u}");
}
