using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>Where backups are removed: a folder, or a location of a store.</summary>
internal abstract class RemovalPlace : IDisposable
{
    /// <summary>The place of a request.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    /// <param name="cancellationToken">Ends what is asked of a store.</param>
    /// <exception cref="CryoBackupException">ToolNotFound, ConfigurationInvalid: the store cannot be spoken to.</exception>
    public static RemovalPlace Of(RemovalRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) =>
        StoreLocation.IsStore(request.Folder)
            ? new StoreRemover(StoreLocation.Parse(request.Folder), request.Store, observer, cancellationToken)
            : new RemovalFolder(request.Folder, observer, cancellationToken);

    /// <summary>What lies there now.</summary>
    /// <param name="database">The one database that is asked for; null for all.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, LocationUnreachable.</exception>
    public abstract BackupListing List(string? database);

    /// <summary>The databases of which removals were begun and killed.</summary>
    public abstract IEnumerable<string> Begun();

    /// <summary>Keeps others from adding and removing backups of a database, where the place can.</summary>
    /// <param name="database">The database.</param>
    /// <returns>What lets go of it; null where the place cannot.</returns>
    /// <exception cref="CryoBackupException">BackupLocked: somebody is at it.</exception>
    public abstract IDisposable? Lock(string database);

    /// <summary>Completes the removals of a database's backups that were begun and killed.</summary>
    /// <param name="database">The database.</param>
    public abstract void Complete(string database);

    /// <summary>What the place itself keeps a backup by, in words; null for nothing.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="now">The time, in UTC.</param>
    public virtual string? LockOf(StoredBackup backup, DateTime now) => null;

    /// <summary>Removes a backup as a whole: its data first, then what belongs to it, its manifest last.</summary>
    /// <param name="backup">The backup, as it was decided on.</param>
    /// <exception cref="CryoBackupException">It is not removed: BackupLocked, DestinationNotWritable, PermissionDenied,
    /// LocationUnreachable.</exception>
    public abstract void Remove(StoredBackup backup);

    /// <summary>Tells whether a file is there.</summary>
    /// <param name="path">Its full path, or its location.</param>
    public abstract bool Exists(string path);

    /// <inheritdoc/>
    public virtual void Dispose() { }

    private sealed class RemovalFolder(string folder, Action<EngineMessage> observer, CancellationToken cancellationToken) : RemovalPlace
    {
        public override BackupListing List(string? database) => BackupListing.Of(folder, null, observer, cancellationToken);

        public override IEnumerable<string> Begun() => BackupRemover.Begun(folder);

        public override IDisposable? Lock(string database) => BackupLock.Take(folder, database, observer, cancellationToken);

        public override void Complete(string database) => BackupRemover.Complete(folder, database, observer);

        public override void Remove(StoredBackup backup) => BackupRemover.Remove(backup);

        public override bool Exists(string path) => File.Exists(path);
    }
}
