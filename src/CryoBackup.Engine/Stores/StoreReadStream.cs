using CryoBackup.Streams;

namespace CryoBackup.Stores;

/// <summary>Reads an object through; where the connection is cut, it goes on at the byte that is next.</summary>
internal sealed class StoreReadStream(IStoreDriver driver, StoreRetry retry, StoreObject known, CancellationToken cancellationToken)
    : ReadOnlyStream
{
    private Stream? _stream;
    private long _position;

    /// <inheritdoc/>
    public override long Length => known.Size;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        byte[] own = new byte[Math.Min(buffer.Length, 1 << 17)];
        int count = ReadAsync(own).AsTask().GetAwaiter().GetResult();
        own.AsSpan(0, count).CopyTo(buffer);
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        if (buffer.Length == 0 || _position == known.Size)
        {
            return 0;
        }

        int count = await retry
            .RunAsync($"Reading '{known.Key}' from byte {_position}", _ => AttemptAsync(buffer), cancellationToken)
            .ConfigureAwait(false);
        _position += count;
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _stream?.Dispose();
        base.Dispose(disposing);
    }

    private async Task<int> AttemptAsync(Memory<byte> buffer)
    {
        try
        {
            _stream ??= await driver.ReadAsync(known, _position, cancellationToken).ConfigureAwait(false);
            int count = await _stream
                .ReadAsync(buffer[..(int)Math.Min(buffer.Length, known.Size - _position)], cancellationToken)
                .ConfigureAwait(false);
            return count > 0 ? count : throw new EndOfStreamException($"it ended at byte {_position} of {known.Size}");
        }
        catch
        {
            _stream?.Dispose();
            _stream = null;
            throw;
        }
    }
}
