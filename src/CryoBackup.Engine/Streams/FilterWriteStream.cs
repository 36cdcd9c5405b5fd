using CryoBackup.Postgres;

namespace CryoBackup.Streams;

/// <summary>Writes through a program that filters its standard input to its standard output, such as zstd or age.</summary>
internal sealed class FilterWriteStream : WriteOnlyStream
{
    private readonly ToolProcess _tool;
    private readonly string _name;
    private readonly Task _pump;
    private bool _completed;

    /// <summary>Starts the program.</summary>
    /// <param name="command">How to run it.</param>
    /// <param name="destination">Takes what it writes, on another thread; not closed.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public FilterWriteStream(ToolCommand command, Stream destination, CancellationToken cancellationToken)
    {
        _name = Path.GetFileNameWithoutExtension(command.Path);
        _tool = ToolProcess.Start(command with { WritesInput = true, ReadsOutput = true }, cancellationToken);
        _pump = Task.Factory.StartNew(
            () => _tool.StandardOutput.CopyTo(destination, 1 << 18), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_pump.IsFaulted)
        {
            _pump.GetAwaiter().GetResult();
        }

        try
        {
            _tool.StandardInput.Write(buffer);
        }
        catch (IOException)
        {
            // It no longer reads; its exit says why.
            Finish();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CryoBackupException">DumpFailed: the program failed.</exception>
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
            ((IAsyncResult)_pump).AsyncWaitHandle.WaitOne();
        }

        base.Dispose(disposing);
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
        int exitCode = _tool.WaitForExit(CancellationToken.None);
        if (exitCode != 0)
        {
            throw new CryoBackupException(
                CryoBackupError.DumpFailed, $"{_name} failed with exit code {exitCode}.", _name, "See what it wrote to standard error.", _tool.StandardErrorTail);
        }
    }
}
