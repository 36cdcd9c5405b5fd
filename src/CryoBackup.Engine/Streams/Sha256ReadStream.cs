using System.Buffers;
using System.Security.Cryptography;

namespace CryoBackup.Streams;

/// <summary>Reads through, and takes the SHA-256 and the length of what was read.</summary>
internal sealed class Sha256ReadStream(Stream source) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytesRead;

    /// <summary>The number of bytes read. May be read from another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _hash.AppendData(buffer[..count]);
        Volatile.Write(ref _bytesRead, _bytesRead + count);
        return count;
    }

    /// <summary>Reads what is left, and gives the hash of everything.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The hash in upper-case hexadecimal.</returns>
    public string Finish(CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
        try
        {
            while (Read(buffer) > 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexString(_hash.GetHashAndReset());
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
