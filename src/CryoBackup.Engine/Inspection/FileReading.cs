using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Inspection;

/// <summary>One reading of a backup's file: its bytes, and what the archive within them holds. It judges nothing.</summary>
/// <param name="file">The backup.</param>
/// <param name="identities">Full paths of identity files, checked; empty for none.</param>
/// <param name="manifest">Its manifest; null where there is none that can be relied on.</param>
/// <param name="observer">Takes progress.</param>
/// <param name="cancellationToken">Ends the reading.</param>
internal sealed class FileReading(
    StoredFile file,
    IReadOnlyList<string> identities,
    BackupManifest? manifest,
    Action<EngineMessage> observer,
    CancellationToken cancellationToken
)
{
    private const long BeyondRecord = 64L << 20;

    private readonly string _activity = $"Verifying {file.Name}";

    /// <summary>The SHA-256 of the file in upper-case hexadecimal; empty before it was read.</summary>
    public string Hash { get; private set; } = "";

    /// <summary>How many bytes the file has.</summary>
    public long Length { get; private set; }

    /// <summary>True if the content was not read: it is the recorded one, for the file is.</summary>
    public bool IsTrusted { get; private set; }

    /// <summary>What the archive holds; null unless it was read to its end.</summary>
    public ArchiveContent? Content { get; private set; }

    /// <summary>What the archive holds beside what was recorded; null unless it was read to its end.</summary>
    public ManifestComparison? Comparison { get; private set; }

    /// <summary>The decryption, and what came of it; null unless the content was to be read.</summary>
    public AgeDecryption? Decryption { get; private set; }

    /// <summary>Why the archive could not be begun; null if it was.</summary>
    public CryoBackupException? OpenFailure { get; private set; }

    /// <summary>What is wrong with the compression; null for nothing.</summary>
    public CryoBackupException? CompressionFailure { get; private set; }

    /// <summary>What is wrong with the archive; null for nothing.</summary>
    public CryoBackupException? ArchiveFailure { get; private set; }

    /// <summary>How the file is compressed.</summary>
    public CompressionKind Compression { get; private set; }

    /// <summary>As <see cref="BackupSource.Checksum"/>.</summary>
    public string? Checksum { get; private set; }

    /// <summary>Reads the bytes alone.</summary>
    /// <exception cref="IOException">They cannot be read to their end.</exception>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, NotABackup.</exception>
    public void TakeHash()
    {
        using Stream bytes = file.Open(cancellationToken);
        using var hash = new Sha256ReadStream(bytes);
        long length = bytes.Length;
        using (new ProgressReporter(_activity, observer, () => Look(hash.BytesRead, length, "")))
        {
            Hash = hash.Finish(cancellationToken);
        }

        Length = hash.BytesRead;
    }

    /// <summary>A file that is the recorded one was proven when it was written, and its content need not be read.</summary>
    /// <returns>False where it is another, which is to be read, and found out, as if nothing was recorded.</returns>
    /// <exception cref="IOException">It cannot be read to its end.</exception>
    public bool TakeRecorded()
    {
        if (manifest is not { Sha256: { } recorded })
        {
            return false;
        }

        TakeHash();
        if (
            !string.Equals(recorded, Hash, StringComparison.OrdinalIgnoreCase)
            || RecordedContent.Find(file, identities, manifest, cancellationToken) is not { } content
        )
        {
            return false;
        }

        IsTrusted = true;
        Content = content;
        Comparison = new ManifestComparison(manifest, content);
        return true;
    }

    /// <summary>Reads it all. What keeps the archive from being read leaves at least the hash.</summary>
    /// <exception cref="IOException">It cannot be read to its end.</exception>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied: it was removed meanwhile, or taken from us.</exception>
    public void Read()
    {
        Decryption = new AgeDecryption(file.Path, identities, manifest?.Encryption?.Recipients ?? [], cancellationToken);
        BackupSource source;
        try
        {
            source = new BackupSource(file, Decryption, cancellationToken);
        }
        catch (CryoBackupException exception)
        {
            OpenFailure = exception;
            TakeHash();
            return;
        }

        using (source)
        {
            Read(source);
            Length = source.BytesRead;
            Compression = source.Compression;
            Checksum = source.Checksum;
        }
    }

    private void Read(BackupSource source)
    {
        ArchiveReader? reader = null;
        using var progress = new ProgressReporter(
            _activity,
            observer,
            () =>
                Look(source.BytesRead, source.Length, Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}" : "")
        );
        try
        {
            Content = ArchiveReader.Read(
                Bounded(source.Output),
                copyTo: null,
                started => Volatile.Write(ref reader, started),
                cancellationToken
            );
            cancellationToken.ThrowIfCancellationRequested();
        }
        catch (CryoBackupException exception)
        {
            ArchiveFailure = new CryoBackupException(
                exception.Error,
                $"'{file.Path}': {exception.Message}",
                file.Path,
                exception.Remedy,
                inner: exception
            );
        }
        catch (InvalidDataException exception)
        {
            CompressionFailure = BackupSource.CompressionDamaged(file.Path, exception);
        }

        Hash = source.FinishHash(cancellationToken);
        Comparison = Content is null ? null : new ManifestComparison(manifest, Content);
    }

    /// <summary>An archive far beyond what was recorded is not read on: it is another one, or has no end.</summary>
    private Stream Bounded(Stream archive)
    {
        if (manifest?.UncompressedBytes is not { } recorded || recorded > long.MaxValue / 4)
        {
            return archive;
        }

        long most = (2 * recorded) + BeyondRecord;
        return new BoundedReadStream(
            archive,
            most,
            () =>
                new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The archive goes on beyond {SizeText.Of(most)}, though {recorded} bytes are recorded; it was not read further."
                    ),
                    file.Path,
                    "Use another backup."
                )
        );
    }

    private static (string Status, double? Fraction) Look(long read, long length, string table)
    {
        string bytes = $"{SizeText.Of(read)} of {SizeText.Of(length)}";
        return (table.Length == 0 ? bytes : $"{table}, {bytes}", length == 0 ? null : Math.Min(1, (double)read / length));
    }
}
