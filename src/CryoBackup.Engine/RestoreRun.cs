using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>One run of pg_restore, fed from the backup's file through the tap.</summary>
internal sealed class RestoreRun(
    RestoreRequest request, ServerEndpoint endpoint, string application, ClientTool pgRestore, Action<EngineMessage> observer, RunLimits limits)
{
    // Rows that a crash of the server would lose belong to a database that the restore would begin anew.
    private static readonly KeyValuePair<string, string>[] SessionOptions = [new("synchronous_commit", "off"), new("maintenance_work_mem", "256MB")];

    private readonly List<string> _warnings = [];

    /// <summary>pg_restore's warnings.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Runs it.</summary>
    /// <returns>What flowed into pg_restore.</returns>
    public ArchiveContent Run()
    {
        CancellationToken token = limits.Token;
        using var environment = new LibpqEnvironment(endpoint, application, settings: SessionOptions);
        List<string> arguments = ["--exit-on-error", "--no-password", $"--dbname={LibpqEnvironment.ConninfoForDatabase(endpoint.Database)}"];
        if (request.NoOwner)
        {
            arguments.Add("--no-owner");
        }

        if (request.NoPrivileges)
        {
            arguments.Add("--no-privileges");
        }

        using var source = new BackupSource(request.Path, token);
        if (request.Jobs == 1)
        {
            return Feed(source, arguments, environment);
        }

        // pg_restore works in parallel only from a file that it can seek in.
        using PrivateFolder folder = PrivateFolder.Create("cryobackup-spool-");
        string spool = Path.Combine(folder.Path, "archive");
        observer(new VerboseMessage($"Spooling the archive to '{spool}' for {request.Jobs} jobs; only this account can read it, and it is removed at the end."));
        ArchiveContent content;
        using (var file = new FileStream(spool, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
        {
            content = Read(source, file, "Spooling");
        }

        arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--jobs={request.Jobs}"));
        arguments.Add(spool);
        using ToolProcess process = ToolProcess.Start(Command(arguments, environment, writesInput: false), token);
        Finish(process);
        return content;
    }

    private ArchiveContent Feed(BackupSource source, List<string> arguments, LibpqEnvironment environment)
    {
        using ToolProcess process = ToolProcess.Start(Command(arguments, environment, writesInput: true), limits.Token);
        ArchiveContent content;
        try
        {
            content = Read(source, process.StandardInput, "Restoring");
            process.StandardInput.Dispose();
        }
        catch (IOException exception)
        {
            // pg_restore stopped reading: its exit says why.
            Finish(process);
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed, $"pg_restore ended before the archive did: {exception.Message}", endpoint.Database, inner: exception);
        }

        Finish(process);
        return content;
    }

    private ArchiveContent Read(BackupSource source, Stream destination, string activity)
    {
        ArchiveReader? reader = null;
        using var progress = new ProgressReporter(
            $"{activity} {Path.GetFileName(request.Path)}",
            observer,
            () => (Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}" : "", (double)source.BytesRead / source.Length));
        return ArchiveReader.Read(source.Output, destination, started => Volatile.Write(ref reader, started), limits.Token);
    }

    private ToolCommand Command(List<string> arguments, LibpqEnvironment environment, bool writesInput) => new(pgRestore.Path, arguments)
    {
        Environment = environment.Variables,
        WritesInput = writesInput,
        ErrorLine = line =>
        {
            if (line.Contains("warning: ", StringComparison.Ordinal))
            {
                lock (_warnings)
                {
                    _warnings.Add(line);
                }

                observer(new WarningMessage(line));
            }
        },
    };

    private void Finish(ToolProcess process)
    {
        int exitCode = process.WaitForExit(limits.Token);
        if (exitCode != 0)
        {
            throw DumpDiagnostics.Explain("pg_restore", exitCode, process.StandardErrorTail, CryoBackupError.RestoreFailed, endpoint);
        }
    }
}
