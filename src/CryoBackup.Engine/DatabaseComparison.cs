using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup;

/// <summary>Compares the tables of a database with those of an archive, several at once.</summary>
internal sealed class DatabaseComparison(ServerEndpoint endpoint, string application, Action<EngineMessage> observer)
{
    /// <summary>Reads every table of the archive from the database.</summary>
    /// <param name="content">What the archive holds.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every table, expected and found, in the archive's order.</returns>
    public async Task<TableComparison[]> CompareAsync(ArchiveContent content, CancellationToken cancellationToken)
    {
        var comparisons = new TableComparison[content.Tables.Count];
        int next = -1;
        int done = 0;
        using var progress = new ProgressReporter(
            $"Comparing {endpoint.Database}", observer, () => ($"{done} of {comparisons.Length} tables", comparisons.Length == 0 ? 1 : (double)done / comparisons.Length));
        async Task CompareSomeAsync()
        {
            await using NpgsqlConnection connection =
                await TableReader.OpenAsync(endpoint, application, content.Encoding, cancellationToken).ConfigureAwait(false);
            for (int index = Interlocked.Increment(ref next); index < comparisons.Length; index = Interlocked.Increment(ref next))
            {
                TableContent table = content.Tables[index];
                TableFingerprint? found = table.Fingerprint is null
                    ? null
                    : TableReader.Read(connection, table.Entry.CopyStatement, content.Encoding, cancellationToken);
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

        int sessions = Math.Min(Environment.ProcessorCount, content.Tables.Count);
        await Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => Task.Run(CompareSomeAsync, cancellationToken))).ConfigureAwait(false);
        return comparisons;
    }
}
