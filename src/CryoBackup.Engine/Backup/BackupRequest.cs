using CryoBackup.Copies;
using CryoBackup.Postgres;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Backup;

/// <summary>What New-CryoBackup was asked for.</summary>
public sealed record BackupRequest
{
    /// <summary>The server.</summary>
    public ConnectionRequest Connection { get; init; } = new();

    /// <summary>The database to back up.</summary>
    public string Database { get; init; } = "";

    /// <summary>The folder that takes the backup, as a full path of the file system, which is created when missing; or a location of a
    /// store.</summary>
    public string Folder { get; init; } = "";

    /// <summary>How a store is reached, where the folder is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>How the file is compressed.</summary>
    public CompressionKind Compression { get; init; } = CompressionKind.Gzip;

    /// <summary>Compression level, 1 (fast) to 9 (small); null for the level of the best ratio of size to time.</summary>
    public int? CompressionLevel { get; init; }

    /// <summary>
    /// Whom the backup is encrypted to: age and SSH public keys, or full paths of files that hold one a line; empty for no encryption.
    /// </summary>
    public IReadOnlyList<string> Recipients { get; init; } = [];

    /// <summary>Words of the user's that are kept in the manifest, unless the backup is encrypted.</summary>
    public string? Label { get; init; }

    /// <summary>True to leave out the count of every table's rows in the dump's snapshot.</summary>
    public bool SkipRowCount { get; init; }

    /// <summary>True to begin also where the folder seems to have too little space: how much a backup takes is only estimated.</summary>
    public bool SkipSpaceCheck { get; init; }

    /// <summary>Only these schemas are backed up, with all that is in them: names, case-sensitive, with the wildcards * and ?;
    /// empty for all.</summary>
    public IReadOnlyList<string> IncludeSchema { get; init; } = [];

    /// <summary>These schemas are left out.</summary>
    public IReadOnlyList<string> ExcludeSchema { get; init; } = [];

    /// <summary>
    /// Only these tables (or views, sequences) are backed up, with the types and functions of their schemas: <c>table</c> of any schema or
    /// <c>schema.table</c>; a table brings its partitions. Not to be given with <see cref="IncludeSchema"/>.
    /// </summary>
    public IReadOnlyList<string> IncludeTable { get; init; } = [];

    /// <summary>These tables (or views, sequences) are left out, with their partitions.</summary>
    public IReadOnlyList<string> ExcludeTable { get; init; } = [];

    /// <summary>These tables are backed up without their rows.</summary>
    public IReadOnlyList<string> ExcludeTableData { get; init; } = [];

    /// <summary>True to write the cluster's roles and tablespaces beside the backup, as SQL: they belong to no database.</summary>
    public bool IncludeGlobals { get; init; }

    /// <summary>
    /// What is kept of the older backups of the same database and server in the folder, once this one is made; a backup of a selection
    /// removes none. Null to keep all.
    /// </summary>
    public RetentionRules? Retention { get; init; }

    /// <summary>By how many percent, from 0 to 100, the rows of a table over 1,000 rows may be fewer than in the newest proven backup
    /// before, until this one counts as degraded; 100 permits everything, also a table that is gone.</summary>
    public int MaxShrink { get; init; } = Degradation.UsualShrink;

    /// <summary>The places that get a copy of it when it is made.</summary>
    public IReadOnlyList<CopyTarget> Copies { get; init; } = [];

    /// <summary>How many proven copies there must be for the run to be good; a backup is good without.</summary>
    public int CopiesRequired { get; init; }

    /// <summary>How long to wait for a table's lock.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the whole backup may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long pg_dump may be silent; null for no limit.</summary>
    public TimeSpan? StallTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How many sessions read rows at once, under one snapshot; the archive is the same. Null for as many as this machine has processors
    /// and large tables have work for, at most 8, and for one where more cannot be had; 1 is pg_dump alone.
    /// </summary>
    public int? Jobs { get; init; }

    /// <summary>The backup's file, were it begun at a moment. A file of that name that is there already is not replaced: the next second's
    /// is taken.</summary>
    /// <param name="start">The moment, in UTC.</param>
    /// <returns>A full path, or a location.</returns>
    public string FileAt(DateTime start)
    {
        string name = BackupFileName.Create(Database, start, Compression, Recipients.Count > 0, IsPartial);
        return StoreLocation.IsStore(Folder) ? StoreLocation.Parse(Folder).PathOf(name) : Path.Combine(Folder, name);
    }

    /// <summary>The least that tables must take on the server's disk for several sessions to pay, in bytes; where nobody asked for several,
    /// large tables must take as much for each of them.</summary>
    internal long LeastShared { get; init; } = 32 << 20;

    /// <summary>How long sessions that nobody asked for may take to be ready, beside what pg_dump took to tell what there is.</summary>
    internal TimeSpan SessionPatience { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>About how much of the server's disk a session reads at once, in bytes.</summary>
    internal long PieceBytes { get; init; } = 8 << 20;

    /// <summary>True if only a selection of the database is wanted.</summary>
    internal bool IsPartial =>
        IncludeSchema.Count + ExcludeSchema.Count + IncludeTable.Count + ExcludeTable.Count + ExcludeTableData.Count > 0;
}
