using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace CryoBackup.Streams;

/// <summary>
/// Decompresses gzip of any origin (RFC 1952), one member after another. GZipStream takes a file that breaks off for a whole one,
/// and passes over what follows the last member; this takes neither.
/// </summary>
internal sealed class GzipReader : ReadOnlyStream
{
    private const int BufferSize = 1 << 16;
    private const int TrailerLength = 8;
    private const byte FlagHeaderChecksum = 2;
    private const byte FlagExtra = 4;
    private const byte FlagName = 8;
    private const byte FlagComment = 16;
    private const byte ReservedFlags = 0xe0;

    private static ReadOnlySpan<byte> Magic => [0x1f, 0x8b];

    private readonly Stream _source;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _position;
    private int _end;
    private int _lastGiven;
    private bool _brokeOff;
    private DeflateStream? _member;
    private readonly Crc32 _checksum = new();
    private uint _length;

    /// <summary>Begins to decompress.</summary>
    /// <param name="source">The file from its first byte; not closed.</param>
    public GzipReader(Stream source) => _source = source;

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The file is not gzip, is damaged, ends within a member,
    /// or has more after the last.</exception>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        while (_member is not null || BeginMember())
        {
            int count = _member!.Read(buffer);
            if (count > 0)
            {
                _checksum.Append(buffer[..count]);
                _length = unchecked(_length + (uint)count);
                return count;
            }

            EndMember();
        }

        return 0;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _member?.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <returns>False at the end of the file.</returns>
    private bool BeginMember()
    {
        if (Fill(1) == 0)
        {
            return false;
        }

        _checksum.Reset();
        if (NextByte() != 0x1f || NextByte() != 0x8b)
        {
            throw new InvalidDataException("what stands where a gzip member belongs is none");
        }

        if (NextByte() != 8)
        {
            throw new InvalidDataException("a gzip member is compressed by an unknown method");
        }

        byte flags = NextByte();
        if ((flags & ReservedFlags) != 0)
        {
            throw new InvalidDataException("a gzip member has unknown flags");
        }

        Skip(6);
        if ((flags & FlagExtra) != 0)
        {
            Skip(NextByte() | (NextByte() << 8));
        }

        if ((flags & FlagName) != 0)
        {
            SkipText();
        }

        if ((flags & FlagComment) != 0)
        {
            SkipText();
        }

        uint header = _checksum.GetCurrentHashAsUInt32() & 0xffff;
        if ((flags & FlagHeaderChecksum) != 0 && (NextByte() | (NextByte() << 8)) != header)
        {
            throw new InvalidDataException("the checksum of a gzip member's header does not fit");
        }

        _checksum.Reset();
        _length = 0;
        _brokeOff = false;
        _lastGiven = _position;
        _member = new DeflateStream(new MemberBody(this), CompressionMode.Decompress);
        return true;
    }

    private void EndMember()
    {
        _member!.Dispose();
        _member = null;

        // DeflateStream does not say where in the bytes that it took last the member ended; its trailer, which we know, does. The
        // trailer of nothing is only zeros, which may begin earlier; then what follows it decides.
        Span<byte> trailer = stackalloc byte[TrailerLength];
        BinaryPrimitives.WriteUInt32LittleEndian(trailer, _checksum.GetCurrentHashAsUInt32());
        BinaryPrimitives.WriteUInt32LittleEndian(trailer[sizeof(uint)..], _length);
        int needed = _position - _lastGiven + TrailerLength;
        _position = _lastGiven;
        int available = _brokeOff ? 0 : Fill(needed + Magic.Length);
        ReadOnlySpan<byte> rest = _buffer.AsSpan(_position, Math.Min(available, needed + Magic.Length));
        int end = 0;
        for (int next; (next = rest[end..].IndexOf(trailer)) >= 0; end -= TrailerLength - 1)
        {
            end += next + TrailerLength;
            if (end == rest.Length || rest[end..].StartsWith(Magic))
            {
                _position += end;
                return;
            }
        }

        throw new InvalidDataException(
            end > 0 ? "what follows a gzip member is not the next one"
            : available < needed ? "the file ends within a gzip member"
            : "the checksum of a gzip member does not fit what it holds"
        );
    }

    private byte NextByte()
    {
        if (Fill(1) == 0)
        {
            throw new InvalidDataException("the file ends within a gzip member");
        }

        _checksum.Append(_buffer.AsSpan(_position, 1));
        return _buffer[_position++];
    }

    private void Skip(int count)
    {
        for (int i = 0; i < count; i++)
        {
            NextByte();
        }
    }

    private void SkipText()
    {
        while (NextByte() != 0) { }
    }

    /// <summary>Makes that many bytes lie in the buffer, or all there are.</summary>
    /// <returns>How many bytes lie there.</returns>
    private int Fill(int count)
    {
        while (_end - _position < count)
        {
            if (_position == _end || _buffer.Length - _position < count)
            {
                _buffer.AsSpan(_position, _end - _position).CopyTo(_buffer);
                _end -= _position;
                _position = 0;
            }

            int read = _source.Read(_buffer, _end, _buffer.Length - _end);
            if (read == 0)
            {
                break;
            }

            _end += read;
        }

        return _end - _position;
    }

    /// <summary>The compressed bytes of a member and what follows it; what was given last stays in the buffer.</summary>
    private sealed class MemberBody(GzipReader reader) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            // Half the buffer at the most, so that the trailer always fits in behind.
            int take = Math.Min(Math.Min(reader.Fill(1), buffer.Length), BufferSize / 2);
            reader._brokeOff = take == 0;
            reader._lastGiven = reader._position;
            reader._buffer.AsSpan(reader._position, take).CopyTo(buffer);
            reader._position += take;
            return take;
        }
    }
}
