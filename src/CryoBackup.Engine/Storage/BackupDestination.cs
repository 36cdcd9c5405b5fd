using CryoBackup.Processes;
using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>Where a new backup goes: a folder, or a location of a store. Its files become visible when all are whole, the manifest
/// last.</summary>
internal abstract class BackupDestination : IDisposable
{
    /// <summary>True once it is there.</summary>
    public abstract bool Exists { get; }

    /// <summary>The bytes that are free there; null where nobody tells.</summary>
    public abstract long? FreeSpace { get; }

    /// <summary>A destination; nothing is asked of it yet.</summary>
    /// <param name="place">A full path, or a location.</param>
    /// <param name="options">What a location does not say.</param>
    /// <param name="observer">Takes messages.</param>
    /// <param name="cancellationToken">Ends what is on its way to a store.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, ToolNotFound: the place is a location that cannot be used.</exception>
    public static BackupDestination Of(
        string place,
        StoreOptions options,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    ) =>
        StoreLocation.IsStore(place)
            ? new StoreDestination(StoreDrivers.Open(StoreLocation.Parse(place), options, observer), observer, cancellationToken)
            : new FolderDestination(place, observer);

    /// <summary>Makes the folder; a bucket or container must be there.</summary>
    /// <exception cref="CryoBackupException">DestinationNotWritable.</exception>
    public virtual void Make() { }

    /// <summary>Keeps other backups of the database away, and removes what dead ones left.</summary>
    /// <param name="database">The database.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <exception cref="CryoBackupException">BackupLocked, DestinationNotWritable, DiskFull; of a store LocationUnreachable,
    /// PermissionDenied, BackupNotFound.</exception>
    public abstract void Take(string database, CancellationToken cancellationToken);

    /// <summary>The full path, or location, of a file there.</summary>
    /// <param name="name">Its name.</param>
    public abstract string PathOf(string name);

    /// <summary>Tells whether something bears a name there already.</summary>
    /// <param name="name">A file's name.</param>
    public abstract bool Has(string name);

    /// <summary>Begins a file.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="estimate">How many bytes it may get; null if nobody knows.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public abstract BackupOutput Create(string name, long? estimate);

    /// <inheritdoc/>
    public abstract void Dispose();

    private sealed class FolderDestination(string folder, Action<EngineMessage> observer) : BackupDestination
    {
        private BackupLock? _lock;

        public override bool Exists => Directory.Exists(folder);

        public override long? FreeSpace => LocalDisk.FreeSpace(folder);

        public override void Make() => PartialFile.MakeFolder(folder);

        public override void Take(string database, CancellationToken cancellationToken) =>
            _lock = BackupLock.Take(folder, database, observer, cancellationToken);

        public override string PathOf(string name) => Path.Combine(folder, name);

        public override bool Has(string name) => File.Exists(PathOf(name));

        public override BackupOutput Create(string name, long? estimate) => new PartialFile(PathOf(name));

        public override void Dispose() => _lock?.Dispose();
    }

    /// <summary>Nobody is kept away: a name is given once, by the store itself.</summary>
    private sealed class StoreDestination(Store store, Action<EngineMessage> observer, CancellationToken stop) : BackupDestination
    {
        private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(5);
        private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
        private readonly HashSet<string> _own = new(StringComparer.Ordinal);
        private UploadJournal? _journal;

        public override bool Exists => true;

        public override long? FreeSpace => null;

        public override void Take(string database, CancellationToken cancellationToken)
        {
            // Also tells, before anything is dumped, that the place is there and the credentials are good.
            string start = BackupFileName.Encode(database) + "_";
            _taken.UnionWith(store.ListAsync(start, cancellationToken).GetAwaiter().GetResult().Select(store.NameOf));
            StoreLeftovers.RemoveAsync(store, database, observer, cancellationToken).GetAwaiter().GetResult();
            _journal = UploadJournal.Open(store.Place, isWhole: true);
        }

        public override string PathOf(string name) => store.Location.PathOf(name);

        public override bool Has(string name) => _taken.Contains(name);

        public override BackupOutput Create(string name, long? estimate)
        {
            _own.Add(name);
            return new StoreOutput(store, name, estimate, _journal, observer, stop);
        }

        public override void Dispose()
        {
            if (store.HasBegun)
            {
                RemoveOwn();
            }

            _journal?.Dispose();
            store.Dispose();
        }

        /// <summary>What is still unfinished of this run's names is nobody's any more.</summary>
        private void RemoveOwn()
        {
            using var limit = new CancellationTokenSource(LongestRemoval);
            try
            {
                store.RemoveUnfinishedAsync("", upload => _own.Contains(upload.Key), limit.Token).GetAwaiter().GetResult();
            }
            catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
            {
                // The next run looks again.
                _journal?.Leave();
            }
        }
    }
}
