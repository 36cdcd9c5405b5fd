using System.Runtime.ExceptionServices;
using System.Threading.Channels;

namespace CryoBackup.Streams;

/// <summary>Decompresses on all cores a file of members that tell their size (see <see cref="GzipMember"/>).</summary>
internal sealed class ParallelGzipReader : ReadOnlyStream
{
    private readonly Stream _source;
    private readonly Channel<Task<Block>> _blocks;
    private readonly Channel<Block> _free = Channel.CreateUnbounded<Block>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reader;
    private Exception? _readFailure;
    private ExceptionDispatchInfo? _failure;
    private Block? _current;
    private int _position;
    private bool _disposed;

    /// <summary>Begins to decompress.</summary>
    /// <param name="source">The file from its first byte; it is not closed,
    /// and is read by another thread until this stream is disposed of.</param>
    /// <param name="workers">How many members are decompressed at once.</param>
    public ParallelGzipReader(Stream source, int workers)
    {
        _source = source;
        _blocks = Channel.CreateBounded<Task<Block>>(new BoundedChannelOptions(workers + 2) { SingleReader = true, SingleWriter = true });
        _reader = Task.Factory.StartNew(ReadMembers, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">A member is damaged, or the file ends within one. Reading on gives it again.</exception>
    public override int Read(Span<byte> buffer)
    {
        while (_current is null || _position == _current.Length)
        {
            if (_current is not null)
            {
                _free.Writer.TryWrite(_current);
                _current = null;
            }

            _failure?.Throw();
            if (_blocks.Reader.TryRead(out Task<Block>? task))
            {
                Block block = task.GetAwaiter().GetResult();
                if (block.Failure is not null)
                {
                    Fail(block.Failure);
                }

                _current = block;
                _position = 0;
            }
            else if (!_blocks.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                if (_readFailure is not null)
                {
                    Fail(_readFailure);
                }

                return 0;
            }
        }

        int take = Math.Min(buffer.Length, _current.Length - _position);
        _current.Plain.Slice(_position, take).CopyTo(buffer);
        _position += take;
        return take;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _stop.Cancel();

            // The reading thread may wait for room; taking everything out lets it see the stop.
            while (_blocks.Reader.TryRead(out _)) { }

            _reader.GetAwaiter().GetResult();
            _stop.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Fail(Exception failure)
    {
        _failure = ExceptionDispatchInfo.Capture(failure);
        _failure.Throw();
    }

    private void ReadMembers()
    {
        try
        {
            byte[] header = new byte[GzipMember.HeaderLength];
            while (!_stop.IsCancellationRequested)
            {
                int count = _source.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
                if (count == 0)
                {
                    break;
                }

                int length =
                    GzipMember.ReadLength(header.AsSpan(0, count))
                    ?? throw new InvalidDataException("what follows a gzip member is not the next one");
                Block block = _free.Reader.TryRead(out Block? free) ? free : new Block();
                Span<byte> rest = block.Begin(header, length);
                if (_source.ReadAtLeast(rest, rest.Length, throwOnEndOfStream: false) < rest.Length)
                {
                    throw new InvalidDataException("the file ends within a gzip member");
                }

                Task<Block> task = Task.Run(block.Decompress);
                if (!_blocks.Writer.TryWrite(task))
                {
                    _blocks.Writer.WriteAsync(task, _stop.Token).AsTask().GetAwaiter().GetResult();
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Nobody reads any more.
        }
        catch (Exception exception)
        {
            // Handed to the thread that reads, after the good members before it.
            _readFailure = exception;
        }
        finally
        {
            _blocks.Writer.Complete();
        }
    }

    private sealed class Block
    {
        private byte[] _member = [];
        private byte[] _plain = [];
        private int _memberLength;

        /// <summary>What the member holds.</summary>
        public ReadOnlySpan<byte> Plain => _plain.AsSpan(0, Length);

        /// <summary>The length of what it holds.</summary>
        public int Length { get; private set; }

        /// <summary>Kept here and not in the task, which nobody may ever look at.</summary>
        public Exception? Failure { get; private set; }

        /// <summary>Begins a member, in arrays as large as the largest before needed.</summary>
        /// <returns>Takes what follows the header.</returns>
        public Span<byte> Begin(ReadOnlySpan<byte> header, int length)
        {
            GzipMember.Grow(ref _member, length);
            _memberLength = length;
            header.CopyTo(_member);
            return _member.AsSpan(header.Length, length - header.Length);
        }

        public Block Decompress()
        {
            try
            {
                Length = GzipMember.Decompress(_member, _memberLength, ref _plain);
            }
            catch (Exception exception)
            {
                Failure = exception;
            }

            return this;
        }
    }
}
