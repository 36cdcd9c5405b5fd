using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace CryoBackup.Streams;

/// <summary>Compresses on all cores, block by block, and writes the members in order. Memory stays at a few blocks a core.</summary>
internal sealed class ParallelGzipWriter : WriteOnlyStream
{
    private readonly Stream _destination;
    private readonly int _level;
    private readonly Channel<Task<MemoryStream>> _members;
    private readonly Channel<MemoryStream> _freeOutputs = Channel.CreateUnbounded<MemoryStream>();
    private readonly Channel<byte[]> _freeBlocks = Channel.CreateUnbounded<byte[]>();
    private readonly Task _writer;
    private byte[] _block = new byte[GzipMember.BlockLength];
    private int _filled;
    private bool _completed;
    private volatile ExceptionDispatchInfo? _failure;

    /// <summary>Begins to compress.</summary>
    /// <param name="destination">Takes the members; it is not closed.</param>
    /// <param name="level">1 (fast) to 9 (small).</param>
    /// <param name="workers">How many blocks are compressed at once.</param>
    public ParallelGzipWriter(Stream destination, int level, int workers)
    {
        _destination = destination;
        _level = level;
        _members = Channel.CreateBounded<Task<MemoryStream>>(
            new BoundedChannelOptions(workers + 2) { SingleReader = true, SingleWriter = true }
        );
        _writer = Task.Factory.StartNew(WriteMembers, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int take = Math.Min(data.Length, _block.Length - _filled);
            data[..take].CopyTo(_block.AsSpan(_filled));
            _filled += take;
            data = data[take..];
            if (_filled == _block.Length)
            {
                Enqueue();
            }
        }
    }

    /// <summary>Compresses and writes what is left.</summary>
    /// <exception cref="IOException">The destination took not everything.</exception>
    public override void Complete()
    {
        if (_completed)
        {
            return;
        }

        if (_filled > 0)
        {
            Enqueue();
        }

        _completed = true;
        _members.Writer.Complete();
        _writer.GetAwaiter().GetResult();
        _failure?.Throw();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_completed)
        {
            // Abandoned: what is under way is waited for, nothing more is written.
            _completed = true;
            _failure ??= ExceptionDispatchInfo.Capture(new OperationCanceledException());
            _members.Writer.Complete();
            _writer.GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private void Enqueue()
    {
        _failure?.Throw();
        byte[] block = _block;
        int length = _filled;
        Task<MemoryStream> task = Task.Run(() => Compress(block, length));
        if (!_members.Writer.TryWrite(task))
        {
            _members.Writer.WriteAsync(task).AsTask().GetAwaiter().GetResult();
        }

        _block = _freeBlocks.Reader.TryRead(out byte[]? free) ? free : new byte[GzipMember.BlockLength];
        _filled = 0;
    }

    private MemoryStream Compress(byte[] block, int length)
    {
        MemoryStream output = _freeOutputs.Reader.TryRead(out MemoryStream? free) ? free : new MemoryStream(GzipMember.BlockLength / 2);
        GzipMember.Compress(block.AsSpan(0, length), _level, output);
        _freeBlocks.Writer.TryWrite(block);
        return output;
    }

    private void WriteMembers()
    {
        ChannelReader<Task<MemoryStream>> reader = _members.Reader;
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (reader.TryRead(out Task<MemoryStream>? task))
            {
                try
                {
                    MemoryStream member = task.GetAwaiter().GetResult();
                    if (_failure is null)
                    {
                        _destination.Write(member.GetBuffer(), 0, (int)member.Length);
                    }

                    _freeOutputs.Writer.TryWrite(member);
                }
                catch (Exception exception)
                {
                    // Kept for the thread that writes; the rest is drained so that it never waits for us.
                    _failure ??= ExceptionDispatchInfo.Capture(exception);
                }
            }
        }
    }
}
