using System.Security.Cryptography;

namespace CryoBackup.Streams;

/// <summary>Writes through, and takes the SHA-256 and the length of what was written.</summary>
internal sealed class Sha256WriteStream(Stream destination) : WriteOnlyStream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    /// <summary>The number of bytes written.</summary>
    public long BytesWritten { get; private set; }

    /// <summary>The hash of what was written, in upper-case hexadecimal.</summary>
    public string Hash { get; private set; } = "";

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        destination.Write(buffer);
        _hash.AppendData(buffer);
        BytesWritten += buffer.Length;
    }

    /// <inheritdoc/>
    public override void Complete() => Hash = Convert.ToHexString(_hash.GetHashAndReset());

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _hash.Dispose();
        base.Dispose(disposing);
    }
}
