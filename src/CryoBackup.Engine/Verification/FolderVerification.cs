using CryoBackup.Storage;

namespace CryoBackup.Verification;

/// <summary>
/// What to verify of a folder. Whatever was asked for and is not there becomes a task too, whose verdict is Failed: a folder that is
/// missing, cannot be read or is empty looks like a folder of good backups to whoever counts only what failed.
/// </summary>
internal static class FolderVerification
{
    /// <summary>Tells whether a path is meant as a folder of backups: it is one, or nothing is there and it has no backup's name.</summary>
    /// <param name="path">A full path.</param>
    /// <returns>False for a file, and for the name of a backup or a manifest.</returns>
    public static bool IsPlace(string path) => BackupFolder.IsFolder(path) || (!File.Exists(path) && !BackupFolder.HasName(path));

    /// <summary>Each backup of a folder; with an age, unless only the latest is meant, the freshness of each database.</summary>
    /// <param name="how">Level, identities, age and whatever else is asked of each.</param>
    /// <param name="scope">The folder, and what of it.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Stops the listing.</param>
    /// <returns>At least one task.</returns>
    public static IReadOnlyList<VerificationTask> Tasks(
        VerificationRequest how,
        FolderScope scope,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(how);
        ArgumentNullException.ThrowIfNull(scope);
        ArgumentNullException.ThrowIfNull(observer);
        string folder = scope.Folder;
        IReadOnlyList<string> asked = scope.Wanted.Count > 0 ? scope.Wanted : scope.Expected;
        if (how.MaxAge is not null && !scope.Latest)
        {
            return Freshness.Tasks(how, folder, asked, observer, cancellationToken);
        }

        try
        {
            IReadOnlyList<string> backups = BackupCatalog.Choose(
                folder,
                scope.Wanted,
                scope.Latest,
                observer,
                cancellationToken,
                how.Store
            );
            IReadOnlyList<KnownBackup> known =
                asked.Count == 0
                    ? []
                    : BackupCatalog.Known(
                        BackupListing.Of(folder, how.Store, observer, cancellationToken),
                        static _ => { },
                        cancellationToken
                    );
            VerificationTask[] missing =
                asked.Count == 0 && backups.Count == 0
                    ? [MissingBackups.In(how, folder, "", CheckNames.File)]
                    :
                    [
                        .. asked
                            .Distinct(StringComparer.Ordinal)
                            .Where(name => !known.Any(backup => BackupCatalog.IsWanted(backup.Database, [name])))
                            .Select(name => MissingBackups.In(how, folder, name, CheckNames.File)),
                    ];
            return [.. backups.Select(path => VerificationTask.Of(how with { Path = path })), .. missing];
        }
        catch (CryoBackupException exception) when (MissingBackups.Hides(exception))
        {
            return MissingBackups.Everything(how, folder, asked, CheckNames.File, exception);
        }
    }
}
