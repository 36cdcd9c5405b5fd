using CryoBackup.Streams;

namespace CryoBackup.Backup;

/// <summary>
/// Hands rows from several sessions, each of which reads a piece, to the one writer, who takes piece after piece in their order. What lies
/// here has a limit: beyond it only the piece that is being written gets in, so nobody waits for somebody who waits for him.
/// </summary>
/// <param name="most">How many bytes may lie here.</param>
internal sealed class RowQueue(long most) : BlockExchange
{
    private readonly Dictionary<int, Piece> _pieces = [];
    private int _written;

    /// <summary>Puts rows here, and waits while there is no room.</summary>
    /// <param name="piece">Whose they are; counts from 0.</param>
    /// <param name="block">One that <see cref="BlockExchange.Rent"/> gave.</param>
    /// <param name="length">How much of it is filled.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Add(int piece, byte[] block, int length)
    {
        lock (Gate)
        {
            // The piece that is being written always gets one block in, or nobody would go on.
            WaitWhile(() => Held + BlockSize > most && (piece != _written || Of(piece).Blocks.Count > 0));
            Hold();
            Of(piece).Blocks.Enqueue((block, length));
            Monitor.PulseAll(Gate);
        }
    }

    /// <summary>A piece has no more rows.</summary>
    /// <param name="piece">Which.</param>
    public void End(int piece)
    {
        lock (Gate)
        {
            Of(piece).IsEnded = true;
            Monitor.PulseAll(Gate);
        }
    }

    /// <summary>Takes the next block of a piece, and waits for it.</summary>
    /// <param name="piece">Which; those before it have been taken to their end.</param>
    /// <param name="write">Takes the rows, which stand there for the time of the call.</param>
    /// <returns>False at the piece's end.</returns>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public bool Take(int piece, Action<ReadOnlyMemory<byte>> write)
    {
        (byte[] Bytes, int Length) block;
        lock (Gate)
        {
            if (_written != piece)
            {
                _written = piece;
                Monitor.PulseAll(Gate);
            }

            Piece found = Of(piece);
            WaitWhile(() => found.Blocks.Count == 0 && !found.IsEnded);
            if (!found.Blocks.TryDequeue(out block))
            {
                _pieces.Remove(piece);
                return false;
            }
        }

        write(block.Bytes.AsMemory(0, block.Length));
        Return(block.Bytes);
        return true;
    }

    private Piece Of(int piece)
    {
        if (!_pieces.TryGetValue(piece, out Piece? found))
        {
            _pieces.Add(piece, found = new Piece());
        }

        return found;
    }

    private sealed class Piece
    {
        public Queue<(byte[] Bytes, int Length)> Blocks { get; } = [];

        public bool IsEnded { get; set; }
    }
}
