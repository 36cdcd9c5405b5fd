using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup;

/// <summary>Compares the tables of a database with those of an archive: several sessions, which see the same moment, share the tables and their parts.</summary>
internal sealed class DatabaseComparison(ServerEndpoint endpoint, string application, Action<EngineMessage> observer)
{
    // How long sessions that were told to end are waited for; one whose server is gone would hold its thread for minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>The source's lc_monetary, in which values of type money are written; null for the database's own.</summary>
    public string? Monetary { get; init; }

    /// <summary>Reads tables of an archive from the database.</summary>
    /// <param name="tables">The tables as the archive holds them.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every table, expected and found, in the order given.</returns>
    public async Task<TableComparison[]> CompareAsync(IReadOnlyList<TableContent> tables, string encoding, CancellationToken cancellationToken)
    {
        NpgsqlConnection leader = await OpenAsync(encoding, snapshot: null, cancellationToken).ConfigureAwait(false);
        Task reading = Task.CompletedTask;
        try
        {
            Dictionary<(string, string), string> conditions = await ExtensionTables.ConditionsAsync(leader, cancellationToken).ConfigureAwait(false);
            HashSet<(string, string)> divisible = await TablePiece.FindDivisibleAsync(leader, cancellationToken).ConfigureAwait(false);
            divisible.ExceptWith(conditions.Keys);
            TablePiece[] pieces =
            [
                .. TablePiece.Cut([.. tables.Select(table => table.Fingerprint is { } rows && divisible.Contains(KeyOf(table)) ? TablePiece.PagesOf(rows) : 0)])
                    .Where(piece => tables[piece.Table].Fingerprint is not null),
            ];
            string snapshot = await TableReader.ExportSnapshotAsync(leader, cancellationToken).ConfigureAwait(false);
            var found = new TableFingerprint[tables.Count];
            int next = -1;
            int done = 0;
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            CancellationToken end = ending.Token;
            using var progress = new ProgressReporter(
                $"Comparing {endpoint.Database}", observer, () => ($"{done} of {pieces.Length} parts of {tables.Count} tables", pieces.Length == 0 ? 1 : (double)done / pieces.Length));

            void ReadSome(NpgsqlConnection session)
            {
                for (int index = Interlocked.Increment(ref next); index < pieces.Length; index = Interlocked.Increment(ref next))
                {
                    TablePiece piece = pieces[index];
                    TableContent table = tables[piece.Table];
                    string? condition = piece.Condition ?? conditions.GetValueOrDefault(KeyOf(table));
                    TableFingerprint part = TableReader.Read(session, table.Entry.CopyStatement, condition, encoding, end);
                    lock (found)
                    {
                        (found[piece.Table] ??= new TableFingerprint()).Add(part);
                    }

                    Interlocked.Increment(ref done);
                }
            }

            void RunSession(bool leads)
            {
                try
                {
                    if (leads)
                    {
                        ReadSome(leader);
                        return;
                    }

                    using NpgsqlConnection session = OpenAsync(encoding, snapshot, end).GetAwaiter().GetResult();
                    ReadSome(session);
                }
                catch
                {
                    // The others need not read on.
                    ending.Cancel();
                    throw;
                }
            }

            int count = Math.Min(Environment.ProcessorCount, Math.Max(pieces.Length, 1));
            reading = Task.WhenAll(Enumerable.Range(0, count)
                .Select(number => Task.Factory.StartNew(() => RunSession(leads: number == 0), end, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            await EndOfAsync(reading, cancellationToken).ConfigureAwait(false);
            return [.. tables.Select((table, index) => Compare(table, found[index]))];
        }
        finally
        {
            if (reading.IsCompleted)
            {
                await leader.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                _ = reading.ContinueWith(_ => leader.Dispose(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private static (string, string) KeyOf(TableContent table) => (table.Entry.Schema, table.Entry.Name);

    private static async Task EndOfAsync(Task reading, CancellationToken cancellationToken)
    {
        try
        {
            await reading.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!reading.IsCompleted)
        {
            await Task.WhenAny(reading, Task.Delay(Patience, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    private static TableComparison Compare(TableContent table, TableFingerprint? found) => new()
    {
        Schema = table.Entry.Schema,
        Name = table.Entry.Name,
        ExpectedRows = table.Fingerprint?.Rows,
        ExpectedFingerprint = table.Fingerprint?.Text ?? "",
        FoundRows = found?.Rows,
        FoundFingerprint = found?.Text ?? "",
    };

    private Task<NpgsqlConnection> OpenAsync(string encoding, string? snapshot, CancellationToken cancellationToken)
        => TableReader.OpenAsync(endpoint, application, encoding, Monetary, snapshot, cancellationToken);
}
