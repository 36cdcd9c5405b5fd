using System.Security.Cryptography;
using CryoBackup.Storage;
using CryoBackup.Streams;

namespace CryoBackup.Copies;

/// <summary>A file that is copied.</summary>
/// <param name="Path">Its full path.</param>
/// <param name="Length">Its bytes as recorded.</param>
/// <param name="Sha256">Its hash as recorded; null in manifests of the predecessor, where what is read is the measure.</param>
internal sealed record CopyItem(string Path, long Length, string? Sha256)
{
    /// <summary>Its name, which the copy has too.</summary>
    public string Name => System.IO.Path.GetFileName(Path);
}

/// <summary>A backup to be copied: its files, and its manifest as it lies there, byte for byte.</summary>
/// <param name="Manifest">The manifest, read.</param>
/// <param name="ManifestBytes">The manifest's bytes.</param>
/// <param name="Files">The backup and what lies beside it, but for the manifest.</param>
/// <param name="ManifestItem">The manifest as a file.</param>
internal sealed record CopySource(BackupManifest Manifest, byte[] ManifestBytes, IReadOnlyList<CopyItem> Files, CopyItem ManifestItem)
{
    /// <summary>Reads what a backup consists of.</summary>
    /// <param name="path">Its full path.</param>
    /// <exception cref="CryoBackupException">ManifestInvalid, BackupNotFound, PermissionDenied, NotABackup.</exception>
    public static CopySource Open(string path)
    {
        // Told now, and not when the half is sent.
        BackupSource.OpenFile(path).Dispose();
        string manifestPath = path + BackupFileName.ManifestSuffix;
        var manifest = BackupManifest.Read(manifestPath);
        byte[] bytes = ReadManifest(manifestPath);
        List<CopyItem> files = [new CopyItem(path, manifest.SizeBytes, manifest.Sha256)];
        if (manifest.Globals is { } globals)
        {
            // The record's name is not followed: it lies beside the backup under this name or nowhere.
            string beside = path + GlobalsFile.Suffix(manifest.Encryption is not null);
            files.Add(new CopyItem(beside, globals.SizeBytes, globals.Sha256));
        }

        return new CopySource(
            manifest,
            bytes,
            files,
            new CopyItem(manifestPath, bytes.Length, Convert.ToHexString(SHA256.HashData(bytes)))
        );
    }

    private static byte[] ReadManifest(string path)
    {
        using FileStream file = BackupSource.OpenFile(path);
        using var bytes = new MemoryStream();
        using var bounded = new BoundedReadStream(
            file,
            ManifestLimits.MaximumLength,
            () =>
                new CryoBackupException(
                    CryoBackupError.ManifestInvalid,
                    $"The manifest '{path}' grows while it is read.",
                    path,
                    "Find out who writes to it."
                )
        );
        bounded.CopyTo(bytes);
        return bytes.ToArray();
    }
}
