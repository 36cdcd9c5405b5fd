using ZstdSharp;

namespace CryoBackup.Streams;

/// <summary>Decompresses Zstandard of any origin (RFC 8878), one frame after another, and compares each frame's checksum.</summary>
internal sealed class ZstdReader : ReadOnlyStream
{
    private readonly DecompressionStream _frames;

    /// <summary>Begins to decompress.</summary>
    /// <param name="source">The file from its first byte; not closed.</param>
    public ZstdReader(Stream source) => _frames = new DecompressionStream(source, checkEndOfStream: true, leaveOpen: true);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is not Zstandard, is damaged, ends within a frame, or has more after the
    /// last.</exception>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return _frames.Read(buffer);
        }
        catch (EndOfStreamException exception)
        {
            throw new InvalidDataException("the file ends within a frame of zstd", exception);
        }
        catch (ZstdException exception)
        {
            throw new InvalidDataException($"a frame of zstd is damaged ({exception.Message})", exception);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _frames.Dispose();
        }

        base.Dispose(disposing);
    }
}
