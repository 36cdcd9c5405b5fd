namespace CryoBackup.Streams;

/// <summary>What carries blocks of bytes from threads that fill them to threads that empty them has in common: the blocks, which are used
/// again, how much is under way, and an end for all who wait.</summary>
internal abstract class BlockExchange
{
    /// <summary>The size of a block in bytes.</summary>
    public const int BlockSize = 1 << 18;

    private readonly Stack<byte[]> _free = [];
    private bool _isStopped;

    /// <summary>Guards everything; pulsed whenever something changes.</summary>
    protected object Gate { get; } = new();

    /// <summary>How many bytes are under way.</summary>
    protected long Held { get; private set; }

    /// <summary>Gives an empty block.</summary>
    public byte[] Rent()
    {
        lock (Gate)
        {
            return _free.TryPop(out byte[]? block) ? block : new byte[BlockSize];
        }
    }

    /// <summary>Gives a block back that was emptied, to be filled again.</summary>
    /// <param name="bytes">The block.</param>
    public void Return(byte[] bytes)
    {
        lock (Gate)
        {
            Held -= BlockSize;
            _free.Push(bytes);
            Monitor.PulseAll(Gate);
        }
    }

    /// <summary>Lets everybody who waits go, with an error.</summary>
    public void Stop()
    {
        lock (Gate)
        {
            _isStopped = true;
            Monitor.PulseAll(Gate);
        }
    }

    /// <summary>Counts a block that is under way now; within <see cref="Gate"/>.</summary>
    protected void Hold() => Held += BlockSize;

    /// <summary>Waits within <see cref="Gate"/>.</summary>
    /// <param name="isFull">True as long as there is nothing to be done.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    protected void WaitWhile(Func<bool> isFull)
    {
        while (!_isStopped && isFull())
        {
            Monitor.Wait(Gate);
        }

        if (_isStopped)
        {
            throw new OperationCanceledException("The rows go no further.");
        }
    }
}
