using CryoBackup.Comparison;
using CryoBackup.Storage;

namespace CryoBackup.Restore;

/// <summary>What flowed to the server must be what was looked at before, and what is recorded of it.</summary>
internal static class FlowProof
{
    /// <summary>Checks a run that has ended.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="hash">The SHA-256 that the file had before; null where nobody looked.</param>
    /// <param name="trusted">The manifest whose record was taken for the content; null where the content was read before.</param>
    /// <exception cref="CryoBackupException">HashMismatch: it is another file by now. ArchiveCorrupt: the record is not true.</exception>
    public static void Check(RestoreRun run, string path, string? hash, BackupManifest? trusted)
    {
        if (hash is not null && run.Hash is not null && !string.Equals(hash, run.Hash, StringComparison.Ordinal))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                $"'{path}' was changed while it was restored: its SHA-256 is no longer the one it had before.",
                path,
                "Restore again when nothing else writes to the file, or use another backup."
            );
        }

        if (trusted is not null && new ManifestComparison(trusted, run.Content!).Difference is { } difference)
        {
            throw new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                $"The content of '{path}' is not what was recorded: {difference}.",
                path,
                "Use another backup."
            );
        }
    }
}
