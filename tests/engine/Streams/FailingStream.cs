namespace CryoBackup.Tests.Streams;

/// <summary>Gives or takes so many bytes, then fails as a disk does.</summary>
internal sealed class FailingStream(byte[] content, int failAt) : Stream
{
    private int _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int take = Math.Min(count, Math.Min(failAt, content.Length) - _position);
        if (take == 0 && _position < content.Length)
        {
            throw new IOException("the disk failed");
        }

        content.AsSpan(_position, take).CopyTo(buffer.AsSpan(offset));
        _position += take;
        return take;
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        _position += count;
        if (_position > failAt)
        {
            throw new IOException("the disk failed");
        }
    }

    public override void Flush() { }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
