using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>What runs that died have left in a store: unfinished uploads, and files without the manifest that would make them a
/// backup.</summary>
internal static class StoreLeftovers
{
    // Longer than any upload that is not dead: another machine may bring backups of a database of the same name to the same place.
    private static readonly TimeSpan DeadAfter = TimeSpan.FromDays(2);

    /// <summary>
    /// Removes what runs of this account on this machine have left at the place, by their journals, and what others have left of this
    /// database, by its age. Where the credentials do not allow it, that is told, and is no failure.
    /// </summary>
    /// <param name="store">The store.</param>
    /// <param name="database">The database.</param>
    /// <param name="observer">Learns what was removed.</param>
    /// <param name="cancellationToken">Leaves the rest to the next run.</param>
    /// <exception cref="CryoBackupException">LocationUnreachable, BackupNotFound: there is no such bucket.</exception>
    public static async Task RemoveAsync(Store store, string database, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        IReadOnlyList<UploadJournal.DeadUploads> dead = UploadJournal.FindDead(store.Place);
        try
        {
            await RemoveAsync(store, database, dead, observer, cancellationToken).ConfigureAwait(false);
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.PermissionDenied)
        {
            observer(new VerboseMessage($"What runs that died have left cannot be looked for, or removed: {exception.Message}"));
        }
        finally
        {
            foreach (UploadJournal.DeadUploads one in dead)
            {
                one.Dispose();
            }
        }
    }

    private static async Task RemoveAsync(
        Store store,
        string database,
        IReadOnlyList<UploadJournal.DeadUploads> dead,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        // What is written in folders beneath, and what other tools put here, has no such name.
        bool IsOld(UnfinishedUpload upload) =>
            DateTime.UtcNow - upload.Begun > DeadAfter
            && !upload.Key.Contains('/', StringComparison.Ordinal)
            && BackupFileName.TryRead(upload.Key) is { } known
            && string.Equals(known.Database, database, StringComparison.Ordinal);
        IReadOnlyList<string> removed = await store
            .RemoveUnfinishedAsync("", upload => IsOld(upload) || dead.Any(run => run.Left(upload)), cancellationToken)
            .ConfigureAwait(false);
        foreach (string path in removed.Distinct(StringComparer.Ordinal))
        {
            observer(new VerboseMessage($"Removed what an upload of '{path}' that died had left."));
        }

        foreach (UploadJournal.DeadUploads run in dead)
        {
            foreach ((string name, string mark) in run.IsWhole ? run.Objects : new Dictionary<string, string>())
            {
                await RemoveAsync(store, name, mark, observer, cancellationToken).ConfigureAwait(false);
            }

            run.Forget();
        }
    }

    /// <summary>Removes a file that a run has put whose manifest never came.</summary>
    private static async Task RemoveAsync(
        Store store,
        string name,
        string mark,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (
            BackupFolder.IsManifest(name)
            || await store.HeadAsync(BackupFolder.OfFile(name) + BackupFileName.ManifestSuffix, cancellationToken).ConfigureAwait(false)
                is not null
            || await store.HeadAsync(name, cancellationToken).ConfigureAwait(false) is not { } found
            || (found.Mark is { Length: > 0 } && !string.Equals(found.Mark, mark, StringComparison.Ordinal))
        )
        {
            return;
        }

        await store.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
        observer(new VerboseMessage($"Removed '{store.Location.PathOf(name)}', which a run that died had put without its manifest."));
    }
}
