using System.Buffers;
using CryoBackup.Streams;

namespace CryoBackup.Stores;

/// <summary>Reads a part of an object; where the connection is cut, it goes on at the byte that is next.</summary>
/// <param name="driver">The store.</param>
/// <param name="retry">Repeats what may go better the next time.</param>
/// <param name="known">The object.</param>
/// <param name="part">Where to begin, and the byte before which to end.</param>
/// <param name="cancellationToken">Ends the reading.</param>
internal sealed class StoreReadStream(
    IStoreDriver driver,
    StoreRetry retry,
    StoreObject known,
    (long Start, long End) part,
    CancellationToken cancellationToken
) : ReadOnlyStream
{
    private Stream? _stream;
    private long _position = part.Start;

    /// <inheritdoc/>
    public override long Length => known.Size;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        byte[] own = ArrayPool<byte>.Shared.Rent(Math.Min(buffer.Length, 1 << 17));
        try
        {
            int count = ReadAsync(own.AsMemory(0, Math.Min(buffer.Length, own.Length))).AsTask().GetAwaiter().GetResult();
            own.AsSpan(0, count).CopyTo(buffer);
            return count;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(own);
        }
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int start, int count) =>
        ReadAsync(buffer.AsMemory(start, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellation = default)
    {
        if (buffer.Length == 0 || _position == part.End)
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
            _stream ??= await driver.ReadAsync(known, _position, part.End, cancellationToken).ConfigureAwait(false);
            int count = await _stream
                .ReadAsync(buffer[..(int)Math.Min(buffer.Length, part.End - _position)], cancellationToken)
                .ConfigureAwait(false);
            return count > 0 ? count : throw new EndOfStreamException($"it ended at byte {_position} of {part.End}");
        }
        catch
        {
            _stream?.Dispose();
            _stream = null;
            throw;
        }
    }
}
