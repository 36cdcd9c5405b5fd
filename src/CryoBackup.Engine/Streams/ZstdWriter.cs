using ZstdSharp;
using ZstdSharp.Unsafe;

namespace CryoBackup.Streams;

/// <summary>Compresses on all cores into one frame of Zstandard (RFC 8878), with a checksum of what it holds.</summary>
internal sealed class ZstdWriter : WriteOnlyStream
{
    private readonly Output _output;
    private readonly CompressionStream _compressor;
    private bool _completed;

    /// <summary>Begins to compress.</summary>
    /// <param name="destination">Takes the frame; it is not closed.</param>
    /// <param name="level">1 (fast) to 22 (small), as the zstd program has them.</param>
    /// <param name="workers">How many blocks are compressed at once.</param>
    public ZstdWriter(Stream destination, int level, int workers)
    {
        _output = new Output(destination);
        _compressor = new CompressionStream(_output, level);
        _compressor.SetParameter(ZSTD_cParameter.ZSTD_c_checksumFlag, 1);
        if (workers > 1)
        {
            _compressor.SetParameter(ZSTD_cParameter.ZSTD_c_nbWorkers, workers);
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => _compressor.Write(buffer);

    /// <inheritdoc/>
    /// <exception cref="IOException">The destination took not everything.</exception>
    public override void Complete()
    {
        if (!_completed)
        {
            _completed = true;
            _compressor.Dispose();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && !_completed)
        {
            // Abandoned: the compressor writes an end of what it has, which nobody is to take for one.
            _output.IsAbandoned = true;
            Complete();
        }

        base.Dispose(disposing);
    }

    private sealed class Output(Stream destination) : WriteOnlyStream
    {
        public bool IsAbandoned { get; set; }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            if (!IsAbandoned)
            {
                destination.Write(buffer);
            }
        }

        public override void Complete() { }
    }
}
