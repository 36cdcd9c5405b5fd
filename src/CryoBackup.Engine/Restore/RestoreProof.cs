using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>Proves that a database holds what the backup holds, whatever pg_restore said of its work.</summary>
internal sealed class RestoreProof(
    RestorePlan plan, ArchiveContent content, ServerEndpoint endpoint, string application, Action<string> warn, Action<EngineMessage> observer)
{
    /// <summary>Compares rows, large objects, sequences, indexes, constraints and materialized views, and collects the planner's statistics.</summary>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Every table that was restored, expected and found.</returns>
    /// <exception cref="CryoBackupException">RestoreFailed: something differs.</exception>
    public async Task<TableComparison[]> RunAsync(CancellationToken cancellationToken)
    {
        // The statistics are the planner's: they say nothing of the rows, and need not wait for them.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<string>> analyzing = PlannerStatistics.CollectAsync(plan, endpoint, application, ending.Token);
        try
        {
            TableComparison[] tables = await CompareAsync(cancellationToken).ConfigureAwait(false);
            foreach (string warning in await analyzing.ConfigureAwait(false))
            {
                warn(warning);
            }

            return tables;
        }
        catch
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)analyzing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task<TableComparison[]> CompareAsync(CancellationToken cancellationToken)
    {
        var comparison = new DatabaseComparison(endpoint, application, observer) { Monetary = plan.Monetary };
        TableComparison[] tables = await comparison.CompareAsync(plan.Tables, content.Encoding, cancellationToken).ConfigureAwait(false);
        if (Array.Find(tables, table => table.ExpectedRows is not null && !table.Matches) is { } different)
        {
            throw Differs(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{different} has {different.FoundRows} rows after the restore (fingerprint {different.FoundFingerprint}); the backup holds {different.ExpectedRows} ({different.ExpectedFingerprint})."),
                different.ToString(),
                "triggers, rules");
        }

        TableComparison[] unread = [.. tables.Where(table => table.ExpectedRows is null)];
        if (unread.Length > 0)
        {
            warn($"Not compared, because the archive's own form of their rows is not read here: {string.Join<TableComparison>(", ", unread)}.");
        }

        await using NpgsqlConnection target = await TargetDatabase.OpenAsync(endpoint, application, plan.Encoding, cancellationToken).ConfigureAwait(false);
        await CompareLargeObjectsAsync(target, cancellationToken).ConfigureAwait(false);
        List<string> differences = await RestoredState.FindDifferencesAsync(target, plan.Entries, cancellationToken).ConfigureAwait(false);
        if (differences.Count > 0)
        {
            throw Differs($"The restored database differs from the backup: {string.Join("; ", differences)}.", endpoint.Database, "event triggers");
        }

        return tables;
    }

    private async Task CompareLargeObjectsAsync(NpgsqlConnection target, CancellationToken cancellationToken)
    {
        // Only where there were none before are they all the backup's.
        if (!(plan.Makes || plan.Mode == RestoreMode.Empty) || !plan.Entries.Any(entry => entry.Kind == "BLOBS"))
        {
            return;
        }

        (long count, UInt128 fingerprint) = await LargeObjectReader.ReadAllAsync(target, cancellationToken).ConfigureAwait(false);
        if (count != content.LargeObjectCount || fingerprint != content.LargeObjectFingerprint)
        {
            throw Differs(
                string.Create(CultureInfo.InvariantCulture, $"The {count} large objects after the restore are not the {content.LargeObjectCount} of the backup."),
                endpoint.Database,
                "event triggers");
        }
    }

    private static CryoBackupException Differs(string message, string target, string suspects) => new(
        CryoBackupError.RestoreFailed, message, target, $"Look for {suspects} or other sessions that changed it; restore into a new database.");
}
