using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>
/// Removes backups from a store, and completes what a removal that was killed has left. A store locks nothing for us: what was held,
/// exchanged or removed since it was decided on is looked at once more before the first of its objects goes.
/// </summary>
internal sealed class StoreRemover : RemovalPlace
{
    private readonly StoreLocation _place;
    private readonly StoreOptions _options;
    private readonly Action<EngineMessage> _observer;
    private readonly CancellationToken _cancellation;
    private readonly Store _store;
    private bool _mayDelete;
    private CryoBackupException? _denied;

    /// <summary>Opens the place; nothing is asked of it yet.</summary>
    /// <param name="place">The location.</param>
    /// <param name="options">How it is reached.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <param name="cancellationToken">Ends what is asked.</param>
    public StoreRemover(StoreLocation place, StoreOptions options, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        _place = place;
        _options = options;
        _observer = observer;
        _cancellation = cancellationToken;
        _store = StoreNotes.Open(place, options, observer);
    }

    /// <summary>Learns of each object before it goes.</summary>
    internal Action<string>? Removing { get; init; }

    /// <inheritdoc/>
    public override BackupListing List(string? database) =>
        database is null
            ? BackupListing.Of(_place.ToString(), _options, _observer, _cancellation)
            : BackupListing.OfDatabase(_place.ToString(), database, _options, _observer, _cancellation);

    /// <inheritdoc/>
    public override IEnumerable<string> Begun() => Marks(List(null)).Select(DatabaseOf).OfType<string>();

    /// <inheritdoc/>
    public override IDisposable? Lock(string database) => null;

    /// <inheritdoc/>
    public override bool Exists(string path) => Wait(_store.HeadAsync(Path.GetFileName(path), _cancellation)) is not null;

    /// <inheritdoc/>
    public override string? LockOf(StoredBackup backup, DateTime now) =>
        BackupFolder
            .FilesOf(Path.GetFileName(backup.Path), backup.Manifest)
            .Select(name => Wait(_store.HeadAsync(name, _cancellation))?.LockAt(now))
            .FirstOrDefault(held => held is not null);

    /// <inheritdoc/>
    public override void Complete(string database)
    {
        BackupListing listing = List(database);
        foreach (string path in Marks(listing).Where(path => DatabaseOf(path) == database))
        {
            try
            {
                CompleteOne((StoreListing)listing, path);
            }
            catch (CryoBackupException exception)
            {
                _observer(new WarningMessage($"The removal of '{path}', which was begun, could not be completed: {exception.Message}"));
            }
        }
    }

    /// <inheritdoc/>
    public override void Remove(StoredBackup backup)
    {
        if (_denied is not null)
        {
            throw _denied;
        }

        string name = Path.GetFileName(backup.Path);
        StoreListing now = Look(backup.Path);
        RequireAsDecided(backup, now);
        RequireRight(name);
        string mark = NoteName.Make(name, BackupFileName.RemovalSuffix, "begun", DateTime.UtcNow);
        Wait(StoreNotes.PutAsync(_store, mark, RemovalMark.Write(name, backup.Manifest), _cancellation));
        try
        {
            Delete(name);
        }
        catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
        {
            DeleteQuietly(mark);
            throw;
        }

        RemoveRest(now, backup.Path, backup.Manifest, [mark]);
    }

    /// <inheritdoc/>
    public override void Dispose() => _store.Dispose();

    private static IEnumerable<string> Marks(BackupListing listing) =>
        listing
            .Files.Select(NoteName.TryRead)
            .Where(note => note is { Suffix: BackupFileName.RemovalSuffix })
            .Select(note => note!.Backup)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal);

    private static string? DatabaseOf(string path) => BackupFileName.TryRead(Path.GetFileName(path))?.Database;

    private StoreListing Look(string path) => StoreListing.Read(_place, _options, _observer, _cancellation, Path.GetFileName(path));

    private static void RequireAsDecided(StoredBackup backup, StoreListing listing)
    {
        DateTime now = DateTime.UtcNow;
        string? changed =
            listing.HoldOf(backup.Path, now) is { } held && held != backup.Kept?.Hold ? held
            : !listing.Exists(backup.ManifestPath) || !listing.Exists(backup.Path) ? "somebody else has removed it, or a part of it"
            : listing.Read(backup.ManifestPath).Sha256 != backup.Manifest.Sha256 ? "another lies under its name"
            : null;
        if (changed is not null)
        {
            throw new CryoBackupException(
                CryoBackupError.BackupLocked,
                $"'{backup.Path}' is not as it was when that was decided: {changed}.",
                backup.Path,
                "Run it again."
            );
        }
    }

    /// <summary>Whoever may not delete leaves no mark behind: what is not there may be deleted by those who may.</summary>
    private void RequireRight(string name)
    {
        if (_mayDelete)
        {
            return;
        }

        Delete(NoteName.Make(name, BackupFileName.RemovalSuffix, "probe", DateTime.UtcNow));
        _mayDelete = true;
    }

    private void CompleteOne(StoreListing listing, string path)
    {
        string manifestPath = path + BackupFileName.ManifestSuffix;
        IEnumerable<string> marks = listing.NotesOf(path, BackupFileName.RemovalSuffix).Select(Path.GetFileName).OfType<string>();
        if (listing.Exists(path))
        {
            // It was killed before anything went: whether it goes is decided anew.
            foreach (string mark in marks)
            {
                Delete(mark);
            }

            return;
        }

        BackupManifest? manifest = listing.Exists(manifestPath) ? listing.Read(manifestPath) : null;
        if (
            !listing.IsGoing(path, manifest)
            || (manifest is not null && !string.Equals(manifest.BackupFile, Path.GetFileName(path), StringComparison.Ordinal))
        )
        {
            return;
        }

        RemoveRest(listing, path, manifest, marks);
        _observer(new VerboseMessage($"Completed the removal of '{path}', which was begun and did not come to its end."));
    }

    private void RemoveRest(StoreListing listing, string path, BackupManifest? manifest, IEnumerable<string> marks)
    {
        string[] notes = [BackupFileName.ProofSuffix, BackupFileName.HoldSuffix];
        string[] files = [.. BackupFolder.FilesOf(Path.GetFileName(path), manifest).Skip(1)];
        string[] order =
        [
            .. files[..^1],
            .. notes.SelectMany(suffix => listing.NotesOf(path, suffix)).Select(Path.GetFileName).OfType<string>(),
            files[^1],
            .. marks,
        ];
        foreach (string name in order)
        {
            Delete(name);
        }
    }

    private void Delete(string name)
    {
        Removing?.Invoke(name);
        try
        {
            Wait(_store.DeleteAsync(name, _cancellation));
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.PermissionDenied && !_mayDelete)
        {
            // One is enough: nothing here can be removed by these credentials.
            throw _denied = new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The credentials do not allow to delete at '{_place}': {exception.Message}",
                _place.ToString(),
                "Remove with credentials that may delete there; about_CryoBackup_Offsite has policies.",
                inner: exception
            );
        }
    }

    private void DeleteQuietly(string name)
    {
        try
        {
            Wait(_store.DeleteAsync(name, CancellationToken.None));
        }
        catch (CryoBackupException)
        {
            // With the backup there it says nothing.
        }
    }

    private static T Wait<T>(Task<T> work) => work.GetAwaiter().GetResult();

    private static void Wait(Task work) => work.GetAwaiter().GetResult();
}
