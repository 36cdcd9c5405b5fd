using System.Runtime.ExceptionServices;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>
/// One dump by several sessions under one snapshot. pg_dump writes the table of contents, and is ended once it has; a second pg_dump writes
/// what is not the rows of plain tables, where there is any; the sessions read those, piece by piece. All of it is put into one archive in
/// the order of the table of contents, so that it is the one that pg_dump alone would have written, but for where its chunks end.
/// </summary>
internal sealed class ParallelDump(
    BackupRequest request,
    AgeEncryption? encryption,
    ServerEndpoint endpoint,
    DumpSnapshot snapshot,
    ClientTool pgDump,
    Action<EngineMessage> observer,
    RunLimits limits
)
{
    private const int MostSessions = 64;

    /// <summary>Runs it, where it is wanted and pays.</summary>
    /// <param name="file">Takes the bytes as stored.</param>
    /// <param name="arguments">pg_dump's arguments for the whole dump.</param>
    /// <param name="environment">Lets programs connect.</param>
    /// <param name="lockWait">How long a session waits for a lock that is ours already.</param>
    /// <returns>What came; null if nothing was written, and pg_dump alone is to do it.</returns>
    /// <exception cref="CryoBackupException">As <see cref="DumpRun.RunAsync"/>.</exception>
    public async Task<DumpOutcome?> RunAsync(Stream file, string[] arguments, LibpqEnvironment environment, TimeSpan lockWait)
    {
        // psql writes text on Windows, whose lines end in another way.
        int wanted = Math.Min(request.Jobs ?? 1, MostSessions);
        if (wanted < 2 || OperatingSystem.IsWindows())
        {
            return null;
        }

        string psql = Path.Combine(Path.GetDirectoryName(pgDump.Path)!, "psql");
        SharedTables tables = await snapshot.FindSharedAsync(request.PieceBytes, limits.Token).ConfigureAwait(false);
        if (tables.Bytes < Math.Max(1, request.LeastShared) || !File.Exists(psql))
        {
            return null;
        }

        int sessions = await FindRoomAsync(wanted).ConfigureAwait(false);
        if (sessions < 2)
        {
            return null;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limits.Token);
        var checks = new DumpChecks(request, snapshot);
        var progress = new DumpProgress(snapshot.Tables);
        var assembly = new ArchiveAssembly(request, encryption, endpoint, snapshot, pgDump, psql, environment, ending)
        {
            LockWait = lockWait,
        };
        RowCounter? count = null;
        using var reporter = new ProgressReporter($"Backing up {request.Database}", observer, progress.Look);
        progress.Follow(() => (assembly.BytesWritten, assembly.Current));
        try
        {
            DumpOutcome? outcome;
            using (limits.Watch(() => assembly.BytesRead, request.StallTimeout, checks.Stalled))
            {
                outcome = await Task
                    .Factory.StartNew(
                        () => assembly.Run(file, arguments, tables, sessions, Begin),
                        CancellationToken.None,
                        TaskCreationOptions.LongRunning,
                        TaskScheduler.Default
                    )
                    .ConfigureAwait(false);
            }

            if (outcome is null)
            {
                return null;
            }

            checks.CheckTables(outcome.Content);
            if (count is not null)
            {
                progress.FinishedReading();
                using (limits.Watch(() => count.Finished, request.StallTimeout, checks.CountStalled))
                {
                    await count.ProveAsync(outcome.Content, limits.Token).ConfigureAwait(false);
                }
            }

            observer(new VerboseMessage(assembly.Account));
            return outcome;
        }
        catch (Exception) when (!limits.Token.IsCancellationRequested && (count?.Failure ?? assembly.Failure) is { } failure)
        {
            // What was ended fails in many ways; the cause is the one to tell.
            ExceptionDispatchInfo.Throw(failure);
            throw;
        }
        finally
        {
            if (count is not null)
            {
                await count.DisposeAsync().ConfigureAwait(false);
            }
        }

        // Not before it is certain that the dump is made here: to end the count is to end the snapshot.
        void Begin() => count = request.SkipRowCount ? null : new RowCounter(snapshot, assembly.Stop);
    }

    /// <summary>A server with less room is given fewer sessions, for the backup is possible with two.</summary>
    private async Task<int> FindRoomAsync(int wanted)
    {
        // The snapshot's holder, pg_dump twice, and one that the server has not quite ended.
        const int Others = 4;
        int sessions = wanted;
        while (
            sessions > 1
            && await snapshot.FindLackOfSessionsAsync(endpoint, sessions + Others, limits.Token).ConfigureAwait(false) is not null
        )
        {
            sessions--;
        }

        return sessions;
    }
}
