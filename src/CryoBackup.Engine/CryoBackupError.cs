namespace CryoBackup;

/// <summary>The stable identifiers of everything that can go wrong. Scripts may rely on the names.</summary>
// Of 64 bits, which ConvertTo-Json writes as words.
public enum CryoBackupError : long
{
    /// <summary>A PostgreSQL client program was not found.</summary>
    PgToolNotFound,

    /// <summary>The PostgreSQL client programs found are older than the server or the archive.</summary>
    PgToolTooOld,

    /// <summary>Another program that a chosen feature needs (age) was not found.</summary>
    ToolNotFound,

    /// <summary>No connection to the server could be made, or it was lost.</summary>
    ConnectionFailed,

    /// <summary>The server refused the user name or the password.</summary>
    AuthenticationFailed,

    /// <summary>The server has no database of that name.</summary>
    DatabaseNotFound,

    /// <summary>The target database of a restore already holds objects.</summary>
    DatabaseNotEmpty,

    /// <summary>The database that a restore was to create exists already.</summary>
    DatabaseExists,

    /// <summary>The role may not do, or may not read, what the command needs.</summary>
    PermissionDenied,

    /// <summary>Row security hides rows from the role, so its backup would be incomplete.</summary>
    RowSecurityActive,

    /// <summary>A table lock was not granted in time.</summary>
    LockTimeout,

    /// <summary>The backup file does not exist.</summary>
    BackupNotFound,

    /// <summary>The file is not a backup of PostgreSQL's custom archive format.</summary>
    NotABackup,

    /// <summary>The manifest is damaged or does not belong to the backup.</summary>
    ManifestInvalid,

    /// <summary>The SHA-256 of the stored bytes differs from the manifest's.</summary>
    HashMismatch,

    /// <summary>The archive, or the compression around it, is damaged.</summary>
    ArchiveCorrupt,

    /// <summary>The archive was written by a newer PostgreSQL than is understood or installed here.</summary>
    ArchiveTooNew,

    /// <summary>The backup is encrypted and no identity was given.</summary>
    IdentityMissing,

    /// <summary>No given identity opens the encrypted backup.</summary>
    IdentityWrong,

    /// <summary>The folder of the backups cannot be written to.</summary>
    DestinationNotWritable,

    /// <summary>A disk is full.</summary>
    DiskFull,

    /// <summary>Another backup of the same database into the same folder is running.</summary>
    BackupLocked,

    /// <summary>pg_dump failed, or its output contradicts the snapshot.</summary>
    DumpFailed,

    /// <summary>pg_restore failed, or the restored database differs from the backup.</summary>
    RestoreFailed,

    /// <summary>A schema or table named for selection matches nothing.</summary>
    ObjectNotFound,

    /// <summary>A parameter or the configuration is not usable.</summary>
    ConfigurationInvalid,

    /// <summary>A notification could not be delivered.</summary>
    NotificationFailed,

    /// <summary>A location of backups did not answer, however often it was asked.</summary>
    LocationUnreachable,

    /// <summary>The work was cancelled, or took longer than it was allowed to.</summary>
    Cancelled,
}
