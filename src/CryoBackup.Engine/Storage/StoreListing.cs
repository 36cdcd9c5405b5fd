using System.Collections.Concurrent;
using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>What lies at a location of a store: what was listed is what is known. What is noted of backups is read when the first is asked
/// for, all at once.</summary>
internal sealed class StoreListing : BackupListing
{
    private const int AtOnce = 16;

    // Of what anybody may have put there, no more than a few large ones lie in memory at once.
    private const long Small = 1 << 20;

    private readonly StoreLocation _location;
    private readonly Dictionary<string, StoreObject> _objects;
    private readonly ConcurrentDictionary<string, Func<BackupManifest>> _manifests;
    private readonly ILookup<(string Backup, string Suffix), string> _notes;
    private readonly Lazy<IReadOnlyDictionary<string, byte[]?>> _noted;

    private StoreListing(
        StoreLocation location,
        Dictionary<string, StoreObject> objects,
        ConcurrentDictionary<string, Func<BackupManifest>> manifests,
        Func<IReadOnlyCollection<string>, IReadOnlyDictionary<string, byte[]?>> read
    )
    {
        _location = location;
        _objects = objects;
        _manifests = manifests;
        _notes = objects
            .Keys.Select(path => (Path: path, Name: NoteName.TryRead(path)))
            .Where(note => note.Name is not null)
            .OrderBy(note => objects[note.Path].Modified)
            .ThenBy(note => note.Path, StringComparer.Ordinal)
            .ToLookup(note => (note.Name!.Backup, note.Name.Suffix), note => note.Path);
        // What was sampled proves nothing, and nobody who lists asks for it.
        _noted = new(() => read([.. _notes.SelectMany(notes => notes).Where(path => NoteName.TryRead(path)?.What != SampleMemory.What)]));
    }

    /// <inheritdoc/>
    public override string Place => _location.ToString();

    /// <inheritdoc/>
    public override IReadOnlyCollection<string> Files => _objects.Keys;

    /// <summary>Lists a location.</summary>
    /// <param name="location">The location.</param>
    /// <param name="options">What it does not say.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <param name="cancellationToken">Ends the listing, and the reading of manifests.</param>
    /// <param name="start">What the names begin with; empty for all that lie there.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, LocationUnreachable, ToolNotFound.</exception>
    public static StoreListing Read(
        StoreLocation location,
        StoreOptions options,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        string start = ""
    )
    {
        using Store store = StoreDrivers.Open(location, options, observer);
        var objects = store
            .ListAsync(start, cancellationToken)
            .GetAwaiter()
            .GetResult()
            .DistinctBy(one => one.Key, StringComparer.Ordinal)
            .ToDictionary(one => location.PathOf(store.NameOf(one)), StringComparer.Ordinal);
        var manifests = new ConcurrentDictionary<string, Func<BackupManifest>>(StringComparer.Ordinal);
        ForEach(
            objects.Where(one => BackupFolder.IsManifest(one.Key)),
            async (one, stop) => manifests[one.Key] = await ReadAsync(store, options, one.Key, one.Value, stop).ConfigureAwait(false),
            cancellationToken
        );
        return new StoreListing(location, objects, manifests, ReadNotes);

        IReadOnlyDictionary<string, byte[]?> ReadNotes(IReadOnlyCollection<string> notes)
        {
            var noted = new ConcurrentDictionary<string, byte[]?>(StringComparer.Ordinal);
            using Store again = StoreDrivers.Open(location, options, observer);
            ForEach(
                notes.Select(path => KeyValuePair.Create(path, objects[path])),
                async (one, stop) =>
                {
                    try
                    {
                        noted[one.Key] = await ReadNoteAsync(again, options, one.Key, one.Value, stop).ConfigureAwait(false);
                    }
                    catch (CryoBackupException exception) when (exception.Error == CryoBackupError.BackupNotFound)
                    {
                        // A later one has taken its place since it was listed.
                    }
                    catch (CryoBackupException)
                    {
                        noted[one.Key] = null;
                    }
                },
                cancellationToken
            );
            return noted;
        }
    }

    /// <summary>What a store knows of an object.</summary>
    /// <param name="path">Its location.</param>
    /// <returns>Null for one that is not there.</returns>
    public StoreObject? Find(string path) => _objects.GetValueOrDefault(path);

    /// <inheritdoc/>
    public override bool Exists(string path) => _objects.ContainsKey(path);

    /// <inheritdoc/>
    public override long SizeOf(string path) => Find(path)?.Size ?? 0;

    /// <inheritdoc/>
    public override BackupManifest Read(string path) =>
        _manifests.TryGetValue(path, out Func<BackupManifest>? manifest)
            ? manifest()
            : throw new CryoBackupException(
                CryoBackupError.ManifestInvalid,
                $"The manifest '{path}' cannot be relied on: it does not exist.",
                path,
                "Use a backup whose manifest is whole."
            );

    /// <inheritdoc/>
    public override BackupProof ProofOf(string backup, BackupManifest manifest)
    {
        byte[]?[] notes = [.. Notes(backup, BackupFileName.ProofSuffix)];
        if (Find(backup) is not { } data || Find(backup + BackupFileName.ManifestSuffix) is not { } described)
        {
            return BackupProof.None;
        }

        if (notes.Contains(null))
        {
            // One that cannot be read may be of a Test that failed.
            return BackupProof.Unknown;
        }

        string name = Path.GetFileName(backup);
        return BackupProof.Of(
            manifest,
            FileMark.Of(data),
            described.Modified,
            [.. notes.SelectMany(note => ProofRecord.Parse(note!, name)?.Verdicts ?? [])]
        );
    }

    /// <inheritdoc/>
    public override string? HoldOf(string backup, DateTime now) =>
        string.Join("; ", HoldsOf(backup).Select(hold => hold.At(now)).OfType<string>().Distinct(StringComparer.Ordinal))
            is { Length: > 0 } words
            ? words
            : null;

    /// <inheritdoc/>
    public override bool IsGoing(string backup, BackupManifest? manifest) =>
        Notes(backup, BackupFileName.RemovalSuffix)
            .Any(note => note is not null && RemovalMark.IsOf(note, Path.GetFileName(backup), manifest));

    /// <summary>The holds on a backup, also those that have ended.</summary>
    /// <param name="backup">Its location.</param>
    public IEnumerable<HoldRecord> HoldsOf(string backup) =>
        Notes(backup, BackupFileName.HoldSuffix).Select(note => HoldRecord.Parse(note ?? [], Path.GetFileName(backup)));

    /// <summary>The objects of notes on a backup.</summary>
    /// <param name="backup">Its location.</param>
    /// <param name="suffix">Which notes.</param>
    public IEnumerable<string> NotesOf(string backup, string suffix) => _notes[(backup, suffix)];

    /// <summary>What notes of a kind on a backup say, in the order in which the store got them; null for one that cannot be read.</summary>
    private IEnumerable<byte[]?> Notes(string backup, string suffix) =>
        _notes[(backup, suffix)].Where(path => _noted.Value.ContainsKey(path)).Select(path => _noted.Value[path]);

    private static void ForEach(
        IEnumerable<KeyValuePair<string, StoreObject>> objects,
        Func<KeyValuePair<string, StoreObject>, CancellationToken, ValueTask> read,
        CancellationToken cancellationToken
    )
    {
        foreach (IGrouping<bool, KeyValuePair<string, StoreObject>> group in objects.GroupBy(one => one.Value.Size <= Small))
        {
            var how = new ParallelOptions { MaxDegreeOfParallelism = group.Key ? AtOnce : 1, CancellationToken = cancellationToken };
            Parallel.ForEachAsync(group, how, read).GetAwaiter().GetResult();
        }
    }

    /// <summary>Gives what reads it again; a failure waits until it is asked for.</summary>
    private static async Task<Func<BackupManifest>> ReadAsync(
        Store store,
        StoreOptions options,
        string path,
        StoreObject one,
        CancellationToken cancellationToken
    )
    {
        if (StoreCache.Find<BackupManifest>(path, options, one) is { } known)
        {
            return () => known;
        }

        try
        {
            byte[] bytes = await ReadBytesAsync(store, path, one, cancellationToken).ConfigureAwait(false);
            var manifest = BackupManifest.Read(path, bytes);
            StoreCache.Keep(path, options, one, manifest);
            return () => manifest;
        }
        catch (CryoBackupException failure)
        {
            // The same to each who asks; none is thrown twice at once.
            return () => throw new CryoBackupException(failure.Error, failure.Message, failure.Target, failure.Remedy, inner: failure);
        }
    }

    private static async Task<byte[]> ReadBytesAsync(Store store, string path, StoreObject one, CancellationToken cancellationToken) =>
        one.Size <= ManifestLimits.MaximumLength
            ? await store.ReadAllAsync(one, cancellationToken).ConfigureAwait(false)
            : throw new CryoBackupException(
                CryoBackupError.ManifestInvalid,
                $"The manifest '{path}' cannot be relied on: it has {one.Size} bytes, more than any manifest.",
                path,
                "Use a backup whose manifest is whole."
            );

    private static async Task<byte[]> ReadNoteAsync(
        Store store,
        StoreOptions options,
        string path,
        StoreObject one,
        CancellationToken cancellationToken
    )
    {
        if (StoreCache.Find<byte[]>(path, options, one) is { } known)
        {
            return known;
        }

        byte[] bytes = await StoreNotes.ReadAsync(store, one, cancellationToken).ConfigureAwait(false);
        StoreCache.Keep(path, options, one, bytes);
        return bytes;
    }
}
