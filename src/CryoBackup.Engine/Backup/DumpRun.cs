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
/// <param name="Ranges">The fingerprints of its ranges.</param>
/// <param name="Arguments">pg_dump's arguments, each object that is left out by its name.</param>
/// <param name="Warnings">pg_dump's warnings.</param>
internal sealed record DumpOutcome(
    ArchiveContent Content,
    long StoredBytes,
    string Hash,
    BackupManifest.RangesRecord Ranges,
    IReadOnlyList<string> Arguments,
    IReadOnlyList<string> Warnings
);

/// <summary>One run of pg_dump through the tap into a file, with the rows of each table counted beside it in the same snapshot.</summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="snapshot">The moment that is dumped.</param>
/// <param name="pgDump">The program.</param>
internal sealed class DumpRun(BackupSession session, DumpSnapshot snapshot, ClientTool pgDump)
{
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
        using var environment = new LibpqEnvironment(session.Endpoint, session.Application, snapshot.Facts.Encoding);
        TimeSpan lockWait = (LockWait + (snapshot.Tables.Count * LockWaitOfTable)) * (1 << attempt);
        string[] common =
        [
            "--format=custom",
            "--compress=0",
            "--no-password",
            $"--snapshot={snapshot.Id}",
            $"--lock-wait-timeout={DumpSnapshot.Milliseconds(lockWait)}",
        ];
        using var arguments = DumpArguments.For(pgDump, common, snapshot.Selection!, session.Request.Database, CommandLength.Fits);
        string[] recorded = [.. common, .. snapshot.Selection!.Arguments];
        var parallel = new ParallelDump(session, snapshot, pgDump);
        if (await parallel.RunAsync(file, [.. arguments.Given], environment, lockWait).ConfigureAwait(false) is { } shared)
        {
            return shared with { Arguments = recorded };
        }

        DumpOutcome outcome = await RunAloneAsync(file, arguments.Given, environment).ConfigureAwait(false);
        return outcome with { Arguments = recorded };
    }

    /// <summary>One pg_dump does it all.</summary>
    private async Task<DumpOutcome> RunAloneAsync(Stream file, IReadOnlyList<string> arguments, LibpqEnvironment environment)
    {
        (BackupRequest request, AgeEncryption? encryption, Action<EngineMessage> observer, RunLimits limits) = session;
        CancellationToken token = limits.Token;
        var warnings = new DumpWarnings();
        var checks = new DumpChecks(request, snapshot);
        using var sink = new BackupSink(file, request.Compression, request.CompressionLevel, encryption, token);
        using var process = new PgDump(pgDump, arguments, session.Endpoint, environment, warnings, token);
        await using RowCounter? count = request.SkipRowCount ? null : new RowCounter(snapshot, process.Kill);
        var progress = new DumpProgress(snapshot.Tables);
        using var reporter = new ProgressReporter($"Backing up {request.Database}", observer, progress.Look);
        ArchiveContent content;
        try
        {
            using (limits.Watch(() => progress.BytesRead, request.StallTimeout, checks.Stalled))
            {
                content = await Task
                    .Factory.StartNew(
                        () => process.Read(archive => ArchiveReader.Read(archive, sink.Input, progress.Follow, token)),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                    .ConfigureAwait(false);
            }

            sink.Complete();
        }
        catch (Exception exception) when (exception is not OperationCanceledException && count?.Failure is { } failure)
        {
            throw failure;
        }

        process.Finish(token);
        checks.CheckTables(content);
        if (count is not null)
        {
            progress.FinishedReading();
            using (limits.Watch(() => count.Finished, request.StallTimeout, checks.CountStalled))
            {
                await count.ProveAsync(content, token).ConfigureAwait(false);
            }
        }

        return new DumpOutcome(content, sink.BytesWritten, sink.Hash, sink.Ranges, arguments, warnings.Texts);
    }
}
