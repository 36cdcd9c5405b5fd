namespace CryoBackup;

/// <summary>How far a backup is to be relied on, in one word for lists.</summary>
public static class BackupWord
{
    /// <summary>The word.</summary>
    /// <param name="backup">The backup.</param>
    /// <returns>What of it is not there; else Failed, Degraded, Rehearsed, Proven or Unproven.</returns>
    public static string Of(BackupInfo backup)
    {
        ArgumentNullException.ThrowIfNull(backup);
        return backup.State switch
        {
            BackupState.FileMissing => "No file",
            BackupState.ManifestMissing => "No manifest",
            BackupState.ManifestInvalid => "Unreadable",
            BackupState.Unfinished => "Unfinished",
            _ => backup.Disproven is not null ? "Failed"
            : backup.Degraded.Length > 0 ? "Degraded"
            : backup.Rehearsed is not null ? "Rehearsed"
            : backup.Proven is not null ? "Proven"
            : "Unproven",
        };
    }
}
