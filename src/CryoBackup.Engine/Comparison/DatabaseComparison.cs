using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>Compares the tables of a database with those of an archive: several sessions, which see the same moment,
/// share the tables and their parts.</summary>
internal sealed class DatabaseComparison(ServerEndpoint endpoint, string application, Action<EngineMessage> observer)
{
    // How long sessions that were told to end are waited for; one whose server is gone would hold its thread for minutes.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    // How long a session is waited for that the server does not have yet.
    private static readonly TimeSpan LongestSession = TimeSpan.FromMinutes(5);

    /// <summary>What the database is called while it is compared; null for its own name, which may be a passing one.</summary>
    public string? Called { get; init; }

    /// <summary>The source's lc_monetary, in which values of type money are written; null for the database's own.</summary>
    public string? Monetary { get; init; }

    /// <summary>Reads tables of an archive from the database.</summary>
    /// <param name="tables">The tables as the archive holds them.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every table, expected and found, in the order given; partitions that are loaded through their root as that.</returns>
    public async Task<TableComparison[]> CompareAsync(
        IReadOnlyList<TableContent> tables,
        string encoding,
        CancellationToken cancellationToken
    )
    {
        IReadOnlyList<RowSet> sets = RowSet.Of(tables);
        SharedSnapshot moment = await SharedSnapshot.TakeAsync(endpoint, application, encoding, cancellationToken).ConfigureAwait(false);
        Task ended = Task.CompletedTask;
        try
        {
            Dictionary<(string, string), string> conditions = await ExtensionTables
                .ConditionsAsync(moment.Connection, cancellationToken)
                .ConfigureAwait(false);
            HashSet<(string, string)> divisible = await TablePiece
                .FindDivisibleAsync(moment.Connection, cancellationToken)
                .ConfigureAwait(false);
            divisible.ExceptWith(conditions.Keys);
            using var reading = new PieceReading(sets, conditions, divisible, encoding, cancellationToken);
            using var progress = new ProgressReporter($"Comparing {Called ?? endpoint.Database}", observer, reading.Look);
            Task sessions = ended = reading.Start(othersRead => Open(encoding, moment.Id, othersRead, reading.Ending));
            if (await Task.WhenAny(sessions, Task.Delay(Timeout.Infinite, reading.Ending)).ConfigureAwait(false) != sessions)
            {
                // They wait for the server, and a server that is gone would hold them for minutes.
                ended = Task.WhenAll(moment.EndAsync(reading.Sessions), sessions);
                await Task.WhenAny(ended, Task.Delay(LongestWait, CancellationToken.None)).ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            return reading.Compare();
        }
        finally
        {
            if (ended.IsCompleted)
            {
                await moment.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                _ = ended.ContinueWith(
                    _ => moment.DisposeAsync().AsTask(),
                    CancellationToken.None,
                    TaskContinuationOptions.None,
                    TaskScheduler.Default
                );
            }
        }
    }

    /// <summary>Opens a reader's session. Where the server has none left, the readers that have one do without this one.</summary>
    private NpgsqlConnection? Open(string encoding, string moment, Func<bool> othersRead, CancellationToken cancellationToken)
    {
        for (long start = Environment.TickCount64; ; )
        {
            try
            {
                return TableReader.Open(endpoint, application, encoding, Monetary, moment);
            }
            catch (PostgresException exception)
                when (exception.SqlState == PostgresErrorCodes.TooManyConnections
                    && Environment.TickCount64 - start < LongestSession.TotalMilliseconds
                )
            {
                if (othersRead())
                {
                    return null;
                }

                // ANALYZE may have the last one; it comes to an end.
                cancellationToken.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(200));
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
    }
}
