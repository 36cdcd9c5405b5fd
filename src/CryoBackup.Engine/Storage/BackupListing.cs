using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// What lies at one place, a folder or a location of a store, at one moment: the files' paths, and their manifests. Of a store it is one
/// listing, and the manifests come several at once; one that this process has read before and that is the same still is not read again.
/// </summary>
internal abstract class BackupListing
{
    /// <summary>The place: a full path, or a location.</summary>
    public abstract string Place { get; }

    /// <summary>The full paths, or locations, of all files that lie there, in no order.</summary>
    public abstract IReadOnlyCollection<string> Files { get; }

    /// <summary>The backups of the place, as <see cref="BackupFolder.List"/> has them.</summary>
    public string[] Backups => BackupFolder.Select(Files.Where(BackupFolder.HasName));

    /// <summary>The manifests of the place.</summary>
    public IEnumerable<string> Manifests => Files.Where(BackupFolder.IsManifest);

    /// <summary>Lists a place.</summary>
    /// <param name="place">A full path of the file system, or a location.</param>
    /// <param name="options">What a location does not say; null for nothing.</param>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    /// <param name="cancellationToken">Ends the listing, and the reading of manifests.</param>
    /// <exception cref="CryoBackupException">
    /// BackupNotFound if there is no such folder or bucket, PermissionDenied if it cannot be read, LocationUnreachable.
    /// </exception>
    public static BackupListing Of(
        string place,
        StoreOptions? options,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) =>
        StoreLocation.IsStore(place)
            ? StoreListing.Read(StoreLocation.Parse(place), options ?? new StoreOptions(), observer, cancellationToken)
            : new FolderListing(place);

    /// <summary>Lists what may be of one database. Of a store that is one listing of the names that begin with its name.</summary>
    /// <param name="place">A full path of the file system, or a location.</param>
    /// <param name="database">The database.</param>
    /// <param name="options">What a location does not say.</param>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    /// <param name="cancellationToken">Ends the listing, and the reading of manifests.</param>
    /// <exception cref="CryoBackupException">As <see cref="Of"/>.</exception>
    public static BackupListing OfDatabase(
        string place,
        string database,
        StoreOptions options,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) =>
        StoreLocation.IsStore(place)
            ? StoreListing.Read(StoreLocation.Parse(place), options, observer, cancellationToken, BackupFileName.Encode(database) + "_")
            : new FolderListing(place);

    /// <summary>Lists what lies beside one backup, and it: of a store that is one listing of the names that begin with its name.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="cancellationToken">Ends the listing, and the reading of its manifest.</param>
    /// <exception cref="CryoBackupException">As <see cref="Of"/>.</exception>
    public static BackupListing OfBackup(StoredFile backup, CancellationToken cancellationToken) =>
        backup.IsInStore && StoreLocation.ParseFile(backup.Path) is var (place, name)
            ? StoreListing.Read(place, backup.Store, backup.Observer, cancellationToken, name)
            : new FolderListing(Path.GetDirectoryName(backup.Path)!);

    /// <summary>Tells whether a file is there.</summary>
    /// <param name="path">A full path, or a location, of this place.</param>
    public abstract bool Exists(string path);

    /// <summary>Tells the size of a file in bytes; 0 where it cannot be told.</summary>
    /// <param name="path">A full path, or a location, of this place.</param>
    public abstract long SizeOf(string path);

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">Its full path, or location.</param>
    /// <exception cref="CryoBackupException">ManifestInvalid; of a store also LocationUnreachable, PermissionDenied.</exception>
    public abstract BackupManifest Read(string path);

    /// <summary>Tells how far a backup is proven. It is not read.</summary>
    /// <param name="backup">Its full path, or location, of this place.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <returns>Nothing where what a store has noted of it cannot be read.</returns>
    /// <exception cref="IOException">The file cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public abstract BackupProof ProofOf(string backup, BackupManifest manifest);

    /// <summary>Tells what holds a backup.</summary>
    /// <param name="backup">Its full path, or location, of this place.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>In words; null where nothing does. What cannot be read holds.</returns>
    public abstract string? HoldOf(string backup, DateTime now);

    /// <summary>Tells whether the removal of a backup has begun.</summary>
    /// <param name="backup">Its full path, or location, of this place.</param>
    /// <param name="manifest">Its manifest; null where that is gone.</param>
    /// <exception cref="IOException">It cannot be told.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public abstract bool IsGoing(string backup, BackupManifest? manifest);

    /// <summary>Tells whether what lies under a name is a file of its own, and no link or folder.</summary>
    /// <param name="path">A full path, or a location, of this place.</param>
    public virtual bool IsOwnFile(string path) => true;
}
