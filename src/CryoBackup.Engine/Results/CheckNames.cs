namespace CryoBackup;

/// <summary>The checks' names; the first four are the predecessor's.</summary>
internal static class CheckNames
{
    /// <summary>The file is there and can be read.</summary>
    public const string File = "file_integrity";

    /// <summary>It is an archive that parses to its end.</summary>
    public const string Format = "backup_format";

    /// <summary>Its manifest is whole and describes it.</summary>
    public const string Metadata = "metadata";

    /// <summary>Its SHA-256 is the recorded one.</summary>
    public const string Hash = "hash_calculation";

    /// <summary>The ranges of it that were read are the recorded ones; the rest was not read.</summary>
    public const string Sample = "sample";

    /// <summary>It decrypts to its end, whole and unchanged. Who made it is not told: public keys are public.</summary>
    public const string Encryption = "encryption";

    /// <summary>It decompresses to its end.</summary>
    public const string Compression = "compression";

    /// <summary>Each table's rows and fingerprint are the recorded ones.</summary>
    public const string Content = "content";

    /// <summary>The roles and tablespaces beside it are the recorded ones.</summary>
    public const string Globals = "globals";

    /// <summary>The backup is not older than it may be.</summary>
    public const string Age = "age";

    /// <summary>pg_restore brought it back.</summary>
    public const string Restore = "restore";

    /// <summary>The restore took no longer than it may.</summary>
    public const string RestoreTime = "restore_time";

    /// <summary>Each table's rows and fingerprint came back.</summary>
    public const string Rows = "restored_rows";

    /// <summary>The large objects came back.</summary>
    public const string LargeObjects = "large_objects";

    /// <summary>Every object of the archive is there.</summary>
    public const string Objects = "objects";

    /// <summary>Sequences stand where they stood, indexes and constraints are valid, materialized views are filled.</summary>
    public const string State = "state";

    /// <summary>Definitions, owners and privileges are the archive's.</summary>
    public const string Schema = "schema";
}
