using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>The files of one backup where they lie: in a folder, or in a store. What reads them need not know which.</summary>
/// <param name="Path">The backup's full path, or its location.</param>
/// <param name="Store">What a location does not say.</param>
/// <param name="Observer">Learns of faults of a store that were passed over.</param>
internal sealed record StoredFile(string Path, StoreOptions Store, Action<EngineMessage> Observer)
{
    /// <summary>A file of this machine, or one that is reached as the environment says.</summary>
    /// <param name="path">The backup's full path, or its location.</param>
    public static StoredFile At(string path) => new(path, new StoreOptions(), static _ => { });

    /// <summary>The file's name.</summary>
    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>True if it lies in a store.</summary>
    public bool IsInStore => StoreLocation.IsStore(Path);

    /// <summary>A file that lies beside it.</summary>
    /// <param name="suffix">What is appended to its name.</param>
    public StoredFile Beside(string suffix) => this with { Path = Path + suffix };

    /// <summary>Opens it for reading.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>A stream that knows its length, and can be read anew from where its position is set.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, LocationUnreachable; NotABackup: a folder, a pipe, a
    /// device.</exception>
    public Stream Open(CancellationToken cancellationToken) =>
        IsInStore
            ? StoreFile.Open(Path, Store, Observer, cancellationToken)
                ?? throw new CryoBackupException(
                    CryoBackupError.BackupNotFound,
                    $"The backup file '{Path}' does not exist.",
                    Path,
                    "List the backups there are with Get-CryoBackup."
                )
            : BackupSource.OpenFile(Path);

    /// <summary>By what it is known to be unchanged.</summary>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Null if there is none.</returns>
    /// <exception cref="IOException">It cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    /// <exception cref="CryoBackupException">Of a store: LocationUnreachable, PermissionDenied.</exception>
    public FileMark? Mark(CancellationToken cancellationToken)
    {
        if (!IsInStore)
        {
            return FileMark.Of(Path);
        }

        (StoreLocation place, string name) = StoreLocation.ParseFile(Path);
        using Store store = StoreDrivers.Open(place, Store, Observer);
        return store.HeadAsync(name, cancellationToken).GetAwaiter().GetResult() is { } found ? FileMark.Of(found) : null;
    }

    /// <summary>Reads the backup's manifest.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The manifest; null if there is none.</returns>
    /// <exception cref="CryoBackupException">ManifestInvalid; of a store also LocationUnreachable, PermissionDenied.</exception>
    public BackupManifest? ReadManifest(CancellationToken cancellationToken)
    {
        string path = Path + BackupFileName.ManifestSuffix;
        if (!IsInStore)
        {
            return File.Exists(path) ? BackupManifest.Read(path) : null;
        }

        using var file = StoreFile.Open(path, Store, Observer, cancellationToken);
        return file is null ? null : ReadManifest(path, file);
    }

    /// <summary>Reads a manifest in a store.</summary>
    /// <param name="path">Its location.</param>
    /// <param name="file">Its bytes.</param>
    /// <exception cref="CryoBackupException">ManifestInvalid, LocationUnreachable, PermissionDenied.</exception>
    internal static BackupManifest ReadManifest(string path, Stream file)
    {
        byte[] bytes;
        try
        {
            bytes = BackupManifest.ReadBytes(file);
        }
        catch (IOException exception) when (exception.InnerException is CryoBackupException failure)
        {
            throw failure;
        }
        catch (IOException exception)
        {
            throw new CryoBackupException(
                CryoBackupError.ManifestInvalid,
                $"The manifest '{path}' cannot be relied on: {exception.Message.TrimEnd('.')}.",
                path,
                "Use a backup whose manifest is whole.",
                inner: exception
            );
        }

        return BackupManifest.Read(path, bytes);
    }
}
