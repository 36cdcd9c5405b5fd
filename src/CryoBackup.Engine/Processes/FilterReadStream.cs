using System.Runtime.ExceptionServices;
using CryoBackup.Streams;

namespace CryoBackup.Processes;

/// <summary>Reads through a program that filters its standard input to its standard output, such as age -d.</summary>
internal sealed class FilterReadStream : ReadOnlyStream
{
    private const int BufferSize = 1 << 18;

    private readonly ToolProcess _tool;
    private readonly string _name;
    private readonly Func<int, IReadOnlyList<string>, Exception>? _explain;
    private readonly Task _pump;
    private readonly IDisposable? _owned;
    private volatile ExceptionDispatchInfo? _sourceFailure;
    private bool _ended;

    /// <summary>Starts the program.</summary>
    /// <param name="command">How to run it.</param>
    /// <param name="source">What it reads, on another thread until this stream is disposed of; not closed.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <param name="explain">Turns exit code and last words into what <see cref="Read"/> throws; null for InvalidDataException.</param>
    /// <param name="owned">What the program needs as long as it runs; disposed of with this stream.</param>
    public FilterReadStream(
        ToolCommand command,
        Stream source,
        CancellationToken cancellationToken,
        Func<int, IReadOnlyList<string>, Exception>? explain = null,
        IDisposable? owned = null
    )
    {
        (_explain, _owned) = (explain, owned);
        _name = Path.GetFileNameWithoutExtension(command.Path);
        _tool = ToolProcess.Start(command with { WritesInput = true, ReadsOutput = true }, cancellationToken);
        _pump = Task.Factory.StartNew(() => Pump(source), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The program failed: what it read is damaged.</exception>
    /// <exception cref="IOException">The source cannot be read.</exception>
    public override int Read(Span<byte> buffer)
    {
        int count = _ended ? 0 : _tool.StandardOutput.Read(buffer);
        if (count == 0 && buffer.Length > 0 && !_ended)
        {
            int exitCode = _tool.WaitForExit(CancellationToken.None);
            _sourceFailure?.Throw();
            if (exitCode != 0)
            {
                throw _explain?.Invoke(exitCode, _tool.StandardErrorTail)
                    ?? new InvalidDataException($"{_name} failed with exit code {exitCode}: {string.Join(' ', _tool.StandardErrorTail)}");
            }

            _ended = true;
        }

        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tool.Dispose();
            _pump.GetAwaiter().GetResult();
            _owned?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Pump(Stream source)
    {
        try
        {
            byte[] buffer = new byte[BufferSize];
            int count;
            while ((count = ReadSource(source, buffer)) > 0)
            {
                _tool.StandardInput.Write(buffer, 0, count);
            }

            _tool.StandardInput.Dispose();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The program ended before it read everything, and its exit code says why; or this stream was disposed of.
        }
    }

    private int ReadSource(Stream source, byte[] buffer)
    {
        try
        {
            return source.Read(buffer);
        }
        catch (Exception exception)
        {
            // To the program the source only ends here; the thread that reads is told more.
            _sourceFailure = ExceptionDispatchInfo.Capture(exception);
            return 0;
        }
    }
}
