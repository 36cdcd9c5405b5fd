namespace CryoBackup.Stores;

/// <summary>
/// An object as a file that is read: forward, and anew from where its position is set. Its beginning is kept, so that whoever looks at the
/// first bytes and begins again costs no further request. What the store does wrong is an <see cref="IOException"/>, as of a disk, whose
/// inner exception tells users.
/// </summary>
internal sealed class StoreFile : Stream
{
    private const int HeadLength = 64 << 10;

    private readonly Store _store;
    private readonly StoreObject _known;
    private readonly CancellationToken _cancellation;
    private byte[] _head = [];
    private StoreReadStream? _stream;
    private long _streamAt;
    private long _position;
    private long _end;

    private StoreFile(Store store, StoreObject known, CancellationToken cancellationToken)
    {
        _store = store;
        _known = known;
        _end = known.Size;
        _cancellation = cancellationToken;
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => _known.Size;

    /// <inheritdoc/>
    public override long Position
    {
        get => _position;
        set => _position = value;
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">Its location.</param>
    /// <param name="options">What the location does not say.</param>
    /// <param name="observer">Learns of faults that were passed over.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The file; null if there is none.</returns>
    /// <exception cref="CryoBackupException">LocationUnreachable, PermissionDenied, BackupNotFound, ToolNotFound.</exception>
    public static StoreFile? Open(string path, StoreOptions options, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        (StoreLocation place, string name) = StoreLocation.ParseFile(path);
        Store store = StoreDrivers.Open(place, options, observer);
        try
        {
            if (store.HeadAsync(name, cancellationToken).GetAwaiter().GetResult() is { } known)
            {
                return new StoreFile(store, known, cancellationToken);
            }
        }
        catch
        {
            store.Dispose();
            throw;
        }

        store.Dispose();
        return null;
    }

    /// <summary>Reads on elsewhere, and no further than to an end: nothing behind it is asked of the store.</summary>
    /// <param name="start">The next byte.</param>
    /// <param name="end">The byte before which the file seems to end.</param>
    public void Narrow(long start, long end)
    {
        (_position, _end) = (start, end);
        _head = [];
        _stream?.Dispose();
        _stream = null;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.Length == 0 || _position >= _end)
        {
            return 0;
        }

        if (_head.Length == 0 && _position < HeadLength)
        {
            byte[] head = new byte[(int)Math.Min(HeadLength, _end)];
            for (int filled = 0; filled < head.Length; )
            {
                filled += ReadStore(filled, head.AsSpan(filled));
            }

            _head = head;
        }

        int count;
        if (_position < _head.Length)
        {
            count = Math.Min(buffer.Length, _head.Length - (int)_position);
            _head.AsSpan((int)_position, count).CopyTo(buffer);
        }
        else
        {
            count = ReadStore(_position, buffer);
        }

        _position += count;
        return count;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) =>
        _position = origin switch
        {
            SeekOrigin.Begin => offset,
            SeekOrigin.Current => _position + offset,
            _ => _known.Size + offset,
        };

    /// <inheritdoc/>
    public override void Flush() { }

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stream?.Dispose();
            _store.Dispose();
        }

        base.Dispose(disposing);
    }

    private int ReadStore(long position, Span<byte> buffer)
    {
        if (_stream is null || _streamAt != position)
        {
            _stream?.Dispose();
            _stream = _store.OpenRead(_known, _cancellation, position, _end);
            _streamAt = position;
        }

        try
        {
            int count = _stream.Read(buffer);
            _streamAt += count;
            return count;
        }
        catch (Exception exception)
        {
            _cancellation.ThrowIfCancellationRequested();
            CryoBackupException failure = _store.Explain(exception, _store.NameOf(_known));
            throw new IOException(failure.Message, failure);
        }
    }
}
