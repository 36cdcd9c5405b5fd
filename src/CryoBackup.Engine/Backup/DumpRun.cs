using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Storage;

namespace CryoBackup.Backup;

/// <summary>What a dump brought.</summary>
/// <param name="Content">What the archive holds.</param>
/// <param name="StoredBytes">The stored file's size.</param>
/// <param name="Hash">Its SHA-256 in upper-case hexadecimal.</param>
/// <param name="Arguments">pg_dump's arguments.</param>
/// <param name="Warnings">pg_dump's warnings.</param>
internal sealed record DumpOutcome(
    ArchiveContent Content,
    long StoredBytes,
    string Hash,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<string> Warnings
);

/// <summary>One run of pg_dump through the tap into a file, with the rows of each table counted beside it in the same snapshot.</summary>
internal sealed class DumpRun(
    BackupRequest request,
    AgeSeal? seal,
    ServerEndpoint endpoint,
    string application,
    DumpSnapshot snapshot,
    ClientTool pgDump,
    Action<EngineMessage> observer,
    RunLimits limits
)
{
    // What a dying pg_dump may take to say why, before it is ended.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    // The locks are ours already. One that is not granted at once is awaited by somebody who also waits for us, in vain.
    private static readonly TimeSpan LockWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LockWaitOfTable = TimeSpan.FromMilliseconds(1);

    /// <summary>Runs it.</summary>
    /// <param name="file">Takes the bytes as stored.</param>
    /// <param name="attempt">Counts from 0; each waits twice as long for the locks as the one before,
    /// lest a slow server be taken for a session in the way.</param>
    /// <returns>What came; every stage has ended well, and every count agrees.</returns>
    /// <exception cref="CryoBackupException">
    /// LockTimeout before the first byte, if a session that waits for the snapshot's locks got in pg_dump's way; DumpFailed and others.
    /// </exception>
    public async Task<DumpOutcome> RunAsync(Stream file, int attempt)
    {
        CancellationToken token = limits.Token;
        using var environment = new LibpqEnvironment(endpoint, application, snapshot.Facts.Encoding);
        TimeSpan lockWait = (LockWait + (snapshot.Tables.Count * LockWaitOfTable)) * (1 << attempt);
        string[] arguments =
        [
            "--format=custom",
            "--compress=0",
            "--no-password",
            $"--snapshot={snapshot.Id}",
            $"--lock-wait-timeout={DumpSnapshot.Milliseconds(lockWait)}",
            .. snapshot.Selection!.Arguments,
        ];
        var warnings = new DumpWarnings();
        var command = new ToolCommand(pgDump.Path, arguments)
        {
            Environment = environment.Variables,
            ReadsOutput = true,
            ErrorLine = warnings.Add,
        };

        using var sink = new BackupSink(file, request.Compression, request.CompressionLevel, seal, token);
        using ToolProcess process = ToolProcess.Start(command, token);
        await using RowCount? count = request.SkipRowCount ? null : new RowCount(snapshot, process.Kill);
        var progress = new DumpProgress(snapshot.Tables);
        using var reporter = new ProgressReporter($"Backing up {request.Database}", observer, progress.Look);
        ArchiveContent content;
        try
        {
            using (limits.Watch(() => progress.BytesRead, request.StallTimeout, Stalled))
            {
                content = await Task
                    .Factory.StartNew(
                        () => ArchiveReader.Read(process.StandardOutput, sink.Input, progress.Follow, token),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                    .ConfigureAwait(false);
            }

            sink.Complete();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            throw Explain(exception, process, count);
        }

        int exitCode = process.WaitForExit(token);
        if (exitCode != 0)
        {
            throw Failure(exitCode, process);
        }

        CheckTables(content);
        if (count is not null)
        {
            progress.FinishedReading();
            using (limits.Watch(() => count.Finished, request.StallTimeout, CountStalled))
            {
                await count.ProveAsync(content, token).ConfigureAwait(false);
            }
        }

        return new DumpOutcome(content, sink.BytesWritten, sink.Hash, arguments, warnings.Texts);
    }

    /// <summary>An archive that breaks off is pg_dump's failure if pg_dump failed,
    /// and that is the count's if it was ended for that.</summary>
    private Exception Explain(Exception exception, ToolProcess process, RowCount? count)
    {
        using var patience = new CancellationTokenSource(LastWords);
        int exitCode;
        try
        {
            exitCode = process.WaitForExit(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // It was well until now: not its end is the cause.
            return exception;
        }

        if (count?.Failure is { } failure)
        {
            return failure;
        }

        return exitCode != 0 && exception is CryoBackupException { Error: CryoBackupError.ArchiveCorrupt or CryoBackupError.NotABackup }
            ? Failure(exitCode, process)
            : exception;
    }

    private CryoBackupException Failure(int exitCode, ToolProcess process) =>
        DumpDiagnostics.Explain("pg_dump", exitCode, process.StandardErrorTail, CryoBackupError.DumpFailed, endpoint);

    private CryoBackupException Stalled(TimeSpan limit) =>
        new(
            CryoBackupError.DumpFailed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"pg_dump of '{request.Database}' was ended because nothing came from it for {limit.TotalSeconds:0.###} seconds."
            ),
            request.Database,
            "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer."
        );

    private CryoBackupException CountStalled(TimeSpan limit) =>
        new(
            CryoBackupError.DumpFailed,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The backup of '{request.Database}' was ended because after the dump no table's rows were counted to the end for "
                    + $"{limit.TotalSeconds:0.###} seconds."
            ),
            request.Database,
            "See whether the server is overloaded, stopped, or unreachable; a longer -StallTimeout waits longer, "
                + "and -SkipRowCount does without the count."
        );

    /// <summary>The archive must hold the rows of exactly the tables that the snapshot shows and the user selected.</summary>
    private void CheckTables(ArchiveContent content)
    {
        Dictionary<uint, DumpTable> awaited = snapshot.Tables.Values.Where(snapshot.Selection!.TakesRows).ToDictionary(table => table.Oid);
        foreach (TableContent table in content.Tables)
        {
            if (!awaited.Remove(table.Entry.Oid))
            {
                throw Unproven(
                    $"{table.Entry.Schema}.{table.Entry.Name}",
                    "pg_dump wrote them, and the snapshot does not show it, or it was to be left out"
                );
            }
        }

        // Whether an extension's table is written is the extension's affair.
        if (awaited.Values.FirstOrDefault(table => table.Extension is null) is { } missing)
        {
            throw Unproven(missing.QuotedName, "the snapshot shows it, and pg_dump left it out");
        }
    }

    private static CryoBackupException Unproven(string table, string reason) =>
        new(
            CryoBackupError.DumpFailed,
            $"The rows of {table} cannot be proven: {reason}.",
            table,
            "Back up again, when no migration runs."
        );
}
