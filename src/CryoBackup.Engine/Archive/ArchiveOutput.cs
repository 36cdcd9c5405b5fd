using System.Buffers.Binary;

namespace CryoBackup.Archive;

/// <summary>
/// Writes an archive's data blocks as PostgreSQL's src/bin/pg_dump/pg_backup_custom.c does: a type and a dump ID, then chunks, each with
/// its length before it, and one of length 0 at the end of a run. Where chunks end says nothing: pg_restore passes their bytes on as one
/// text.
/// </summary>
/// <param name="destination">Takes the archive; it is not closed.</param>
internal sealed class ArchiveOutput(Stream destination)
{
    private const int BufferSize = 1 << 16;
    private const int IntSize = 1 + sizeof(int);

    private readonly byte[] _buffer = new byte[BufferSize];
    private int _filled;
    private long _bytesWritten;

    /// <summary>The number of bytes written so far. May be read from another thread.</summary>
    public long BytesWritten => Volatile.Read(ref _bytesWritten);

    /// <summary>Writes bytes as they are.</summary>
    /// <param name="bytes">The bytes.</param>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        Volatile.Write(ref _bytesWritten, _bytesWritten + bytes.Length);
        if (bytes.Length > BufferSize - _filled)
        {
            Flush();
        }

        if (bytes.Length > BufferSize)
        {
            destination.Write(bytes);
            return;
        }

        bytes.CopyTo(_buffer.AsSpan(_filled));
        _filled += bytes.Length;
    }

    /// <summary>Begins the block of an entry.</summary>
    /// <param name="type">What the block holds.</param>
    /// <param name="dumpId">The entry's number.</param>
    public void BeginBlock(int type, int dumpId)
    {
        Write([(byte)type]);
        WriteInt(dumpId);
    }

    /// <summary>Writes an integer: its sign, then its magnitude.</summary>
    /// <param name="value">The integer; of an OID its two's complement.</param>
    public void WriteInt(int value)
    {
        Span<byte> bytes = stackalloc byte[IntSize];
        bytes[0] = value < 0 ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[1..], unchecked((uint)(value < 0 ? -value : value)));
        Write(bytes);
    }

    /// <summary>Writes a chunk; nothing of nothing, which would end the run.</summary>
    /// <param name="data">Its content.</param>
    public void WriteChunk(ReadOnlySpan<byte> data)
    {
        if (!data.IsEmpty)
        {
            WriteInt(data.Length);
            Write(data);
        }
    }

    /// <summary>Ends a run of chunks.</summary>
    public void EndRun() => WriteInt(0);

    /// <summary>Hands on what is held back.</summary>
    public void Flush()
    {
        destination.Write(_buffer.AsSpan(0, _filled));
        _filled = 0;
    }
}
