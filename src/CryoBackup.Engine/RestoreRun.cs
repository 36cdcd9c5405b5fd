using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>One run of pg_restore on the entries of a plan, fed from the backup's file through the tap.</summary>
internal sealed class RestoreRun(
    RestoreRequest request,
    RestorePlan plan,
    ServerEndpoint endpoint,
    string application,
    ClientTool pgRestore,
    Action<EngineMessage> observer,
    RunLimits limits)
{
    // What a crash of the server would lose belongs to a restore that would begin anew; indexes are built faster with more memory.
    private static readonly KeyValuePair<string, string>[] SessionOptions = [new("synchronous_commit", "off"), new("maintenance_work_mem", "256MB")];

    private readonly List<string> _warnings = [];

    /// <summary>pg_restore's warnings.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Runs it.</summary>
    public void Run()
    {
        CancellationToken token = limits.Token;
        using var environment = new LibpqEnvironment(endpoint, application, settings: SessionOptions);
        using PrivateFolder folder = PrivateFolder.Create("cryobackup-restore-");
        string list = folder.WriteFile("entries", string.Concat(plan.Entries.Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.DumpId};\n"))));
        List<string> arguments =
        [
            "--exit-on-error",
            "--no-password",
            $"--use-list={list}",
            $"--dbname={LibpqEnvironment.ConninfoForDatabase(endpoint.Database)}",
        ];
        if (request.NoOwner)
        {
            arguments.Add("--no-owner");
        }

        if (request.NoPrivileges)
        {
            arguments.Add("--no-privileges");
        }

        if (plan.Mode == RestoreMode.Clean)
        {
            arguments.AddRange(["--clean", "--if-exists", "--single-transaction"]);
        }

        using var source = new BackupSource(request.Path, new AgeOpening(request.Path, request.Identities, [], token), token);
        int jobs = source.IsSealed ? SealedJobs() : Jobs(source.Length);
        if (jobs == 1 && plan.InArchiveOrder)
        {
            Feed(source, arguments, environment);
            return;
        }

        // pg_restore works in parallel, and in another order, only from a file that it can seek in.
        string spool = Path.Combine(folder.Path, "archive");
        observer(new VerboseMessage($"Spooling the archive to '{spool}', which only this account can read and which is removed at the end."));
        CheckSpoolSpace(folder.Path, source.Length);
        try
        {
            using var file = new FileStream(spool, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 });
            Read(source, file, "Spooling");
        }
        catch (IOException exception)
        {
            throw PartialFile.Translate(exception, spool);
        }

        if (jobs > 1)
        {
            arguments.Add(string.Create(CultureInfo.InvariantCulture, $"--jobs={jobs}"));
        }

        arguments.Add(spool);
        using ToolProcess process = ToolProcess.Start(Command(arguments, environment, writesInput: false), token);
        Finish(process);
    }

    private int Jobs(long storedLength)
    {
        if (plan.Mode == RestoreMode.Clean)
        {
            return request.Jobs is null or 1
                ? 1
                : throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    "-Clean is one transaction, which one session runs; it goes with no more than one job.",
                    "Jobs",
                    "Leave out -Jobs, or use -Swap.");
        }

        if (request.Jobs is { } asked)
        {
            return asked;
        }

        bool isNew = plan.Mode is RestoreMode.Create or RestoreMode.Swap;
        return isNew && FreeSpace(Path.GetTempPath()) > SpoolEstimate(storedLength) ? Environment.ProcessorCount : 1;
    }

    /// <summary>Spooled, an encrypted archive lies on the disk in clear, so only an explicit wish has it spooled.</summary>
    private int SealedJobs()
    {
        int jobs = request.Jobs is null ? 1 : Jobs(0);
        if (jobs > 1)
        {
            string text = $"With more than one job the content of '{request.Path}' lies decrypted in a private temporary file until the restore ends.";
            lock (_warnings)
            {
                _warnings.Add(text);
            }

            observer(new WarningMessage(text));
        }
        else if (!plan.InArchiveOrder)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"What was chosen of '{request.Path}' is restored in another order than the archive's, for which it must lie decrypted in a private temporary file.",
                "Jobs",
                "Permit that with -Jobs 2, or restore everything.");
        }

        return jobs;
    }

    private static void CheckSpoolSpace(string folder, long storedLength)
    {
        if (FreeSpace(folder) is { } free && free < storedLength)
        {
            throw new CryoBackupException(
                CryoBackupError.DiskFull,
                string.Create(CultureInfo.InvariantCulture, $"'{folder}' has {free / (1 << 20)} MiB free, too little for the spooled archive."),
                folder,
                "Free space, set TMPDIR to a larger disk, or restore with -Jobs 1.");
        }
    }

    /// <summary>Archives shrink to a third to a tenth; only a restore shows how far, so room for ten times is asked for.</summary>
    private static long SpoolEstimate(long storedLength) => storedLength * 10;

    private static long? FreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private void Feed(BackupSource source, List<string> arguments, LibpqEnvironment environment)
    {
        using ToolProcess process = ToolProcess.Start(Command(arguments, environment, writesInput: true), limits.Token);
        try
        {
            Read(source, plan.Mode == RestoreMode.Clean ? new DropStatementFilter(process.StandardInput, plan.Archive) : process.StandardInput, "Restoring");
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
    }

    private void Read(BackupSource source, Stream destination, string activity)
    {
        ArchiveReader? reader = null;
        using var progress = new ProgressReporter(
            $"{activity} {Path.GetFileName(request.Path)}",
            observer,
            () => (Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}" : "", (double)source.BytesRead / source.Length));
        ArchiveReader.Read(source.Output, destination, started => Volatile.Write(ref reader, started), limits.Token);
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
