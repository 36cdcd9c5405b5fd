using System.Runtime.ExceptionServices;
using CryoBackup.Streams;

namespace CryoBackup.Processes;

/// <summary>Writes through a program that filters its standard input to its standard output, such as age.</summary>
internal sealed class FilterWriteStream : WriteOnlyStream
{
    private const int BufferSize = 1 << 18;

    private readonly ToolProcess _tool;
    private readonly string _name;
    private readonly Func<int, IReadOnlyList<string>, Exception>? _explain;
    private readonly Task _pump;
    private volatile ExceptionDispatchInfo? _failure;
    private bool _completed;

    /// <summary>Starts the program.</summary>
    /// <param name="command">How to run it.</param>
    /// <param name="destination">Takes what it writes, on another thread; not closed.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    /// <param name="explain">Turns exit code and last words into what is thrown; null for DumpFailed.</param>
    public FilterWriteStream(
        ToolCommand command,
        Stream destination,
        CancellationToken cancellationToken,
        Func<int, IReadOnlyList<string>, Exception>? explain = null
    )
    {
        _explain = explain;
        _name = Path.GetFileNameWithoutExtension(command.Path);
        _tool = ToolProcess.Start(command with { WritesInput = true, ReadsOutput = true }, cancellationToken);
        _pump = Task.Factory.StartNew(
            () => Pump(destination),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            _tool.StandardInput.Write(buffer);
        }
        catch (IOException)
        {
            // It no longer reads; the pump or its exit says why.
            Finish();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CryoBackupException">DumpFailed: the program failed.</exception>
    /// <exception cref="IOException">The destination took not everything.</exception>
    public override void Complete()
    {
        if (!_completed)
        {
            _completed = true;
            Finish();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _tool.Dispose();
            _pump.GetAwaiter().GetResult();
        }

        base.Dispose(disposing);
    }

    private void Pump(Stream destination)
    {
        try
        {
            _tool.StandardOutput.CopyTo(destination, BufferSize);
        }
        catch (Exception exception)
        {
            // Nobody reads the program's output any more, so it would wait, and who writes to it would wait with it.
            _failure = ExceptionDispatchInfo.Capture(exception);
            _tool.Kill();
        }
    }

    private void Finish()
    {
        try
        {
            _tool.StandardInput.Dispose();
        }
        catch (IOException)
        {
            // The program ended before it read everything; its exit code says so.
        }

        _pump.GetAwaiter().GetResult();
        _failure?.Throw();
        int exitCode = _tool.WaitForExit(CancellationToken.None);
        if (exitCode != 0)
        {
            throw _explain?.Invoke(exitCode, _tool.StandardErrorTail)
                ?? new CryoBackupException(
                    CryoBackupError.DumpFailed,
                    $"{_name} failed with exit code {exitCode}.",
                    _name,
                    "See what it wrote to standard error.",
                    _tool.StandardErrorTail
                );
        }
    }
}
