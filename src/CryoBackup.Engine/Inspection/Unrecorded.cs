using CryoBackup.Archive;
using CryoBackup.Storage;

namespace CryoBackup.Inspection;

/// <summary>
/// An archive that could be read to its end, though nothing tells what was written into it. A value that changed in it would not be seen,
/// or only by the checksum of the program that packed it; so it is never Passed by its file alone.
/// </summary>
internal sealed class Unrecorded
{
    private readonly string _reason;

    private Unrecorded(string reason, string remedy)
    {
        _reason = reason;
        Remedy = remedy;
    }

    /// <summary>What the administrator can do.</summary>
    public string Remedy { get; }

    /// <summary>Tells whether what was written is recorded anywhere.</summary>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="manifest">The manifest; null where there is none.</param>
    /// <param name="checksum">The program whose checksum covers the whole archive; null for none.</param>
    /// <param name="blocks">How the archive's own blocks are compressed.</param>
    /// <returns>Null where a manifest records a hash, or describes a file whose own checksum was good.</returns>
    public static Unrecorded? Find(string path, BackupManifest? manifest, string? checksum, ArchiveCompression blocks)
    {
        if (manifest is { Sha256: not null } || (manifest is not null && checksum is not null))
        {
            return null;
        }

        string record = manifest is null ? "no manifest" : "its manifest, which has no hash,";
        string reason =
            checksum is not null
                ? $"and {checksum}'s own checksum is good, but {record} records what was written: there is nothing to compare it with"
            : blocks == ArchiveCompression.Gzip
                ? $"and zlib's checksums of the rows are good, but its definitions carry none, and {record} records what was written"
            : manifest is null
                ? "but it carries no checksum, and no manifest records what was written: a value that changed would not be found"
            : "but it carries no checksum, and its manifest records none: a value that changed would not be found";
        string name = Path.GetFileName(path);
        string rehearse = "Test-CryoBackup -Level Restore proves whether it comes back.";
        return new Unrecorded(
            reason,
            manifest is null && BackupFileName.TryRead(name) is not null
                ? $"New-CryoBackup writes '{name}{BackupFileName.ManifestSuffix}' beside it: look for it where this file came from. "
                    + $"{rehearse}"
                : rehearse
        );
    }

    /// <summary>The finding in one sentence.</summary>
    /// <param name="tables">How many tables were read, with how many rows.</param>
    public string Describe(string tables) => $"The archive is whole to its end ({tables}), {_reason}.";
}
