using CryoBackup.Comparison;
using CryoBackup.Postgres;

namespace CryoBackup.Restore;

/// <summary>Ends a restore: the planner's statistics are collected while the database is proven, and the first finding fails it.</summary>
internal sealed class RestoreProof(RestorePlan plan, ServerEndpoint endpoint, string application, Action<string> warn)
{
    /// <summary>Told before the first finding is thrown; whatever else is thrown says nothing of what was restored.</summary>
    public Action? Differs { get; init; }

    /// <summary>Proves.</summary>
    /// <param name="proof">What to prove.</param>
    /// <param name="cancellationToken">Ends the comparison and the statistics; what was forced is forced again.</param>
    /// <returns>Every table that was restored, expected and found.</returns>
    /// <exception cref="CryoBackupException">RestoreFailed: something differs.</exception>
    public async Task<TableComparison[]> RunAsync(DatabaseProof proof, CancellationToken cancellationToken)
    {
        ForcedRowSecurity? lifted = plan.IsTransaction
            ? null
            : await ForcedRowSecurity.LiftAsync(endpoint, application, plan.Encoding, cancellationToken).ConfigureAwait(false);

        // The statistics are the planner's: they say nothing of the rows, and need not wait for them.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<IReadOnlyList<string>> analyzing = PlannerStatistics.CollectAsync(plan, endpoint, application, ending.Token);
        try
        {
            await foreach (ProofPart part in proof.RunAsync(cancellationToken).ConfigureAwait(false))
            {
                // The rows come first, and what follows is compared as it is to stay.
                await ForceAgainAsync().ConfigureAwait(false);
                Judge(part);
            }

            foreach (string warning in await analyzing.ConfigureAwait(false))
            {
                warn(warning);
            }

            return proof.Tables!;
        }
        catch
        {
            await ending.CancelAsync().ConfigureAwait(false);
            await ((Task)analyzing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await ForceAgainAsync().ConfigureAwait(false);
            throw;
        }

        async Task ForceAgainAsync()
        {
            if (Interlocked.Exchange(ref lifted, null) is { } forced)
            {
                await forced.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private void Judge(ProofPart part)
    {
        if (part.Findings is [var first, ..])
        {
            Differs?.Invoke();
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                $"The restored database differs from the backup: {DatabaseProof.Shorten(part.Findings.Select(finding => finding.Text))}.",
                first.Target,
                $"Look for {part.Suspects} or other sessions that changed it; restore into a new database."
            );
        }

        if (part.Unread is { } unread)
        {
            warn($"Not everything was compared: {unread}.");
        }
    }
}
