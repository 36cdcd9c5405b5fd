using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>Holds on backups in stores: an object beside the backup and, where that was asked for, the store's own legal hold.</summary>
internal static class StoreHold
{
    /// <summary>Puts a hold, and takes those off that it replaces.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="request">Until when, why, and whether the store itself is to hold it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task PutAsync(StoredFile backup, BackupManifest manifest, HoldRequest request, CancellationToken cancellationToken)
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(backup.Path);
        using Store store = StoreNotes.Open(place, backup.Store, backup.Observer);
        var listing = (StoreListing)BackupListing.OfBackup(backup, cancellationToken);
        string[] before = [.. NamesOf(listing, backup.Path)];

        // First, for it is what a place may refuse: nothing says then that it is held by what it is not.
        if (request.LegalHold)
        {
            await SetLegalAsync(store, name, manifest, isOn: true, cancellationToken).ConfigureAwait(false);
        }

        // What is held twice is taken off once, with the last.
        bool isLegal = request.LegalHold || listing.HoldsOf(backup.Path).Any(hold => hold.LegalHold);
        HoldRecord hold = HoldRecord.New(name, request.Until, request.Reason) with { LegalHold = isLegal };
        await StoreNotes
            .PutAsync(
                store,
                NoteName.Make(name, BackupFileName.HoldSuffix, isLegal ? "legal" : "held", DateTime.UtcNow),
                hold.Write(),
                cancellationToken
            )
            .ConfigureAwait(false);
        try
        {
            await DeleteAsync(store, before, cancellationToken).ConfigureAwait(false);
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.PermissionDenied)
        {
            backup.Observer(new WarningMessage($"'{backup.Path}' is held, and what held it before holds too: {exception.Message}"));
        }
    }

    /// <summary>Takes every hold off.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task TakeAsync(StoredFile backup, BackupManifest manifest, CancellationToken cancellationToken)
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(backup.Path);
        using Store store = StoreNotes.Open(place, backup.Store, backup.Observer);
        var listing = (StoreListing)BackupListing.OfBackup(backup, cancellationToken);
        if (listing.HoldsOf(backup.Path).Any(hold => hold.LegalHold))
        {
            await SetLegalAsync(store, name, manifest, isOn: false, cancellationToken).ConfigureAwait(false);
        }

        await DeleteAsync(store, NamesOf(listing, backup.Path), cancellationToken).ConfigureAwait(false);
    }

    private static IEnumerable<string> NamesOf(StoreListing listing, string path) =>
        listing.NotesOf(path, BackupFileName.HoldSuffix).Select(Path.GetFileName).OfType<string>();

    private static async Task DeleteAsync(Store store, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (string name in names)
        {
            await store.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
        }
    }

    private static async Task SetLegalAsync(
        Store store,
        string name,
        BackupManifest manifest,
        bool isOn,
        CancellationToken cancellationToken
    )
    {
        foreach (string file in BackupFolder.FilesOf(name, manifest))
        {
            await store.SetLegalHoldAsync(file, isOn, cancellationToken).ConfigureAwait(false);
        }
    }
}
