using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>The way of an archive from the disk: file, SHA-256, decryption, decompression. What the file is,
/// its first bytes tell.</summary>
internal sealed class BackupSource : IDisposable
{
    // The tap takes no more than a few cores give; each holds two blocks of a mebibyte.
    private const int MaximumWorkers = 8;

    private readonly Stream _file;
    private readonly Sha256ReadStream _hash;
    private readonly Stream? _decrypted;
    private readonly Stream? _decompressor;

    /// <summary>Opens the way.</summary>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="decryption">Decrypts where the file is encrypted.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, NotABackup;
    /// IdentityMissing and others of the decryption.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public BackupSource(string path, AgeDecryption decryption)
        : this(StoredFile.At(path), decryption, CancellationToken.None) { }

    /// <summary>Opens the way from wherever the backup lies.</summary>
    /// <param name="file">The backup.</param>
    /// <param name="decryption">Decrypts where the file is encrypted.</param>
    /// <param name="cancellationToken">Ends what a store sends.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, NotABackup, LocationUnreachable;
    /// IdentityMissing and others of the decryption.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public BackupSource(StoredFile file, AgeDecryption decryption, CancellationToken cancellationToken)
    {
        string path = file.Path;
        _file = file.Open(cancellationToken);
        _hash = new Sha256ReadStream(_file);
        try
        {
            Length = _file.Length;
            byte[] start = new byte[Math.Max(ForeignFile.StartLength, Math.Max(GzipMember.HeaderLength, AgeHeader.StartLength))];
            int count = _file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
            _file.Position = 0;
            Stream source = _hash;
            if (decryption.IsEncrypted(start.AsSpan(0, count)))
            {
                _decrypted = decryption.Open(_file, _hash);
                count = _decrypted.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
                source = _decrypted = new PrefixedStream(start.AsMemory(0, count).ToArray(), _decrypted);
                Checksum = "age";
            }

            ReadOnlySpan<byte> magic = start.AsSpan(0, count);
            if (magic.StartsWith("PGDMP"u8))
            {
                Compression = CompressionKind.None;
            }
            else if (magic.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
            {
                Compression = CompressionKind.Gzip;
                Checksum ??= "gzip";
                _decompressor = GzipMember.ReadLength(magic) is null
                    ? new GzipReader(source)
                    : new ParallelGzipReader(source, Math.Min(Environment.ProcessorCount, MaximumWorkers));
            }
            else if (magic.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]))
            {
                Compression = CompressionKind.Zstd;

                // The third bit of the frame's descriptor says whether a checksum follows its content.
                Checksum ??= magic.Length > 4 && (magic[4] & 4) != 0 ? "zstd" : null;
                _decompressor = new ZstdReader(source);
            }
            else
            {
                throw NotABackup(path, decryption.IsArmored, magic);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How the file is compressed.</summary>
    public CompressionKind Compression { get; }

    /// <summary>The program whose own checksum, stored in the file, covers the whole archive: age, gzip or zstd;
    /// null where there is none.</summary>
    public string? Checksum { get; }

    /// <summary>True if the file is encrypted.</summary>
    public bool IsEncrypted => _decrypted is not null;

    /// <summary>Gives the archive.</summary>
    public Stream Output => _decompressor ?? _decrypted ?? _hash;

    /// <summary>The number of stored bytes read. May be read from another thread.</summary>
    public long BytesRead => _hash.BytesRead;

    /// <summary>The number of stored bytes.</summary>
    public long Length { get; }

    /// <summary>Reads what is left of the file, and gives the hash of all of it.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The SHA-256 in upper-case hexadecimal.</returns>
    public string FinishHash(CancellationToken cancellationToken)
    {
        // Another thread may still read ahead for it.
        _decompressor?.Dispose();
        _decrypted?.Dispose();
        return _hash.Finish(cancellationToken);
    }

    /// <summary>The error of a damaged compression, which every stage throws alike.</summary>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="exception">What was thrown.</param>
    public static CryoBackupException CompressionDamaged(string path, InvalidDataException exception) =>
        new(
            CryoBackupError.ArchiveCorrupt,
            $"The compression of '{path}' is damaged: {exception.Message.TrimEnd('.')}.",
            path,
            "Use another backup; this one does not come back whole.",
            inner: exception
        );

    private static CryoBackupException NotABackup(string path, bool isArmored, ReadOnlySpan<byte> start)
    {
        (string what, string remedy) =
            isArmored
                ? (
                    "it is an encrypted file in age's armored form",
                    "Encrypt without --armor, or take the armor off: age -d, then age -R again."
                )
            : ForeignFile.Recognize(start) is { } foreign ? ($"it is {foreign.What}", foreign.Remedy)
            : (
                "it begins neither as an archive of pg_dump -Fc nor as gzip or zstd does",
                "Give a file made by New-CryoBackup or by pg_dump -Fc."
            );
        return new CryoBackupException(CryoBackupError.NotABackup, $"'{path}' is not a backup: {what}.", path, remedy);
    }

    /// <summary>Opens a backup's file for reading.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>The stream.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied; NotABackup: a folder, a pipe, a device.</exception>
    public static FileStream OpenFile(string path)
    {
        try
        {
            FileStream file = RegularFile.Read(path);

            // Whoever removes backups leaves alone what is read.
            RegularFile.Share(file);
            return file;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException && BackupFolder.OfDump(path) is { } directory)
        {
            throw new CryoBackupException(directory.Error, directory.Message, path, directory.Remedy, inner: exception);
        }
        catch (IrregularFileException exception)
        {
            throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"The backup file '{path}' cannot be read: {exception.Message}",
                path,
                "Give the file of a backup.",
                inner: exception
            );
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"The backup file '{path}' does not exist.",
                path,
                Directory.Exists(Path.GetDirectoryName(path))
                    ? "List the backups there are with Get-CryoBackup."
                    : $"'{Path.GetDirectoryName(path)}' is not there either: if it is a share, see that it is mounted.",
                inner: exception
            );
        }
        catch (IOException exception) when (HeldFile.IsHeld(exception))
        {
            throw Held(path, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The backup file '{path}' cannot be read: {exception.Message}",
                path,
                "Use an account that may read it.",
                inner: exception
            );
        }
    }

    /// <summary>A file that another program lets nobody read says nothing of the backup.</summary>
    /// <param name="path">The file.</param>
    /// <param name="exception">What the system said.</param>
    public static CryoBackupException Held(string path, Exception exception) =>
        new(
            CryoBackupError.BackupLocked,
            $"The file '{path}' is held by another program, which lets nobody read it.",
            path,
            "Wait until that program (a copy, a scanner, another backup of this machine) lets go of it, and try again.",
            inner: exception
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        _decompressor?.Dispose();
        _decrypted?.Dispose();
        _hash.Dispose();
        _file.Dispose();
    }
}
