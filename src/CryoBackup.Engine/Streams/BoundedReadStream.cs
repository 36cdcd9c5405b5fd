namespace CryoBackup.Streams;

/// <summary>Reads through, and refuses to go on for ever: a small file can hold, compressed,
/// more than any disk or night has room for.</summary>
/// <param name="source">What is read.</param>
/// <param name="most">The most bytes.</param>
/// <param name="refuse">Makes the error that is thrown where there are more.</param>
internal sealed class BoundedReadStream(Stream source, long most, Func<Exception> refuse) : ReadOnlyStream
{
    private long _bytesRead;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int count = source.Read(buffer);
        _bytesRead += count;
        return _bytesRead <= most ? count : throw refuse();
    }
}
