using CryoBackup.Encryption;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>The way of an archive to the disk: compression, encryption, SHA-256 and the fingerprints of ranges, file.</summary>
internal sealed class BackupSink : IDisposable
{
    /// <summary>The level whose files are smaller than those of pg_dump -Z1, at the least time;
    /// those of pg_dump -Fc may be a fifth smaller.</summary>
    public const int DefaultGzipLevel = 2;

    private const int DefaultZstdLevel = 3;

    // pg_dump gives no more than a few cores compress; each holds two blocks of a mebibyte.
    private const int MaximumWorkers = 8;

    private readonly RangeWriteStream _ranges;
    private readonly Sha256WriteStream _hash;
    private readonly WriteOnlyStream? _age;
    private readonly WriteOnlyStream? _compressor;

    /// <summary>Opens the way.</summary>
    /// <param name="file">Takes the bytes as stored; not closed.</param>
    /// <param name="compression">How to compress.</param>
    /// <param name="level">1 to 9; null for the default.</param>
    /// <param name="encryption">Encrypts; null for no encryption.</param>
    /// <param name="cancellationToken">Ends programs on the way.</param>
    public BackupSink(Stream file, CompressionKind compression, int? level, AgeEncryption? encryption, CancellationToken cancellationToken)
    {
        _ranges = new RangeWriteStream(file);
        _hash = new Sha256WriteStream(_ranges);
        _age = encryption?.Encrypt(_hash, cancellationToken);
        WriteOnlyStream destination = _age ?? _hash;
        int workers = Math.Min(Environment.ProcessorCount, MaximumWorkers);
        _compressor = compression switch
        {
            CompressionKind.Gzip => new ParallelGzipWriter(destination, level ?? DefaultGzipLevel, workers),
            CompressionKind.Zstd => new ZstdWriter(destination, level ?? DefaultZstdLevel, workers),
            _ => null,
        };
    }

    /// <summary>Takes the archive.</summary>
    public Stream Input => _compressor ?? _age ?? _hash;

    /// <summary>The number of bytes stored.</summary>
    public long BytesWritten => _hash.BytesWritten;

    /// <summary>The SHA-256 of what was stored, in upper-case hexadecimal; empty before <see cref="Complete"/>.</summary>
    public string Hash => _hash.Hash;

    /// <summary>The fingerprints of its ranges; of none before <see cref="Complete"/>.</summary>
    public BackupManifest.RangesRecord Ranges => new() { SizeBytes = _ranges.RangeLength, Fingerprints = _ranges.Fingerprints };

    /// <summary>Writes what is held back.</summary>
    public void Complete()
    {
        _compressor?.Complete();
        _age?.Complete();
        _hash.Complete();
        _ranges.Complete();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _compressor?.Dispose();
        _age?.Dispose();
        _hash.Dispose();
        _ranges.Dispose();
    }
}
