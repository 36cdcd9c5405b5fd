using CryoBackup.Streams;

namespace CryoBackup.Encryption;

/// <summary>A stream whose first bytes were read already to see what it is.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> first, Stream rest) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _first = first;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_first.IsEmpty)
        {
            return rest.Read(buffer);
        }

        int count = Math.Min(buffer.Length, _first.Length);
        _first.Span[..count].CopyTo(buffer);
        _first = _first[count..];
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            rest.Dispose();
        }

        base.Dispose(disposing);
    }
}
