using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>A running pg_dump, whose archive is read as it comes.</summary>
internal sealed class PgDump : IDisposable
{
    // What a dying pg_dump may take to say why, before it is ended.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly ServerEndpoint _endpoint;
    private readonly ToolProcess _process;

    /// <summary>Starts it.</summary>
    /// <param name="pgDump">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="environment">Lets it connect.</param>
    /// <param name="warnings">Takes what it warns of.</param>
    /// <param name="cancellationToken">Kills it.</param>
    public PgDump(
        ClientTool pgDump,
        IReadOnlyList<string> arguments,
        ServerEndpoint endpoint,
        LibpqEnvironment environment,
        DumpWarnings warnings,
        CancellationToken cancellationToken
    )
    {
        _endpoint = endpoint;
        var command = new ToolCommand(pgDump.Path, arguments)
        {
            Environment = environment.Variables,
            ReadsOutput = true,
            ErrorLine = warnings.Add,
        };
        _process = ToolProcess.Start(command, cancellationToken);
    }

    /// <summary>Ends it.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Ends it in the midst of its work, which is not wanted any more; it has no programs of its own.</summary>
    public void KillAlone() => _process.KillAlone();

    /// <summary>Reads its archive, or a part of it. One that breaks off is pg_dump's failure if pg_dump failed.</summary>
    /// <typeparam name="T">What is read.</typeparam>
    /// <param name="read">Reads it.</param>
    /// <exception cref="CryoBackupException">pg_dump's own failure, or what the reading threw.</exception>
    public T Read<T>(Func<Stream, T> read)
    {
        try
        {
            return read(_process.StandardOutput);
        }
        catch (CryoBackupException exception) when (exception.Error is CryoBackupError.ArchiveCorrupt or CryoBackupError.NotABackup)
        {
            throw FailureAfter(LastWords) ?? exception;
        }
    }

    /// <summary>Waits for its end, which must be a good one.</summary>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="CryoBackupException">It was not.</exception>
    public void Finish(CancellationToken cancellationToken)
    {
        if (_process.WaitForExit(cancellationToken) is not 0 and var exitCode)
        {
            throw Failure(exitCode);
        }
    }

    /// <summary>Ends it if it still runs.</summary>
    public void Dispose() => _process.Dispose();

    private CryoBackupException? FailureAfter(TimeSpan limit)
    {
        using var patience = new CancellationTokenSource(limit);
        try
        {
            return _process.WaitForExit(patience.Token) is not 0 and var exitCode ? Failure(exitCode) : null;
        }
        catch (OperationCanceledException)
        {
            // It was well until now: not its end is the cause.
            return null;
        }
    }

    private CryoBackupException Failure(int exitCode) =>
        DumpDiagnostics.Explain("pg_dump", exitCode, _process.StandardErrorTail, CryoBackupError.DumpFailed, _endpoint);
}
