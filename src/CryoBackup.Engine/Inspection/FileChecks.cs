using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Inspection;

/// <summary>
/// What one reading of a file says of it, in the order in which the file is peeled: the stored bytes, the encryption, the compression, the
/// archive, its content.
/// </summary>
/// <param name="checks">Takes the checks.</param>
/// <param name="path">The backup file's full path.</param>
/// <param name="manifest">Its manifest; null where there is none that can be relied on.</param>
/// <param name="level">What was asked for.</param>
internal sealed class FileChecks(CheckList checks, string path, BackupManifest? manifest, VerificationLevel level)
{
    private const string Proven = "the file is the one whose content was proven when it was written";

    /// <summary>Those that only a reading of the archive tells, whatever was asked for.</summary>
    public static IReadOnlyList<string> OfArchive { get; } = [CheckNames.Compression, CheckNames.Format, CheckNames.Content];

    /// <summary>As <see cref="BackupInspection.Obstacle"/>.</summary>
    public CryoBackupException? Obstacle { get; private set; }

    /// <summary>As <see cref="BackupInspection.Unrecorded"/>.</summary>
    public Unrecorded? Unrecorded { get; private set; }

    /// <summary>The tables that were read, with their rows as far as they are counted.</summary>
    /// <param name="tables">The tables.</param>
    public static string Rows(TableComparison[] tables) =>
        string.Create(CultureInfo.InvariantCulture, $"{tables.Length} tables")
        + (
            Array.Exists(tables, table => table.FoundRows is null)
                ? ", not all rows counted"
                : string.Create(CultureInfo.InvariantCulture, $" with {tables.Sum(table => table.FoundRows ?? 0)} rows")
        );

    /// <summary>Judges the reading.</summary>
    /// <param name="reading">It has been done.</param>
    public void Run(FileReading reading)
    {
        CheckHash(reading);
        if (reading.IsTrusted)
        {
            PassTrusted(reading.Content!);
        }
        else if (reading.OpenFailure is { } failure)
        {
            TellUnopened(failure, reading.Decryption!);
        }
        else if (reading.Decryption is { } decryption)
        {
            CheckArchive(reading, decryption);
        }
    }

    private static string Entries(ArchiveContent content) =>
        string.Create(CultureInfo.InvariantCulture, $"archive version {content.Header.Version} with {content.Entries.Count} entries");

    private void PassTrusted(ArchiveContent content)
    {
        if (manifest?.Encryption is { } encryption)
        {
            checks.Pass(CheckNames.Encryption, $"age opens it, for {string.Join(", ", encryption.Recipients)}");
        }

        checks.Skip(CheckNames.Compression, Proven);
        checks.Pass(CheckNames.Format, Entries(content));
        checks.Pass(CheckNames.Content, Proven);
    }

    private void TellUnopened(CryoBackupException failure, AgeDecryption decryption)
    {
        if (failure.Error is CryoBackupError.ToolNotFound or CryoBackupError.IdentityMissing || decryption.LeavesItOpen)
        {
            Hinder(failure);
            string detail = failure.Message.TrimEnd('.');
            if (decryption.Header is not null)
            {
                checks.Skip(CheckNames.Encryption, detail, failure.Error);
            }

            checks.SkipRest(OfArchive, decryption.Header is null ? detail : "it was not decrypted", failure.Error);
        }
        else if (ReferenceEquals(failure, decryption.Failure))
        {
            checks.Fail(CheckNames.Encryption, failure);
            checks.SkipRest(OfArchive, "it could not be decrypted");
        }
        else
        {
            checks.Fail(CheckNames.Format, failure);
            checks.SkipRest(OfArchive, "the file is not a backup");
        }
    }

    private void CheckArchive(FileReading reading, AgeDecryption decryption)
    {
        if (decryption.Failure is { } failure)
        {
            TellUndecrypted(failure, decryption.LeavesItOpen);
            return;
        }

        if (decryption.Header is { } header)
        {
            if (reading.Content is null)
            {
                checks.Skip(CheckNames.Encryption, "the archive within is damaged before its end");
            }
            else
            {
                checks.Pass(CheckNames.Encryption, $"age to its end, for {header.Recipients}");
            }
        }

        CheckCompression(reading);
        if (reading.ArchiveFailure is { } damage)
        {
            checks.Fail(CheckNames.Format, damage);
        }
        else if (reading.CompressionFailure is not null)
        {
            checks.Skip(CheckNames.Format, "it could not be decompressed");
        }

        if (reading.Content is not { } content)
        {
            checks.Skip(CheckNames.Content, "the archive could not be read to its end");
            return;
        }

        checks.Pass(
            CheckNames.Format,
            Entries(content) + (content.HasTocAtEnd ? "; they stand a second time at its end, for it was appended to a file" : "")
        );
        CheckContent(content, reading.Comparison!, reading.Checksum);
    }

    private void TellUndecrypted(CryoBackupException failure, bool isLeftOpen)
    {
        if (isLeftOpen)
        {
            Hinder(failure);
            checks.Skip(CheckNames.Encryption, failure.Message.TrimEnd('.'), failure.Error);
        }
        else
        {
            checks.Fail(CheckNames.Encryption, failure);
        }

        checks.SkipRest(OfArchive, "it could not be decrypted to its end");
    }

    /// <summary>The content could not be looked at, which says nothing of it.</summary>
    /// <param name="obstacle">Why not.</param>
    internal void Hinder(CryoBackupException obstacle)
    {
        Obstacle = obstacle;
        checks.Doubt("The content could not be checked: " + obstacle.Message, obstacle.Remedy);
    }

    private void CheckCompression(FileReading reading)
    {
        if (reading.Compression == CompressionKind.None)
        {
            checks.Skip(CheckNames.Compression, "the file is not compressed");
        }
        else if (reading.CompressionFailure is { } failure)
        {
            checks.Fail(CheckNames.Compression, failure);
        }
        else if (reading.ArchiveFailure is null)
        {
            checks.Pass(CheckNames.Compression, $"{reading.Compression} to its end");
        }
        else
        {
            checks.Skip(CheckNames.Compression, "the archive within is damaged before its end");
        }
    }

    private void CheckHash(FileReading reading)
    {
        if (manifest?.Sha256 is null)
        {
            if (manifest is not null && manifest.SizeBytes != reading.Length)
            {
                FailHash($"'{path}' has {reading.Length} bytes; its manifest records {manifest.SizeBytes}.", "Use another backup.");
                return;
            }

            // The predecessor's check: that a hash can be taken. There is none to compare it with.
            checks.Pass(
                CheckNames.Hash,
                manifest is null ? "calculated; no manifest to compare with" : "calculated; the manifest records none"
            );
            if (level == VerificationLevel.Hash)
            {
                checks.Doubt(
                    $"There is {(manifest is null ? "no manifest, so " : "")}no recorded hash to compare with; "
                        + "level Content reads the archive itself.",
                    remedy: null
                );
            }

            return;
        }

        if (string.Equals(manifest.Sha256, reading.Hash, StringComparison.OrdinalIgnoreCase))
        {
            checks.Pass(
                CheckNames.Hash,
                "is the one that was recorded" + (StoreLocation.IsStore(path) ? ", of all bytes as the store gave them back" : "")
            );
            return;
        }

        string size =
            manifest.SizeBytes == reading.Length
                ? "of the recorded size"
                : string.Create(CultureInfo.InvariantCulture, $"{reading.Length} instead of {manifest.SizeBytes} bytes long");
        (string what, string remedy) = OtherHash(reading.Comparison, reading.Content);
        FailHash($"'{path}' ({size}) {what}.", remedy);
    }

    private static (string What, string Remedy) OtherHash(ManifestComparison? comparison, ArchiveContent? archive)
    {
        const string Damage = "Use another backup, and look for a failing disk or transfer.";
        if (archive is null || comparison is null)
        {
            return ("is not what was written: its SHA-256 differs from the recorded one", Damage);
        }

        return comparison.IsOther
            ? (
                $"is a whole archive of '{archive.Header.Database}', but not the one that its manifest describes: its SHA-256 differs",
                "Look for files that were exchanged: put each manifest beside the file that it was written for."
            )
            : (
                "was changed after it was written: its SHA-256 differs from the recorded one, though it still is a whole archive"
                    + (comparison.Difference is null ? " with the recorded rows" : ": " + comparison.Difference),
                Damage
            );
    }

    private void FailHash(FormattableString message, string remedy) =>
        checks.Fail(
            CheckNames.Hash,
            new CryoBackupException(CryoBackupError.HashMismatch, FormattableString.Invariant(message), path, remedy)
        );

    private void CheckContent(ArchiveContent content, ManifestComparison comparison, string? checksum)
    {
        TableComparison[] tables = comparison.Tables;
        if (comparison.Difference is { } difference)
        {
            checks.Fail(
                CheckNames.Content,
                new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    $"The content of '{path}' is not what was recorded: {difference}.",
                    path,
                    "Use another backup."
                )
            );
        }
        else if (manifest?.Tables is not null)
        {
            checks.Pass(
                CheckNames.Content,
                string.Create(CultureInfo.InvariantCulture, $"rows and fingerprints of {tables.Length} tables are the recorded ones")
            );
        }
        else if (content.Header.Compression is ArchiveCompression.Lz4 or ArchiveCompression.Zstd)
        {
            string detail = $"the data blocks are compressed with {content.Header.Compression}, which is not read here";
            checks.Hinder(CheckNames.Content, detail, remedy: null, $"The content could not be checked: {detail}.");
        }
        else
        {
            Unrecorded = Unrecorded.Find(path, manifest, checksum, content.Header.Compression);
            CheckUnrecorded(tables);
        }
    }

    private void CheckUnrecorded(TableComparison[] tables)
    {
        int uncounted = tables.Count(table => table.FoundRows is null);
        string read =
            string.Create(CultureInfo.InvariantCulture, $"{tables.Length} tables, each to its end")
            + (
                uncounted == 0
                    ? ""
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"; the rows of {uncounted}, written as INSERT statements, are not counted"
                    )
            );
        if (Unrecorded is null)
        {
            checks.Pass(CheckNames.Content, read);
            return;
        }

        string detail = $"{read}; there is nothing recorded to compare them with";
        if (level == VerificationLevel.Restore)
        {
            // A restore proves whether it comes back.
            checks.Skip(CheckNames.Content, detail);
        }
        else
        {
            checks.Hinder(CheckNames.Content, detail, Unrecorded.Remedy, Unrecorded.Describe(Rows(tables)));
        }
    }
}
