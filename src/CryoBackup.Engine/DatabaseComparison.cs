using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup;

/// <summary>Compares the tables of a database with those of an archive, several at once.</summary>
internal sealed class DatabaseComparison(ServerEndpoint endpoint, string application, Action<EngineMessage> observer)
{
    /// <summary>The source's lc_monetary, in which values of type money are written; null for the database's own.</summary>
    public string? Monetary { get; init; }

    /// <summary>Reads tables of an archive from the database.</summary>
    /// <param name="tables">The tables as the archive holds them.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every table, expected and found, in the order given.</returns>
    public async Task<TableComparison[]> CompareAsync(IReadOnlyList<TableContent> tables, string encoding, CancellationToken cancellationToken)
    {
        Dictionary<(string, string), string> conditions;
        await using (NpgsqlConnection connection = await TargetDatabase.OpenAsync(endpoint, application, encoding, cancellationToken).ConfigureAwait(false))
        {
            conditions = await ExtensionTables.ConditionsAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        var comparisons = new TableComparison[tables.Count];
        int next = -1;
        int done = 0;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var progress = new ProgressReporter(
            $"Comparing {endpoint.Database}", observer, () => ($"{done} of {comparisons.Length} tables", comparisons.Length == 0 ? 1 : (double)done / comparisons.Length));

        async Task RunSessionAsync()
        {
            try
            {
                await CompareSomeAsync().ConfigureAwait(false);
            }
            catch
            {
                // The others need not read on.
                await ending.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        async Task CompareSomeAsync()
        {
            await using NpgsqlConnection connection =
                await TableReader.OpenAsync(endpoint, application, encoding, Monetary, ending.Token).ConfigureAwait(false);
            for (int index = Interlocked.Increment(ref next); index < comparisons.Length; index = Interlocked.Increment(ref next))
            {
                TableContent table = tables[index];
                TableFingerprint? found = table.Fingerprint is null
                    ? null
                    : await TableReader.ReadAsync(
                        connection, table.Entry.CopyStatement, conditions.GetValueOrDefault((table.Entry.Schema, table.Entry.Name)), encoding, ending.Token).ConfigureAwait(false);
                comparisons[index] = new TableComparison
                {
                    Schema = table.Entry.Schema,
                    Name = table.Entry.Name,
                    ExpectedRows = table.Fingerprint?.Rows,
                    ExpectedFingerprint = table.Fingerprint?.Text ?? "",
                    FoundRows = found?.Rows,
                    FoundFingerprint = found?.Text ?? "",
                };
                Interlocked.Increment(ref done);
            }
        }

        int sessions = Math.Min(Environment.ProcessorCount, tables.Count);
        await Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => Task.Run(RunSessionAsync, cancellationToken))).ConfigureAwait(false);
        return comparisons;
    }
}
