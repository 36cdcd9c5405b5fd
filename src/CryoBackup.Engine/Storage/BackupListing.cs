using System.Collections.Concurrent;
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

    private sealed class FolderListing(string folder) : BackupListing
    {
        public override string Place => folder;

        public override IReadOnlyCollection<string> Files { get; } = BackupFolder.Files(folder);

        public override bool Exists(string path) => File.Exists(path);

        public override long SizeOf(string path)
        {
            try
            {
                return new FileInfo(path) is { Exists: true } file ? file.Length : 0;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return 0;
            }
        }

        public override BackupManifest Read(string path) => BackupManifest.Read(path);
    }

    /// <summary>A store's: what was listed is what is known.</summary>
    private sealed class StoreListing(
        StoreLocation location,
        Dictionary<string, StoreObject> objects,
        ConcurrentDictionary<string, Func<BackupManifest>> manifests
    ) : BackupListing
    {
        private const int AtOnce = 16;

        // Of what anybody may have put there, no more than a few large ones lie in memory at once.
        private const long Small = 1 << 20;

        public override string Place { get; } = location.ToString();

        public override IReadOnlyCollection<string> Files => objects.Keys;

        public static StoreListing Read(
            StoreLocation location,
            StoreOptions options,
            Action<EngineMessage> observer,
            CancellationToken cancellationToken
        )
        {
            using Store store = StoreDrivers.Open(location, options, observer);
            var objects = store
                .ListAsync("", cancellationToken)
                .GetAwaiter()
                .GetResult()
                .DistinctBy(one => one.Key, StringComparer.Ordinal)
                .ToDictionary(one => location.PathOf(store.NameOf(one)), StringComparer.Ordinal);
            var manifests = new ConcurrentDictionary<string, Func<BackupManifest>>(StringComparer.Ordinal);
            foreach (
                IGrouping<bool, KeyValuePair<string, StoreObject>> group in objects
                    .Where(one => BackupFolder.IsManifest(one.Key))
                    .GroupBy(one => one.Value.Size <= Small)
            )
            {
                var how = new ParallelOptions { MaxDegreeOfParallelism = group.Key ? AtOnce : 1, CancellationToken = cancellationToken };
                Parallel
                    .ForEachAsync(
                        group,
                        how,
                        async (one, stop) =>
                            manifests[one.Key] = await ReadAsync(store, options, one.Key, one.Value, stop).ConfigureAwait(false)
                    )
                    .GetAwaiter()
                    .GetResult();
            }

            return new StoreListing(location, objects, manifests);
        }

        public override bool Exists(string path) => objects.ContainsKey(path);

        public override long SizeOf(string path) => objects.TryGetValue(path, out StoreObject? one) ? one.Size : 0;

        public override BackupManifest Read(string path) =>
            manifests.TryGetValue(path, out Func<BackupManifest>? manifest)
                ? manifest()
                : throw new CryoBackupException(
                    CryoBackupError.ManifestInvalid,
                    $"The manifest '{path}' cannot be relied on: it does not exist.",
                    path,
                    "Use a backup whose manifest is whole."
                );

        /// <summary>Gives what reads it again; a failure waits until it is asked for.</summary>
        private static async Task<Func<BackupManifest>> ReadAsync(
            Store store,
            StoreOptions options,
            string path,
            StoreObject one,
            CancellationToken cancellationToken
        )
        {
            if (ManifestCache.Find(path, options, one) is { } known)
            {
                return () => known;
            }

            try
            {
                byte[] bytes = await ReadBytesAsync(store, path, one, cancellationToken).ConfigureAwait(false);
                var manifest = BackupManifest.Read(path, bytes);
                ManifestCache.Keep(path, options, one, manifest);
                return () => manifest;
            }
            catch (CryoBackupException failure)
            {
                // The same to each who asks; none is thrown twice at once.
                return () => throw new CryoBackupException(failure.Error, failure.Message, failure.Target, failure.Remedy, inner: failure);
            }
        }

        private static async Task<byte[]> ReadBytesAsync(Store store, string path, StoreObject one, CancellationToken cancellationToken)
        {
            if (one.Size > ManifestLimits.MaximumLength)
            {
                throw new CryoBackupException(
                    CryoBackupError.ManifestInvalid,
                    $"The manifest '{path}' cannot be relied on: it has {one.Size} bytes, more than any manifest.",
                    path,
                    "Use a backup whose manifest is whole."
                );
            }

            try
            {
                byte[] bytes = new byte[one.Size];
                StoreReadStream stream = store.OpenRead(one, cancellationToken);
                await using (stream.ConfigureAwait(false))
                {
                    await stream.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
                }

                return bytes;
            }
            catch (Exception exception) when (exception is not (CryoBackupException or OperationCanceledException))
            {
                throw store.Explain(exception, store.NameOf(one));
            }
        }
    }
}
