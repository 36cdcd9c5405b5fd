using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace CryoBackup.Archive;

/// <summary>
/// The bytes of an archive as they flow by, and the primitives they are made of: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c
/// (ReadInt, ReadStr) writes integers as a sign and a magnitude, texts with their length before them. Holds no more than its buffer.
/// </summary>
/// <param name="source">The archive from its first byte.</param>
/// <param name="copyTo">Takes every byte read, unchanged and in order; null for none.</param>
/// <param name="cancellationToken">Ends the reading between two reads of the source.</param>
internal sealed class ArchiveInput(Stream source, Stream? copyTo, CancellationToken cancellationToken) : IDisposable
{
    /// <summary>How much is taken at once at most where the archive does not say how much belongs together, in bytes.</summary>
    public const int LargestRun = BufferSize / 2;

    private const int BufferSize = 1 << 20;

    // No definition comes near it, and a false length below it costs a bounded amount of memory.
    private const int MaximumStringLength = 1 << 28;
    private const int StringStep = 1 << 16;

    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _position;
    private int _end;
    private long _bufferOffset;
    private long _bytesRead;

    /// <summary>How names and definitions are decoded; null for UTF-8.</summary>
    public Encoding? Encoding { get; set; }

    /// <summary>Where in the archive the next byte stands.</summary>
    public long Offset => _bufferOffset + _position;

    /// <summary>The number of bytes read so far. May be read from another thread.</summary>
    public long BytesRead => Volatile.Read(ref _bytesRead);

    /// <summary>True if the source itself threw, so that the archive is not to blame.</summary>
    public bool SourceFailed { get; private set; }

    /// <summary>What lies in the buffer and was not taken yet.</summary>
    public ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_position, _end - _position);

    /// <summary>Steps over bytes that lie in the buffer.</summary>
    /// <param name="count">How many.</param>
    public void Skip(int count) => _position += count;

    /// <summary>Takes bytes that the archive must have.</summary>
    /// <param name="count">How many, at most the buffer's size, 1 MiB.</param>
    /// <returns>They stand there until the next reading.</returns>
    public ReadOnlySpan<byte> Take(int count)
    {
        if (_end - _position < count)
        {
            Need(count);
        }

        ReadOnlySpan<byte> taken = _buffer.AsSpan(_position, count);
        _position += count;
        return taken;
    }

    /// <summary>Reads one byte.</summary>
    public int ReadByte()
    {
        Need(1);
        return _buffer[_position++];
    }

    /// <summary>Reads an integer.</summary>
    public int ReadInt()
    {
        if (_end - _position < 5)
        {
            Need(5);
        }

        int sign = _buffer[_position];
        uint magnitude = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_position + 1, 4));

        // Each number has one form: no minus zero, nothing beyond 32 bits.
        if (sign > 1 || unchecked(magnitude - (uint)sign) > int.MaxValue)
        {
            throw Corrupt($"an integer has the sign {sign} and the magnitude {magnitude}");
        }

        _position += 5;

        // An OID above 2^31 is written as its two's complement, so the arithmetic wraps.
        return unchecked(sign == 0 ? (int)magnitude : -(int)magnitude);
    }

    /// <summary>Reads an OID, which is written as a text.</summary>
    public uint ReadOid()
    {
        string text = ReadString() ?? "0";
        return uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint oid)
            ? oid
            : throw Corrupt($"\"{Shorten(text)}\" stands where an OID belongs");
    }

    /// <summary>Reads a text, decoded.</summary>
    /// <returns>Null for none, which is not an empty one.</returns>
    public string? ReadString()
    {
        int length = ReadInt();
        if (length == -1)
        {
            return null;
        }

        if (length is < -1 or > MaximumStringLength)
        {
            throw Corrupt($"a text claims {length} bytes");
        }

        if (length <= BufferSize)
        {
            return ServerEncoding.Decode(Take(length), Encoding);
        }

        // A long text grows with what really comes, so a false length cannot take memory.
        using var whole = new MemoryStream();
        for (int remaining = length; remaining > 0; )
        {
            int take = Math.Min(remaining, StringStep);
            whole.Write(Take(take));
            remaining -= take;
        }

        return ServerEncoding.Decode(whole.GetBuffer().AsSpan(0, length), Encoding);
    }

    /// <summary>Makes that many bytes lie in the buffer, which the archive must have.</summary>
    /// <param name="count">How many.</param>
    public void Need(int count)
    {
        if (!Ensure(count))
        {
            throw Corrupt("it ends in the middle");
        }
    }

    /// <summary>Makes that many bytes lie in the buffer.</summary>
    /// <param name="count">How many.</param>
    /// <returns>False if the source ends before.</returns>
    public bool Ensure(int count)
    {
        while (_end - _position < count)
        {
            if (_position > 0 && BufferSize - _position < Math.Max(count, BufferSize / 4))
            {
                _buffer.AsSpan(_position, _end - _position).CopyTo(_buffer);
                _bufferOffset += _position;
                _end -= _position;
                _position = 0;
            }

            cancellationToken.ThrowIfCancellationRequested();
            SourceFailed = true;
            int read = source.Read(_buffer, _end, BufferSize - _end);
            SourceFailed = false;
            if (read == 0)
            {
                return false;
            }

            copyTo?.Write(_buffer, _end, read);
            _end += read;
            Volatile.Write(ref _bytesRead, _bytesRead + read);
        }

        return true;
    }

    /// <summary>The archive is not what pg_dump writes.</summary>
    /// <param name="what">In which way.</param>
    /// <param name="at">Where; null for where it is being read.</param>
    public CryoBackupException Corrupt(string what, long? at = null) =>
        new(
            CryoBackupError.ArchiveCorrupt,
            string.Create(CultureInfo.InvariantCulture, $"The archive is damaged at byte {at ?? Offset}: {what}."),
            remedy: "Use another backup; this one does not come back whole."
        );

    /// <summary>What stands in a message of a text that may be long.</summary>
    /// <param name="text">The text.</param>
    public static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";

    /// <summary>Gives the buffer back.</summary>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
