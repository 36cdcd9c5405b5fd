using System.ComponentModel;
using System.Diagnostics;

namespace CryoBackup.Processes;

/// <summary>
/// A running child program. Its standard error is read all the time, and so is its standard output unless the caller wants it, so that
/// it can never wait for us on a full pipe. It does not outlive this object.
/// </summary>
internal sealed class ToolProcess : IDisposable
{
    private static readonly string[] PostgresPrograms = ["pg_dump", "pg_restore", "pg_dumpall", "psql", "initdb", "pg_ctl", "postgres"];

    // What a descendant that inherited the pipe may make us wait after the program itself has ended.
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan DeathLimit = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StandardErrorTail _errors;
    private readonly Stream? _input;
    private readonly Stream? _output;
    private readonly Thread _errorReader;
    private readonly CancellationTokenRegistration _cancellation;
    private readonly object _killing = new();
    private bool _disposed;

    private ToolProcess(Process process, ToolCommand command, CancellationToken cancellationToken)
    {
        _process = process;
        _errors = new StandardErrorTail(command.ErrorLine);
        Stream error = process.StandardError.BaseStream;
        _errorReader = StartReader(() => _errors.ReadToEnd(error), "standard error");

        if (command.WritesInput)
        {
            _input = process.StandardInput.BaseStream;
            PipeCapacity.Raise(_input);
        }
        else
        {
            process.StandardInput.BaseStream.Dispose();
        }

        Stream output = process.StandardOutput.BaseStream;
        if (command.ReadsOutput)
        {
            _output = output;
            PipeCapacity.Raise(_output);
        }
        else
        {
            StartReader(() => Drop(output), "standard output");
        }

        // Last, because it may fire at once.
        _cancellation = cancellationToken.UnsafeRegister(static self => ((ToolProcess)self!).Kill(), this);
    }

    /// <summary>The child's process ID.</summary>
    public int Id => _process.Id;

    /// <summary>True once the child has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The child's standard input, raw; close it to signal the end.</summary>
    public Stream StandardInput => _input ?? throw new InvalidOperationException("The command does not write standard input.");

    /// <summary>The child's standard output, raw.</summary>
    public Stream StandardOutput => _output ?? throw new InvalidOperationException("The command does not read standard output.");

    /// <summary>The last lines of standard error so far: at most 40, each of at most 2,000 characters.</summary>
    public IReadOnlyList<string> StandardErrorTail => _errors.Lines;

    /// <summary>Starts a program.</summary>
    /// <param name="command">What to run.</param>
    /// <param name="cancellationToken">Kills it, and all it started.</param>
    /// <exception cref="CryoBackupException">PgToolNotFound or ToolNotFound: the file cannot be run.</exception>
    public static ToolProcess Start(ToolCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var start = new ProcessStartInfo(command.Path)
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in command.Arguments)
        {
            start.ArgumentList.Add(argument);
        }

        ChildEnvironment.Reduce(start.Environment);
        foreach ((string name, string? value) in command.Environment)
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        if (command.UserName is not null)
        {
            start.UserName = command.UserName;
            // The other account may have no access to the folder we are in.
            start.WorkingDirectory = "/";
        }

        var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (Exception exception) when (exception is Win32Exception or IOException or UnauthorizedAccessException)
        {
            process.Dispose();
            string name = Path.GetFileNameWithoutExtension(command.Path);
            throw new CryoBackupException(
                Array.IndexOf(PostgresPrograms, name) >= 0 ? CryoBackupError.PgToolNotFound : CryoBackupError.ToolNotFound,
                $"The program '{command.Path}' cannot be started: {exception.Message}",
                command.Path,
                "Check that the file exists and may be run by this user.",
                inner: exception
            );
        }

        return new ToolProcess(process, command, cancellationToken);
    }

    /// <summary>Runs a program to its end and returns what it wrote to standard output.</summary>
    /// <returns>Exit code, standard output as UTF-8, and the last lines of standard error.</returns>
    public static (int ExitCode, string Output, IReadOnlyList<string> Errors) Run(ToolCommand command, CancellationToken cancellationToken)
    {
        using ToolProcess tool = Start(command with { ReadsOutput = true }, cancellationToken);
        using var reader = new StreamReader(tool.StandardOutput);
        string output = reader.ReadToEnd();
        return (tool.WaitForExit(cancellationToken), output, tool.StandardErrorTail);
    }

    /// <summary>Waits for the end of the program and of its standard error.</summary>
    /// <returns>The exit code; on Unix 128 and the signal's number for one that was killed.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the program is dead.</exception>
    public int WaitForExit(CancellationToken cancellationToken)
    {
        try
        {
            _process.WaitForExitAsync(cancellationToken).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Kill();
            throw;
        }

        _errorReader.Join(DrainLimit);
        cancellationToken.ThrowIfCancellationRequested();
        return _process.ExitCode;
    }

    /// <summary>Ends a program that has started no other, so that nobody need look for those, and waits for its death.</summary>
    public void KillAlone() => Kill(static process => process.Kill());

    /// <summary>Ends the program and all it started, and waits for its death. Does nothing to one that has ended.</summary>
    public void Kill() => Kill(ProcessTree.Kill);

    private void Kill(Action<Process> kill)
    {
        lock (_killing)
        {
            if (_disposed)
            {
                return;
            }

            try
            {
                if (_process.HasExited)
                {
                    return;
                }

                kill(_process);
            }
            catch (Exception exception) when (exception is InvalidOperationException or Win32Exception or AggregateException)
            {
                // It ended meanwhile, or a descendant did.
            }

            _process.WaitForExit(DeathLimit);
        }
    }

    /// <summary>Ends the program if it still runs, and closes its streams.</summary>
    public void Dispose()
    {
        // Waits for a Kill that cancellation has begun.
        _cancellation.Dispose();
        Kill();
        lock (_killing)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _errorReader.Join(DrainLimit);
        try
        {
            _input?.Dispose();
        }
        catch (IOException)
        {
            // Its reader is gone.
        }

        _output?.Dispose();
        _process.Dispose();
    }

    private static Thread StartReader(Action read, string what)
    {
        // Threads of their own: a busy thread pool must not keep a pipe from being read.
        var thread = new Thread(() =>
        {
            try
            {
                read();
            }
            catch (Exception exception) when (exception is IOException or ObjectDisposedException or UnauthorizedAccessException)
            {
                // The pipe was closed under us by Dispose.
            }
        })
        {
            IsBackground = true,
            Name = "CryoBackup " + what,
        };
        thread.Start();
        return thread;
    }

    private static void Drop(Stream stream)
    {
        byte[] buffer = new byte[16 * 1024];
        while (stream.Read(buffer) > 0) { }
    }
}
