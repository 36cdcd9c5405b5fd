namespace CryoBackup.Runs;

/// <summary>The metrics: their names, and what they mean.</summary>
internal static class MetricNames
{
    public const string Start = "cryobackup_last_start_timestamp_seconds";
    public const string Success = "cryobackup_last_success_timestamp_seconds";
    public const string RunSuccess = "cryobackup_last_run_success";
    public const string Duration = "cryobackup_last_duration_seconds";
    public const string Size = "cryobackup_last_size_bytes";
    public const string Uncompressed = "cryobackup_last_uncompressed_bytes";
    public const string Rows = "cryobackup_last_rows";
    public const string Age = "cryobackup_last_backup_age_seconds";
    public const string Verified = "cryobackup_last_verification_timestamp_seconds";
    public const string VerdictOf = "cryobackup_last_verification_verdict";
    public const string Rehearsed = "cryobackup_last_rehearsal_timestamp_seconds";
    public const string RehearsalAge = "cryobackup_last_rehearsal_age_seconds";
    public const string Copied = "cryobackup_copy_last_success_timestamp_seconds";
    public const string CopyAge = "cryobackup_copy_age_seconds";
    public const string ProvenCopies = "cryobackup_copy_last_proven_copies";
    public const string CopiesMissing = "cryobackup_copy_last_missing_copies";
    public const string Restored = "cryobackup_last_restore_timestamp_seconds";
    public const string Degraded = "cryobackup_last_backup_degraded";
    public const string Removal = "cryobackup_last_removal_timestamp_seconds";
    public const string RemovedBackups = "cryobackup_last_removed_backups";
    public const string RemovedBytes = "cryobackup_last_removed_bytes";
    public const string Blocked = "cryobackup_last_removal_blocked";
    public const string Held = "cryobackup_last_removal_held";
    public const string Frozen = "cryobackup_retention_frozen";
    public const string RestoreSuccess = "cryobackup_last_restore_success";

    public static readonly (string Name, string Help)[] Known =
    [
        (Start, "When the last backup began, whether it succeeded or not."),
        (Success, "When the last successful backup of the whole database ended."),
        (RunSuccess, "1 if the last backup succeeded, 0 if it failed."),
        (Duration, "How long the last successful backup took."),
        (Size, "The stored size of the last successful backup."),
        (Uncompressed, "The size of the last successful backup before compression."),
        (Rows, "The rows in the last successful backup."),
        (Age, "The age of the last successful backup when this file was written."),
        (Verified, "When a backup was last verified."),
        (VerdictOf, "1 for the verdict of the last verification, the worst of the run; 0 for the other verdicts."),
        (Rehearsed, "When a backup was last restored to a scratch server, and passed."),
        (RehearsalAge, "The age of the last passed rehearsal when this file was written."),
        (Copied, "When the last backup ended of which each place for copies has a proven one."),
        (CopyAge, "The age of that backup when this file was written."),
        (ProvenCopies, "The proven copies of the last successful backup."),
        (CopiesMissing, "The places for copies that have none of the last successful backup."),
        (Degraded, "1 if the last successful backup holds suspiciously less than the one before, else 0."),
        (Removal, "When old backups were last removed, or nothing of theirs might be."),
        (RemovedBackups, "How many old backups were removed then."),
        (RemovedBytes, "The size of the old backups removed then."),
        (Blocked, "How many old backups could not be removed then."),
        (Held, "How many backups were held then."),
        (Frozen, "1 if nothing was removed then, for the newest backup is not proven or degraded; else 0."),
        (Restored, "When a restore last ended."),
        (RestoreSuccess, "1 if the last restore succeeded, 0 if it failed."),
    ];
}
