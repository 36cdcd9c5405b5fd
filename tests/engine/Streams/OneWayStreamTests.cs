using CryoBackup.Streams;

namespace CryoBackup.Tests.Streams;

/// <summary>The streams of a backup go one way; whoever would turn them round is told so at once.</summary>
public sealed class OneWayStreamTests
{
    [Fact]
    public void ReadingOnesOnlyRead()
    {
        using var source = new MemoryStream([1, 2, 3]);
        using var stream = new Sha256ReadStream(source);
        Assert.Equal((true, false, false), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        AssertUnseekable(stream);
        Assert.Throws<NotSupportedException>(() => stream.Write([1], 0, 1));
        byte[] buffer = new byte[4];
        Assert.Equal(3, stream.Read(buffer, 1, 3));
        Assert.Equal([0, 1, 2, 3], buffer);
        stream.Flush();
    }

    [Fact]
    public void WritingOnesOnlyWrite()
    {
        using var destination = new MemoryStream();
        using var stream = new Sha256WriteStream(destination);
        Assert.Equal((false, false, true), (stream.CanRead, stream.CanSeek, stream.CanWrite));
        AssertUnseekable(stream);
        Assert.Throws<NotSupportedException>(() => stream.Read(new byte[1], 0, 1));
        stream.Write([0, 1, 2, 3], 1, 3);
        stream.Flush();
        Assert.Equal([1, 2, 3], destination.ToArray());
    }

    private static void AssertUnseekable(Stream stream)
    {
        Assert.Throws<NotSupportedException>(() => stream.Length);
        Assert.Throws<NotSupportedException>(() => stream.Position);
        Assert.Throws<NotSupportedException>(() => stream.Position = 0);
        Assert.Throws<NotSupportedException>(() => stream.Seek(0, SeekOrigin.Begin));
        Assert.Throws<NotSupportedException>(() => stream.SetLength(0));
    }
}
