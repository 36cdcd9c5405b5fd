using System.Runtime.ExceptionServices;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Backup;

/// <summary>
/// One dump by several sessions under one snapshot. pg_dump writes the table of contents, and is ended once it has; a second pg_dump writes
/// what is not the rows of plain tables, where there is any; the sessions read those, piece by piece. All of it is put into one archive in
/// the order of the table of contents, so that it is the one that pg_dump alone would have written, but for where its chunks end.
/// </summary>
/// <param name="session">What the parts of the backup have in common.</param>
/// <param name="snapshot">The moment that is dumped.</param>
/// <param name="pgDump">The program.</param>
internal sealed class ParallelDump(BackupSession session, DumpSnapshot snapshot, ClientTool pgDump)
{
    private const int MostSessions = 64;
    private const int MostUnasked = 8;

    // Rows of several sessions lie here until those before them are written; a small container has no room for them.
    private const long LeastMemory = 512L << 20;

    private readonly BackupRequest _request = session.Request;
    private readonly RunLimits _limits = session.Limits;

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
        int wanted = Math.Min(_request.Jobs ?? Unasked(), MostSessions);
        if (wanted < 2 || OperatingSystem.IsWindows())
        {
            return null;
        }

        string psql = Path.Combine(Path.GetDirectoryName(pgDump.Path)!, "psql");
        SharedTables tables = await snapshot.FindSharedAsync(_request.PieceBytes, _limits.Token).ConfigureAwait(false);
        if (tables.Bytes < Math.Max(1, _request.LeastShared) || !File.Exists(psql))
        {
            return null;
        }

        int sessions = await FindRoomAsync(wanted).ConfigureAwait(false);
        if (sessions < 2)
        {
            return null;
        }

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_limits.Token);
        var assembly = new ArchiveAssembly(session, snapshot, new ArchivePrograms(pgDump, psql, environment, lockWait), ending);
        DumpOutcome? outcome = await ProveAsync(assembly, begin => assembly.Run(file, arguments, tables, sessions, begin))
            .ConfigureAwait(false);
        if (outcome is null)
        {
            // pg_dump alone must not be refused for those that were to share its work.
            await snapshot.AwaitSessionsAsync(session.Endpoint, 2, _limits.Token).ConfigureAwait(false);
        }

        return outcome;
    }

    /// <summary>How many sessions there are where nobody says: no more than large tables have work for.</summary>
    private int Unasked()
    {
        if (GC.GetGCMemoryInfo().TotalAvailableMemoryBytes < LeastMemory)
        {
            return 1;
        }

        long large = snapshot
            .Tables.Values.Where(table => table.Bytes >= _request.PieceBytes && snapshot.Selection!.TakesRows(table))
            .Sum(table => table.Bytes);
        return (int)Math.Min(Math.Min(Environment.ProcessorCount, MostUnasked), large / Math.Max(1, _request.LeastShared));
    }

    /// <summary>Runs the assembly, with the rows of each table counted beside it.</summary>
    private async Task<DumpOutcome?> ProveAsync(ArchiveAssembly assembly, Func<Action, DumpOutcome?> run)
    {
        var checks = new DumpChecks(_request, snapshot);
        var progress = new DumpProgress(snapshot.Tables);
        RowCounter? count = null;
        using var reporter = new ProgressReporter($"Backing up {_request.Database}", session.Observer, progress.Look);
        progress.Follow(() => (assembly.BytesWritten, assembly.Current));
        try
        {
            DumpOutcome? outcome;
            using (_limits.Watch(() => assembly.BytesRead, _request.StallTimeout, checks.Stalled))
            {
                outcome = await Task
                    .Factory.StartNew(() => run(Begin), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
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
                using (_limits.Watch(() => count.Finished, _request.StallTimeout, checks.CountStalled))
                {
                    await count.ProveAsync(outcome.Content, _limits.Token).ConfigureAwait(false);
                }
            }

            session.Observer(new VerboseMessage(assembly.Account));
            return outcome;
        }
        catch (Exception) when (!_limits.Token.IsCancellationRequested && (count?.Failure ?? assembly.Failure) is { } failure)
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
        void Begin() => count = _request.SkipRowCount ? null : new RowCounter(snapshot, assembly.Stop);
    }

    /// <summary>A server with less room is given fewer sessions, for the backup is possible with two.</summary>
    private async Task<int> FindRoomAsync(int wanted)
    {
        // The snapshot's holder, pg_dump twice, and one that the server has not quite ended.
        const int Others = 4;

        // Who did not ask for several does not take those that others may be about to need.
        const int LeftForOthers = 20;
        int more = Others + (_request.Jobs is null ? LeftForOthers : 0);
        int sessions = wanted;
        while (
            sessions > 1
            && await snapshot.FindLackOfSessionsAsync(session.Endpoint, sessions + more, _limits.Token).ConfigureAwait(false) is not null
        )
        {
            sessions--;
        }

        return sessions;
    }
}
