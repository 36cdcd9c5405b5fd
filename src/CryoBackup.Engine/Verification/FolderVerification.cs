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
    public static bool IsPlace(string path) => Directory.Exists(path) || (!File.Exists(path) && !BackupFolder.HasName(path));

    /// <summary>Each backup of a folder; with an age, and without <paramref name="latest"/>, the freshness of each database.</summary>
    /// <param name="how">Level, identities, age and whatever else is asked of each.</param>
    /// <param name="folder">The full path of the folder; it need not exist.</param>
    /// <param name="wanted">Only backups of these databases: names, and patterns with * and ?; empty for all.</param>
    /// <param name="expected">Exact names of databases that must have a backup there, where <paramref name="wanted"/> names none.</param>
    /// <param name="latest">True for only the newest backup of each database.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>At least one task.</returns>
    public static IReadOnlyList<VerificationTask> Tasks(
        VerificationRequest how,
        string folder,
        IReadOnlyList<string> wanted,
        IReadOnlyList<string> expected,
        bool latest,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(how);
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(expected);
        ArgumentNullException.ThrowIfNull(observer);
        IReadOnlyList<string> asked = wanted.Count > 0 ? wanted : expected;
        if (how.MaxAge is not null && !latest)
        {
            return Freshness.Tasks(how, folder, asked, observer, cancellationToken);
        }

        try
        {
            IReadOnlyList<string> backups = BackupCatalog.Choose(folder, wanted, latest, observer, cancellationToken);
            IReadOnlyList<KnownBackup> known = asked.Count == 0 ? [] : BackupCatalog.Known(folder, static _ => { }, cancellationToken);
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
        catch (CryoBackupException exception) when (exception.Error is CryoBackupError.BackupNotFound or CryoBackupError.PermissionDenied)
        {
            return MissingBackups.Everything(how, folder, asked, CheckNames.File, exception);
        }
    }
}
