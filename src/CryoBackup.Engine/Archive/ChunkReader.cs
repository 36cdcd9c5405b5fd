using System.IO.Compression;
using CryoBackup.Streams;

namespace CryoBackup.Archive;

/// <summary>The runs of chunks that an archive's data is written in: each chunk has its length before it,
/// and one of length 0 ends the run.</summary>
internal sealed class ChunkReader(ArchiveInput input, ArchiveCompression compression)
{
    private const int PlainSize = 1 << 16;

    private byte[]? _plain;

    /// <summary>Takes data, which stands there for the time of the call.</summary>
    public delegate void DataHandler(ReadOnlySpan<byte> data);

    /// <summary>Reads one run of chunks to its end.</summary>
    /// <param name="handler">Takes the data, decompressed.</param>
    /// <returns>False if the data is compressed by an algorithm that is not readable here; the chunks are then only stepped over.</returns>
    public bool Read(DataHandler handler)
    {
        switch (compression)
        {
            case ArchiveCompression.None:
                ReadPlain(handler);
                return true;
            case ArchiveCompression.Gzip:
                ReadDeflated(handler);
                return true;
            default:
                ReadPlain(static _ => { });
                return false;
        }
    }

    private void ReadPlain(DataHandler handler)
    {
        int remaining;
        while ((remaining = ReadLength()) > 0)
        {
            while (remaining > 0)
            {
                // A short chunk (mostly one row) is handed over whole, a long one as it comes.
                int take = Math.Min(remaining, ArchiveInput.LargestRun);
                handler(input.Take(take));
                remaining -= take;
            }
        }
    }

    private void ReadDeflated(DataHandler handler)
    {
        _plain ??= new byte[PlainSize];
        using var chunks = new ChunkStream(this, input);
        var checksum = new Adler32();
        try
        {
            using var zlib = new ZLibStream(chunks, CompressionMode.Decompress, leaveOpen: true);
            int count;
            while ((count = zlib.Read(_plain)) > 0)
            {
                checksum.Append(_plain.AsSpan(0, count));
                handler(_plain.AsSpan(0, count));
            }
        }
        catch (Exception exception) when (!input.SourceFailed && exception is (InvalidDataException or IOException))
        {
            throw input.Corrupt($"a compressed data block is damaged ({exception.Message.TrimEnd('.')})");
        }

        // ZLibStream passes over a stream that breaks off, and over what follows one. A whole one ends with its checksum.
        chunks.Drain();
        if (chunks.LastFourBytes != checksum.Value)
        {
            throw input.Corrupt("a compressed data block does not end with its checksum");
        }
    }

    private int ReadLength()
    {
        int length = input.ReadInt();
        if (length < 0)
        {
            throw input.Corrupt($"a chunk claims {length} bytes");
        }

        return length;
    }

    /// <summary>The content of one run of chunks as a stream.</summary>
    private sealed class ChunkStream(ChunkReader reader, ArchiveInput input) : ReadOnlyStream
    {
        private int _remaining;
        private bool _ended;

        /// <summary>The last four bytes read, the first of them the most significant.</summary>
        public uint LastFourBytes { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            if (_remaining == 0 && !_ended)
            {
                _remaining = reader.ReadLength();
                _ended = _remaining == 0;
            }

            if (_ended)
            {
                return 0;
            }

            input.Need(1);
            ReadOnlySpan<byte> part = input.Buffered;
            part = part[..Math.Min(Math.Min(_remaining, buffer.Length), part.Length)];
            part.CopyTo(buffer);
            foreach (byte value in part[^Math.Min(part.Length, sizeof(uint))..])
            {
                LastFourBytes = (LastFourBytes << 8) | value;
            }

            int count = part.Length;
            input.Skip(count);
            _remaining -= count;
            return count;
        }

        public void Drain()
        {
            Span<byte> rest = stackalloc byte[512];
            while (Read(rest) > 0) { }
        }
    }
}
