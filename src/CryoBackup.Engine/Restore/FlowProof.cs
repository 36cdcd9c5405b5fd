using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Storage;

namespace CryoBackup.Restore;

/// <summary>What flows to the server must be what was looked at before, and what is recorded of it.</summary>
/// <param name="path">The backup file's full path.</param>
/// <param name="hash">The SHA-256 that the file had before; null where nobody looked.</param>
/// <param name="trusted">The manifest whose record was taken for the content; null where the content was read before.</param>
internal sealed class FlowProof(string path, string? hash, BackupManifest? trusted)
{
    /// <summary>Checks a table as soon as its last row has flowed by, so that a restore which cannot end well ends there.</summary>
    /// <param name="found">What flowed by.</param>
    /// <param name="known">What is known of its rows; null where nothing is.</param>
    /// <param name="finishHash">Reads the file's rest for its SHA-256.</param>
    /// <exception cref="CryoBackupException">As <see cref="Check"/>.</exception>
    public void CheckTable(TableContent found, TableFingerprint? known, Func<string> finishHash)
    {
        if (known is null || found.Fingerprint is not { } rows || (rows.Rows == known.Rows && rows.Value == known.Value))
        {
            return;
        }

        CheckHash(finishHash());
        throw Untrue(
            ManifestComparison.Describe(
                new TableComparison
                {
                    Schema = found.Entry.Schema,
                    Name = found.Entry.Name,
                    ExpectedRows = known.Rows,
                    ExpectedFingerprint = known.Text,
                    FoundRows = rows.Rows,
                    FoundFingerprint = rows.Text,
                }
            )
        );
    }

    /// <summary>Checks a run that has ended.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="CryoBackupException">HashMismatch: it is another file by now. ArchiveCorrupt: the record is not true.</exception>
    public void Check(RestoreRun run)
    {
        CheckHash(run.Hash);
        if (trusted is not null && new ManifestComparison(trusted, run.Content!).Difference is { } difference)
        {
            throw Untrue(difference);
        }
    }

    private void CheckHash(string? flowed)
    {
        if (hash is not null && flowed is not null && !string.Equals(hash, flowed, StringComparison.Ordinal))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                $"'{path}' was changed while it was restored: its SHA-256 is no longer the one it had before.",
                path,
                "Restore again when nothing else writes to the file, or use another backup."
            );
        }
    }

    private CryoBackupException Untrue(string difference) =>
        new(
            CryoBackupError.ArchiveCorrupt,
            $"The content of '{path}' is not what was recorded: {difference}.",
            path,
            "Use another backup."
        );
}
