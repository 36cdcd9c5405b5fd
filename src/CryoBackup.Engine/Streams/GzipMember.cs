using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;

namespace CryoBackup.Streams;

/// <summary>
/// One gzip member (RFC 1952) that stands alone and tells its own compressed size, in an extra field of the identifier "CB" with
/// four bytes: the whole member's size, little-endian. Any gunzip reads a file of such members; we find the next one without
/// decompressing, and so use all cores.
/// </summary>
internal static class GzipMember
{
    /// <summary>The size of the header with its extra field, in bytes.</summary>
    public const int HeaderLength = PlainHeaderLength + ExtraLength;

    /// <summary>How much data one member holds at the most, in bytes.</summary>
    public const int BlockLength = 1 << 20;

    /// <summary>No member is longer than this, whatever it holds: deflate's fixed code takes at most 9 bits for a byte.</summary>
    public const int MaximumLength = BlockLength + (BlockLength >> 3) + 1024;

    private const int PlainHeaderLength = 10;
    private const int ExtraLength = 2 + 4 + 4;
    private const int TrailerLength = 8;
    private const int FlagsOffset = 3;
    private const byte FlagExtra = 4;
    private const int SizeOffset = PlainHeaderLength + 2 + 4;

    /// <summary>Compresses one block.</summary>
    /// <param name="block">At most <see cref="BlockLength"/> bytes.</param>
    /// <param name="level">1 (fast) to 9 (small).</param>
    /// <param name="output">Takes the member; its length is set, its buffer reused.</param>
    public static void Compress(ReadOnlySpan<byte> block, int level, MemoryStream output)
    {
        // GZipStream writes the ten bytes of a plain header first. They land at the end of the room for the longer header,
        // and are then put in front of the extra field.
        output.SetLength(ExtraLength);
        output.Position = ExtraLength;
        using (GZipStream gzip = Open(output, level))
        {
            gzip.Write(block);
        }

        Span<byte> member = output.GetBuffer().AsSpan(0, (int)output.Length);
        member.Slice(ExtraLength, PlainHeaderLength).CopyTo(member);
        member[FlagsOffset] = FlagExtra;
        Span<byte> extra = member.Slice(PlainHeaderLength, ExtraLength);
        BinaryPrimitives.WriteUInt16LittleEndian(extra, ExtraLength - 2);
        extra[2] = (byte)'C';
        extra[3] = (byte)'B';
        BinaryPrimitives.WriteUInt16LittleEndian(extra[4..], 4);
        BinaryPrimitives.WriteInt32LittleEndian(extra[6..], member.Length);
    }

    /// <summary>The whole member's size that its header tells.</summary>
    /// <param name="header">At least <see cref="HeaderLength"/> bytes.</param>
    /// <returns>The size in bytes; null if this is not the header of a member of ours.</returns>
    public static int? ReadLength(ReadOnlySpan<byte> header)
    {
        if (
            header.Length < HeaderLength
            || header[0] != 0x1f
            || header[1] != 0x8b
            || header[2] != 8
            || header[FlagsOffset] != FlagExtra
            || BinaryPrimitives.ReadUInt16LittleEndian(header[PlainHeaderLength..]) != ExtraLength - 2
            || header[PlainHeaderLength + 2] != 'C'
            || header[PlainHeaderLength + 3] != 'B'
            || BinaryPrimitives.ReadUInt16LittleEndian(header[(PlainHeaderLength + 4)..]) != 4
        )
        {
            return null;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(header[SizeOffset..]);
        return length is > HeaderLength + TrailerLength and <= MaximumLength ? length : null;
    }

    /// <summary>Decompresses one whole member, and checks that nothing in it is missing, left over or changed.</summary>
    /// <param name="member">The member in an array from its first byte.</param>
    /// <param name="length">Its length in bytes; more than header and trailer have.</param>
    /// <param name="output">Takes what it held; replaced by a longer array where it is too short.</param>
    /// <returns>The number of bytes that it held.</returns>
    /// <exception cref="InvalidDataException">The member is damaged.</exception>
    public static int Decompress(byte[] member, int length, ref byte[] output)
    {
        int end = length - TrailerLength;
        uint checksum = BinaryPrimitives.ReadUInt32LittleEndian(member.AsSpan(end));
        uint expected = BinaryPrimitives.ReadUInt32LittleEndian(member.AsSpan(end + sizeof(uint)));
        if (expected > BlockLength)
        {
            throw new InvalidDataException("a gzip member claims to hold more than a block");
        }

        Grow(ref output, (int)expected);
        var body = new DeflatedBody(member, HeaderLength, end);
        using var deflate = new DeflateStream(body, CompressionMode.Decompress);
        Span<byte> plain = output.AsSpan(0, (int)expected);
        if (
            deflate.ReadAtLeast(plain, plain.Length, throwOnEndOfStream: false) < plain.Length
            || deflate.ReadByte() >= 0
            || !body.EndedExactly
        )
        {
            throw new InvalidDataException("a gzip member does not hold what its trailer says");
        }

        if (Crc32.HashToUInt32(plain) != checksum)
        {
            throw new InvalidDataException("the checksum of a gzip member does not fit what it holds");
        }

        return plain.Length;
    }

    /// <summary>Replaces an array by a longer one where it is too short; its content is lost.</summary>
    /// <param name="array">The array.</param>
    /// <param name="length">The length it must have.</param>
    public static void Grow(ref byte[] array, int length)
    {
        if (array.Length < length)
        {
            array = GC.AllocateUninitializedArray<byte>((int)BitOperations.RoundUpToPowerOf2((uint)length));
        }
    }

    private static GZipStream Open(Stream output, int level)
    {
#if NET9_0_OR_GREATER
        return new GZipStream(output, new ZLibCompressionOptions { CompressionLevel = level }, leaveOpen: true);
#else
        CompressionLevel nearest =
            level <= 3 ? CompressionLevel.Fastest
            : level <= 8 ? CompressionLevel.Optimal
            : CompressionLevel.SmallestSize;
        return new GZipStream(output, nearest, leaveOpen: true);
#endif
    }

    /// <summary>
    /// What lies between header and trailer. DeflateStream says neither that a stream broke off nor that something follows it; this
    /// knows by what it was asked for: the last byte is given alone, and who knows the end does not ask beyond it.
    /// </summary>
    private sealed class DeflatedBody(byte[] member, int start, int end) : ReadOnlyStream
    {
        private int _position = start;
        private bool _askedBeyond;

        /// <summary>True if the stream that was read ends with the last byte.</summary>
        public bool EndedExactly => _position == end && !_askedBeyond;

        public override int Read(Span<byte> buffer)
        {
            int available = Math.Max(end - 1 - _position, 0);
            if (available == 0)
            {
                available = end - _position;
                _askedBeyond |= available == 0;
            }

            int take = Math.Min(available, buffer.Length);
            member.AsSpan(_position, take).CopyTo(buffer);
            _position += take;
            return take;
        }
    }
}
