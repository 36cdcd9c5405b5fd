using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>What a dump brought.</summary>
/// <param name="Content">What the archive holds.</param>
/// <param name="StoredBytes">The stored file's size.</param>
/// <param name="Hash">Its SHA-256 in upper-case hexadecimal.</param>
/// <param name="Arguments">pg_dump's arguments.</param>
/// <param name="Warnings">pg_dump's warnings.</param>
internal sealed record DumpOutcome(ArchiveContent Content, long StoredBytes, string Hash, IReadOnlyList<string> Arguments, IReadOnlyList<string> Warnings);

/// <summary>One run of pg_dump through the tap into a file, with the rows of each table counted beside it in the same snapshot.</summary>
internal sealed class DumpRun(
    BackupRequest request,
    ServerEndpoint endpoint,
    string application,
    DumpSnapshot snapshot,
    ClientTool pgDump,
    Action<EngineMessage> observer,
    RunLimits limits)
{
    private readonly List<string> _warnings = [];

    /// <summary>Runs it.</summary>
    /// <param name="file">Takes the bytes as stored.</param>
    /// <returns>What came; every stage has ended well, and every count agrees.</returns>
    public async Task<DumpOutcome> RunAsync(Stream file)
    {
        CancellationToken token = limits.Token;
        using var environment = new LibpqEnvironment(endpoint, application, snapshot.Facts.Encoding);
        string[] arguments =
        [
            "--format=custom",
            "--compress=0",
            "--no-password",
            $"--snapshot={snapshot.Id}",
            string.Create(CultureInfo.InvariantCulture, $"--lock-wait-timeout={(long)request.LockTimeout.TotalMilliseconds}"),
        ];
        var command = new ToolCommand(pgDump.Path, arguments)
        {
            Environment = environment.Variables,
            ReadsOutput = true,
            ErrorLine = OnErrorLine,
        };

        using var sink = new BackupSink(file, request.Compression, request.CompressionLevel, token);
        using ToolProcess process = ToolProcess.Start(command, token);
        var progress = new DumpProgress(snapshot.Tables);
        using var reporter = new ProgressReporter($"Backing up {request.Database}", observer, progress.Look);
        limits.WatchFor(() => progress.BytesRead, request.StallTimeout, Stalled);

        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(token);
        Task<Dictionary<int, long?>>? counting = null;
        ArchiveContent content;
        try
        {
            content = await Task.Factory.StartNew(
                () => ArchiveReader.Read(
                    process.StandardOutput,
                    sink.Input,
                    reader =>
                    {
                        progress.Follow(reader);
                        counting = request.SkipRowCount ? null : CountAsync([.. reader.Entries.Where(entry => entry.IsTableData)], abandon.Token);
                    },
                    token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).ConfigureAwait(false);
            sink.Complete();
        }
        catch (Exception exception)
        {
            await StopAsync(process, abandon, counting).ConfigureAwait(false);
            throw Explain(exception, process);
        }

        int exitCode = process.WaitForExit(token);
        if (exitCode != 0)
        {
            await StopAsync(process, abandon, counting).ConfigureAwait(false);
            throw Failure(exitCode, process);
        }

        if (counting is not null)
        {
            Compare(content, await counting.ConfigureAwait(false));
        }

        foreach (string warning in _warnings)
        {
            observer(new WarningMessage(warning));
        }

        return new DumpOutcome(content, sink.BytesWritten, sink.Hash, arguments, _warnings);
    }

    private static async Task StopAsync(ToolProcess process, CancellationTokenSource abandon, Task? counting)
    {
        // The reader may have failed on what a dying pg_dump left; give it the moment to say why before it is killed.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            process.WaitForExit(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
        }

        await abandon.CancelAsync().ConfigureAwait(false);
        if (counting is not null)
        {
            await counting.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private Exception Explain(Exception exception, ToolProcess process)
    {
        // An archive that breaks off is pg_dump's failure if pg_dump failed; a full disk is what it is.
        if (exception is CryoBackupException { Error: CryoBackupError.ArchiveCorrupt or CryoBackupError.NotABackup } && process.HasExited)
        {
            int exitCode = process.WaitForExit(CancellationToken.None);
            if (exitCode != 0)
            {
                return Failure(exitCode, process);
            }
        }

        return exception;
    }

    private CryoBackupException Failure(int exitCode, ToolProcess process)
        => DumpDiagnostics.Explain("pg_dump", exitCode, process.StandardErrorTail, CryoBackupError.DumpFailed, endpoint);

    private CryoBackupException Stalled(TimeSpan limit) => new(
        CryoBackupError.DumpFailed,
        string.Create(CultureInfo.InvariantCulture, $"pg_dump of '{request.Database}' was ended because nothing came from it for {limit.TotalSeconds:0.###} seconds."),
        request.Database,
        "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer.");

    private void OnErrorLine(string line)
    {
        int at = line.IndexOf("warning: ", StringComparison.Ordinal);
        if (at >= 0)
        {
            lock (_warnings)
            {
                _warnings.Add("pg_dump: " + line[(at + "warning: ".Length)..]);
            }
        }
    }

    private async Task<Dictionary<int, long?>> CountAsync(TocEntry[] entries, CancellationToken cancellationToken)
    {
        var counts = new Dictionary<int, long?>();
        foreach (TocEntry entry in entries)
        {
            counts.Add(entry.DumpId, await snapshot.CountAsync(entry.Oid, cancellationToken).ConfigureAwait(false));
        }

        return counts;
    }

    private void Compare(ArchiveContent content, Dictionary<int, long?> counts)
    {
        foreach (TableContent table in content.Tables)
        {
            long found = table.Fingerprint?.Rows ?? 0;
            if (counts.GetValueOrDefault(table.Entry.DumpId) is not { } counted)
            {
                throw new CryoBackupException(
                    CryoBackupError.DumpFailed,
                    $"The rows of {table.Entry.Schema}.{table.Entry.Name} cannot be proven: pg_dump wrote it, and the snapshot does not show it.",
                    $"{table.Entry.Schema}.{table.Entry.Name}",
                    "Back up again, when no migration runs.");
            }

            if (counted != found)
            {
                throw new CryoBackupException(
                    CryoBackupError.DumpFailed,
                    string.Create(CultureInfo.InvariantCulture, $"{table.Entry.Schema}.{table.Entry.Name} has {counted} rows in the snapshot, and pg_dump wrote {found}."),
                    $"{table.Entry.Schema}.{table.Entry.Name}",
                    "Back up again; if it happens again, look for TRUNCATE or table rewrites at the time of the backup, and check the table's indexes.");
            }
        }
    }
}
