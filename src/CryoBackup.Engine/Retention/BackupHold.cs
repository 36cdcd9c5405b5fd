using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Retention;

/// <summary>The verbs Protect and Unprotect: holds that keep backups from being removed.</summary>
internal static class BackupHold
{
    /// <summary>Puts a hold on a backup, in place of one that is there.</summary>
    /// <param name="request">Which backup, until when, and why.</param>
    /// <param name="observer">Takes warnings and verbose messages.</param>
    /// <param name="cancellationToken">Ends what is asked of a store.</param>
    /// <returns>The backup, with its hold.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, ManifestInvalid: there is no such backup. ConfigurationInvalid: the time is
    /// past, the reason too long, or there is no legal hold at its place. DestinationNotWritable, DiskFull, PermissionDenied,
    /// LocationUnreachable: the hold is not there.</exception>
    public static BackupInfo Put(HoldRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        Check(request);
        StoredFile file = FileOf(request, observer);
        StoredBackup backup = Find(file, cancellationToken);
        if (file.IsInStore)
        {
            StoreHold.PutAsync(file, backup.Manifest, request, cancellationToken).GetAwaiter().GetResult();
        }
        else
        {
            HoldRecord.Put(file.Path, request.Until, request.Reason);
        }

        return Info(file, cancellationToken);
    }

    /// <summary>Takes the hold off a backup, and the legal hold that was put with it. One without is no fault.</summary>
    /// <param name="request">Which backup.</param>
    /// <param name="observer">Takes warnings and verbose messages.</param>
    /// <param name="cancellationToken">Ends what is asked of a store.</param>
    /// <returns>The backup, without a hold.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, ManifestInvalid: there is no such backup. DestinationNotWritable,
    /// PermissionDenied, LocationUnreachable: the hold stays.</exception>
    public static BackupInfo Take(HoldRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        StoredFile file = FileOf(request, observer);
        StoredBackup backup = Find(file, cancellationToken);
        if (file.IsInStore)
        {
            StoreHold.TakeAsync(file, backup.Manifest, cancellationToken).GetAwaiter().GetResult();
        }
        else
        {
            HoldRecord.Take(file.Path);
        }

        return Info(file, cancellationToken);
    }

    private static void Check(HoldRequest request)
    {
        if (request.Until <= DateTime.UtcNow)
        {
            throw Refused(
                $"A hold until {request.Until:yyyy-MM-dd HH:mm:ss}Z would have ended already.",
                "Until",
                "Give a time that is to come."
            );
        }

        if (request.Reason.Length > HoldRequest.LongestReason)
        {
            throw Refused(
                $"The reason has {request.Reason.Length} characters, more than {HoldRequest.LongestReason}.",
                "Reason",
                "Say it in fewer words."
            );
        }

        if (request is { LegalHold: true, Until: not null })
        {
            throw Refused("A legal hold of a store has no end before it is taken off.", "Until", "Leave one of the two out.");
        }

        if (request.LegalHold && !StoreLocation.IsStore(request.Path))
        {
            throw Refused(
                $"'{request.Path}' lies in a folder, which has no legal hold.",
                "LegalHold",
                "Leave it out; the hold beside the backup keeps it from being removed by CryoBackup."
            );
        }
    }

    private static StoredFile FileOf(HoldRequest request, Action<EngineMessage> observer) =>
        new(BackupFolder.IsManifest(request.Path) ? BackupFolder.BackupOf(request.Path) : request.Path, request.Store, observer);

    private static BackupInfo Info(StoredFile file, CancellationToken cancellationToken)
    {
        var listing = BackupListing.OfBackup(file, cancellationToken);
        string manifestPath = file.Path + BackupFileName.ManifestSuffix;
        BackupManifest manifest = listing.Read(manifestPath);
        BackupInfo backup = BackupCatalog.ToInfo(manifest, file.Path, manifestPath);
        backup.Hold = listing.HoldOf(file.Path, DateTime.UtcNow);
        CatalogReader.Set(backup, CatalogEntries.ProofOf(listing, file.Path, manifest));
        return backup;
    }

    private static StoredBackup Find(StoredFile file, CancellationToken cancellationToken)
    {
        var listing = BackupListing.OfBackup(file, cancellationToken);
        string manifestPath = file.Path + BackupFileName.ManifestSuffix;
        return listing.Exists(file.Path) && listing.Exists(manifestPath)
            ? StoredBackup.Read(listing, manifestPath, DateTime.UtcNow)
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{file.Path}' is no backup: {(listing.Exists(file.Path) ? "no manifest lies beside it" : "it is not there")}.",
                file.Path,
                "Get-CryoBackup lists what a folder or a location holds."
            );
    }

    private static CryoBackupException Refused(string message, string target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
