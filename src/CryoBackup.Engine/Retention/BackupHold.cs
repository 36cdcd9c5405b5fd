using CryoBackup.Storage;

namespace CryoBackup.Retention;

/// <summary>The verbs Protect and Unprotect: holds that keep backups from being removed.</summary>
public static class BackupHold
{
    /// <summary>The most characters of a reason.</summary>
    public const int LongestReason = HoldRecord.LongestReason;

    /// <summary>Puts a hold on a backup, in place of one that is there.</summary>
    /// <param name="path">The full path of a backup whose manifest lies beside it.</param>
    /// <param name="until">Until when it holds, in UTC; null until it is taken off.</param>
    /// <param name="reason">Why; empty for no reason.</param>
    /// <returns>The backup, with its hold.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, ManifestInvalid: there is no such backup. ConfigurationInvalid: the time is
    /// past, or the reason too long. DestinationNotWritable, DiskFull: the hold is not there.</exception>
    public static BackupInfo Put(string path, DateTime? until, string reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        StoredBackup backup = Find(path);
        if (until <= DateTime.UtcNow)
        {
            throw Refused($"A hold until {until:yyyy-MM-dd HH:mm:ss}Z would have ended already.", "Until", "Give a time that is to come.");
        }

        if (reason.Length > LongestReason)
        {
            throw Refused($"The reason has {reason.Length} characters, more than {LongestReason}.", "Reason", "Say it in fewer words.");
        }

        HoldRecord.Put(backup.Path, until, reason);
        return Info(backup);
    }

    /// <summary>Takes the hold off a backup. One without is no fault.</summary>
    /// <param name="path">The full path of a backup whose manifest lies beside it.</param>
    /// <returns>The backup, without a hold.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, ManifestInvalid: there is no such backup. DestinationNotWritable: the hold
    /// stays.</exception>
    public static BackupInfo Take(string path)
    {
        StoredBackup backup = Find(path);
        HoldRecord.Take(backup.Path);
        return Info(backup);
    }

    private static BackupInfo Info(StoredBackup backup) => BackupCatalog.ToInfo(backup.Manifest, backup.Path, backup.ManifestPath);

    private static StoredBackup Find(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string own = BackupFolder.IsManifest(path) ? BackupFolder.BackupOf(path) : path;
        if (!File.Exists(own) || !File.Exists(own + BackupFileName.ManifestSuffix))
        {
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{own}' is no backup: {(File.Exists(own) ? "no manifest lies beside it" : "it is not there")}.",
                own,
                "Get-CryoBackup lists what a folder holds."
            );
        }

        return StoredBackup.Read(own + BackupFileName.ManifestSuffix, DateTime.UtcNow);
    }

    private static CryoBackupException Refused(string message, string target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
