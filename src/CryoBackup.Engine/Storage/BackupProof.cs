using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>
/// How far a backup is proven where it lies: by the comparison that New itself made, and by the Tests since. What was changed after it was
/// proven is not; to tell that costs a look at the file's size and times, not a reading of it.
/// </summary>
/// <param name="Proven">When its content was last proven, in UTC; null if it is not.</param>
/// <param name="Rehearsed">When it last came back in a rehearsal, in UTC; null if it did not, or is not proven any more.</param>
/// <param name="Failed">When a Test failed that no later one of the same depth has undone, in UTC; null for none.</param>
internal sealed record BackupProof(DateTime? Proven, DateTime? Rehearsed, DateTime? Failed)
{
    /// <summary>How long the restore of the last rehearsal took; null where it is not known.</summary>
    public TimeSpan? RestoreDuration { get; init; }

    /// <summary>True where what Tests concluded lies there and cannot be read: nothing is proven, and it may have failed.</summary>
    public bool IsUnknown { get; init; }

    /// <summary>Nothing is proven.</summary>
    public static BackupProof None { get; } = new(null, null, null);

    /// <summary>Nobody can tell.</summary>
    public static BackupProof Unknown { get; } = None with { IsUnknown = true };

    // What becomes of a time where a copy or a file system keeps no fractions of a second.
    private static readonly TimeSpan Resolution = TimeSpan.FromSeconds(2);

    /// <summary>By New's own comparison alone, of a backup that was just made.</summary>
    /// <param name="manifest">Its manifest.</param>
    public static BackupProof OfMade(BackupManifest manifest) =>
        // New has counted every table's rows in the dump's snapshot and found as many in the archive.
        manifest.RowsCounted == true
            ? None with
            {
                Proven = manifest.ReadStart() + DurationText.OfSeconds(manifest.DurationSeconds ?? 0),
            }
            : None;

    /// <summary>Looks at a backup and what is remembered of it. The file is not read.</summary>
    /// <param name="backup">The backup's full path.</param>
    /// <param name="manifest">Its manifest, which lies beside it.</param>
    /// <exception cref="IOException">The file cannot be looked at.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static BackupProof Of(string backup, BackupManifest manifest)
    {
        if (FileMark.Of(backup) is not { } file)
        {
            return None;
        }

        IReadOnlyList<ProofRecord.TestVerdict> verdicts;
        try
        {
            verdicts = ProofRecord.Read(backup);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }

        return Of(manifest, file, File.GetLastWriteTimeUtc(backup + BackupFileName.ManifestSuffix), verdicts);
    }

    /// <summary>Decides, and touches nothing.</summary>
    /// <param name="manifest">The backup's manifest.</param>
    /// <param name="file">The backup file as it is.</param>
    /// <param name="described">When its manifest was written, in UTC: after the file, which nothing writes to any more.</param>
    /// <param name="verdicts">What Tests concluded, in their order.</param>
    internal static BackupProof Of(
        BackupManifest manifest,
        FileMark file,
        DateTime described,
        IReadOnlyList<ProofRecord.TestVerdict> verdicts
    )
    {
        if (file.Length != manifest.SizeBytes)
        {
            return None with { Failed = LastFailure(verdicts) };
        }

        bool isCounted = manifest.RowsCounted == true;
        DateTime? proven = file.Modified <= described ? OfMade(manifest).Proven : null;
        DateTime? rehearsed = null;
        TimeSpan? restored = null;
        ProofRecord.TestVerdict? failed = null;
        foreach (ProofRecord.TestVerdict verdict in verdicts)
        {
            if (verdict.Verdict == Verdict.Failed)
            {
                failed = failed is null || verdict.Level >= failed.Level ? verdict : failed;
            }
            else if (verdict.Verdict == Verdict.Passed && IsOf(verdict, manifest, file))
            {
                failed = failed is not null && verdict.Level >= failed.Level ? null : failed;
                proven = isCounted || verdict.Level >= VerificationLevel.Content ? verdict.Time : proven;
                if (verdict.Level == VerificationLevel.Restore)
                {
                    rehearsed = verdict.Time;
                    restored = verdict.RestoreSeconds is >= 0 and < 1e9 and var seconds ? DurationText.OfSeconds(seconds) : null;
                }
            }
        }

        return failed is null
            ? new BackupProof(proven, rehearsed, null) { RestoreDuration = restored }
            : None with
            {
                Failed = failed.Time,
            };
    }

    private static DateTime? LastFailure(IReadOnlyList<ProofRecord.TestVerdict> verdicts) =>
        verdicts.LastOrDefault(verdict => verdict.Verdict == Verdict.Failed)?.Time;

    /// <summary>Whether a verdict is about the file that lies there now, and that the manifest describes.</summary>
    private static bool IsOf(ProofRecord.TestVerdict verdict, BackupManifest manifest, FileMark file) =>
        (
            manifest.Sha256 is null
                // The predecessor recorded none.
                ? verdict.Sha256.Length > 0
                : string.Equals(verdict.Sha256, manifest.Sha256, StringComparison.OrdinalIgnoreCase)
        )
        && verdict.SizeBytes == file.Length
        && (
            file.Tag.Length > 0
                // A store writes what it lets nobody change: the tag is another with each put.
                ? string.Equals(verdict.Tag, file.Tag, StringComparison.Ordinal)
                : (verdict.Modified - file.Modified).Duration() <= (IsCoarse(file.Modified) ? Resolution : TimeSpan.Zero)
        );

    private static bool IsCoarse(DateTime time) => time.Ticks % TimeSpan.TicksPerSecond == 0;
}
