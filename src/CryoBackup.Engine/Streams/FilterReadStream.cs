using CryoBackup.Postgres;

namespace CryoBackup.Streams;

/// <summary>Reads through a program that filters its standard input to its standard output, such as zstd -d or age -d.</summary>
internal sealed class FilterReadStream : ReadOnlyStream
{
    private readonly ToolProcess _tool;
    private readonly string _name;
    private readonly Task _pump;
    private bool _ended;

    /// <summary>Starts the program.</summary>
    /// <param name="command">How to run it.</param>
    /// <param name="source">What it reads, on another thread until this stream is disposed of; not closed.</param>
    /// <param name="cancellationToken">Ends the program.</param>
    public FilterReadStream(ToolCommand command, Stream source, CancellationToken cancellationToken)
    {
        _name = Path.GetFileNameWithoutExtension(command.Path);
        _tool = ToolProcess.Start(command with { WritesInput = true, ReadsOutput = true }, cancellationToken);
        _pump = Task.Factory.StartNew(() => Pump(source), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The program failed: what it read is damaged.</exception>
    public override int Read(Span<byte> buffer)
    {
        int count = _ended ? 0 : _tool.StandardOutput.Read(buffer);
        if (count == 0 && buffer.Length > 0 && !_ended)
        {
            _ended = true;
            int exitCode = _tool.WaitForExit(CancellationToken.None);
            if (exitCode != 0)
            {
                throw new InvalidDataException($"{_name} failed with exit code {exitCode}: {string.Join(' ', _tool.StandardErrorTail)}");
            }
        }

        return count;
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

    private void Pump(Stream source)
    {
        try
        {
            source.CopyTo(_tool.StandardInput, 1 << 18);
        }
        catch (IOException)
        {
            // The program ended before it read everything; its exit code says why.
        }
        finally
        {
            try
            {
                _tool.StandardInput.Dispose();
            }
            catch (IOException)
            {
            }
        }
    }
}
