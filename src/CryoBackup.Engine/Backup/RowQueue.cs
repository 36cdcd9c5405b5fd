namespace CryoBackup.Backup;

/// <summary>
/// Hands rows from several sessions, each of which reads a piece, to the one writer, who takes piece after piece in their order. What lies
/// here has a limit: beyond it only the piece that is being written gets in, so nobody waits for somebody who waits for him.
/// </summary>
/// <param name="most">How many bytes may lie here.</param>
internal sealed class RowQueue(long most)
{
    /// <summary>The size of a block in bytes.</summary>
    public const int BlockSize = 1 << 18;

    private readonly object _gate = new();
    private readonly Dictionary<int, Piece> _pieces = [];
    private readonly Stack<byte[]> _free = [];
    private int _written;
    private long _held;
    private bool _isStopped;

    /// <summary>Gives an empty block.</summary>
    public byte[] Rent()
    {
        lock (_gate)
        {
            return _free.TryPop(out byte[]? block) ? block : new byte[BlockSize];
        }
    }

    /// <summary>Puts rows here, and waits while there is no room.</summary>
    /// <param name="piece">Whose they are; counts from 0.</param>
    /// <param name="block">One that <see cref="Rent"/> gave.</param>
    /// <param name="length">How much of it is filled.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Add(int piece, byte[] block, int length)
    {
        lock (_gate)
        {
            // The piece that is being written always gets one block in, or nobody would go on.
            while (!_isStopped && _held + BlockSize > most && (piece != _written || Of(piece).Blocks.Count > 0))
            {
                Monitor.Wait(_gate);
            }

            ThrowIfStopped();
            _held += BlockSize;
            Of(piece).Blocks.Enqueue((block, length));
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>A piece has no more rows.</summary>
    /// <param name="piece">Which.</param>
    public void End(int piece)
    {
        lock (_gate)
        {
            Of(piece).IsEnded = true;
            Monitor.PulseAll(_gate);
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
        lock (_gate)
        {
            if (_written != piece)
            {
                _written = piece;
                Monitor.PulseAll(_gate);
            }

            Piece found = Of(piece);
            while (!_isStopped && found.Blocks.Count == 0 && !found.IsEnded)
            {
                Monitor.Wait(_gate);
            }

            ThrowIfStopped();
            if (!found.Blocks.TryDequeue(out block))
            {
                _pieces.Remove(piece);
                return false;
            }
        }

        write(block.Bytes.AsMemory(0, block.Length));
        lock (_gate)
        {
            _held -= BlockSize;
            _free.Push(block.Bytes);
            Monitor.PulseAll(_gate);
        }

        return true;
    }

    /// <summary>Lets everybody who waits go, with an error.</summary>
    public void Stop()
    {
        lock (_gate)
        {
            _isStopped = true;
            Monitor.PulseAll(_gate);
        }
    }

    private Piece Of(int piece)
    {
        if (!_pieces.TryGetValue(piece, out Piece? found))
        {
            _pieces.Add(piece, found = new Piece());
        }

        return found;
    }

    private void ThrowIfStopped()
    {
        if (_isStopped)
        {
            throw new OperationCanceledException("Nobody takes the rows any more.");
        }
    }

    private sealed class Piece
    {
        public Queue<(byte[] Bytes, int Length)> Blocks { get; } = [];

        public bool IsEnded { get; set; }
    }
}
