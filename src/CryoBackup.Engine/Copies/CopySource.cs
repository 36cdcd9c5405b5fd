using System.Security.Cryptography;
using CryoBackup.Storage;

namespace CryoBackup.Copies;

/// <summary>A file that is copied.</summary>
/// <param name="File">Where it lies.</param>
/// <param name="Length">Its bytes as recorded.</param>
/// <param name="Sha256">Its hash as recorded; null in manifests of the predecessor, where what is read is the measure.</param>
internal sealed record CopyItem(StoredFile File, long Length, string? Sha256)
{
    /// <summary>Its full path, or its location.</summary>
    public string Path => File.Path;

    /// <summary>Its name, which the copy has too.</summary>
    public string Name => File.Name;
}

/// <summary>A backup to be copied: its files, and its manifest as it lies there, byte for byte.</summary>
/// <param name="Manifest">The manifest, read.</param>
/// <param name="ManifestBytes">The manifest's bytes.</param>
/// <param name="Files">The backup and what lies beside it, but for the manifest.</param>
/// <param name="ManifestItem">The manifest as a file.</param>
internal sealed record CopySource(BackupManifest Manifest, byte[] ManifestBytes, IReadOnlyList<CopyItem> Files, CopyItem ManifestItem)
{
    /// <summary>Reads what a backup consists of.</summary>
    /// <param name="file">The backup.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">ManifestInvalid, BackupNotFound, PermissionDenied, NotABackup.</exception>
    public static CopySource Open(StoredFile file, CancellationToken cancellationToken)
    {
        // Told now, and not when the half is sent.
        file.Open(cancellationToken).Dispose();
        StoredFile manifestFile = file.Beside(BackupFileName.ManifestSuffix);
        byte[] bytes = ReadManifest(manifestFile, cancellationToken);
        var manifest = BackupManifest.Read(manifestFile.Path, [.. bytes]);
        List<CopyItem> files = [new CopyItem(file, manifest.SizeBytes, manifest.Sha256)];
        if (manifest.Globals is { } globals)
        {
            // The record's name is not followed: it lies beside the backup under this name or nowhere.
            StoredFile beside = file.Beside(GlobalsFile.Suffix(manifest.Encryption is not null));
            files.Add(new CopyItem(beside, globals.SizeBytes, globals.Sha256));
        }

        return new CopySource(
            manifest,
            bytes,
            files,
            new CopyItem(manifestFile, bytes.Length, Convert.ToHexString(SHA256.HashData(bytes)))
        );
    }

    private static byte[] ReadManifest(StoredFile file, CancellationToken cancellationToken)
    {
        try
        {
            using Stream bytes = file.Open(cancellationToken);
            return BackupManifest.ReadBytes(bytes);
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.BackupNotFound)
        {
            throw Invalid(file.Path, "it does not exist", exception);
        }
        catch (IOException exception)
        {
            throw exception.InnerException as CryoBackupException ?? Invalid(file.Path, exception.Message.TrimEnd('.'), exception);
        }
    }

    private static CryoBackupException Invalid(string path, string reason, Exception inner) =>
        new(
            CryoBackupError.ManifestInvalid,
            $"The manifest '{path}' cannot be relied on: {reason}.",
            path,
            "Copy a backup whose manifest is whole, or copy this file by the system's own tools.",
            inner: inner
        );
}
