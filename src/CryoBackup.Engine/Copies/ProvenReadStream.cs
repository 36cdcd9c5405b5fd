using System.Globalization;
using System.Security.Cryptography;
using CryoBackup.Streams;

namespace CryoBackup.Copies;

/// <summary>Reads through, and ends with an error where the bytes were not those that were recorded: what is damaged is not sent on as
/// whole.</summary>
/// <param name="source">The bytes.</param>
/// <param name="path">What they are of.</param>
/// <param name="length">How many were recorded.</param>
/// <param name="sha256">Their hash as recorded, in hexadecimal; null where there is none, as in manifests of the predecessor.</param>
internal sealed class ProvenReadStream(Stream source, string path, long length, string? sha256) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytesRead;

    /// <summary>The number of bytes read. May be read from another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>The hash of all that was read, in upper-case hexadecimal; empty before the end.</summary>
    public string Hash { get; private set; } = "";

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        Take(buffer[..count], buffer.Length);
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        Take(buffer.Span[..count], buffer.Length);
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }

    private void Take(ReadOnlySpan<byte> read, int wanted)
    {
        _hash.AppendData(read);
        Volatile.Write(ref _bytesRead, _bytesRead + read.Length);
        if (read.Length > 0 || wanted == 0 || Hash.Length > 0)
        {
            return;
        }

        Hash = Convert.ToHexString(_hash.GetHashAndReset());
        if (_bytesRead != length || (sha256 is not null && !string.Equals(Hash, sha256, StringComparison.OrdinalIgnoreCase)))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{path}' ({_bytesRead} bytes; {length} were recorded) is not what was written: "
                        + $"its SHA-256 is {Hash.ToLowerInvariant()}."
                ),
                path,
                "It is damaged, and is no backup any more; use another one, and look at what it lies on."
            );
        }
    }
}
