using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>How far a restore has come.</summary>
internal enum RestoreStep
{
    /// <summary>Nothing has changed.</summary>
    Beginning,

    /// <summary>The new database is being made.</summary>
    Making,

    /// <summary>pg_restore and the sessions that load rows are running.</summary>
    Filling,

    /// <summary>All is restored, and being compared.</summary>
    Comparing,

    /// <summary>All is restored, and differs from what was to be.</summary>
    Differing,

    /// <summary>The new database is being given its name.</summary>
    Naming,
}

/// <summary>After a failure: undoes what can be undone, looks at what is there, and says in which state the target is.</summary>
internal sealed class RestoreRollback(
    ServerEndpoint endpoint,
    ServerEndpoint working,
    string application,
    RestorePlan plan,
    string? previous
)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private string? _before;

    /// <summary>How far the restore has come.</summary>
    public RestoreStep Step { get; set; }

    /// <summary>The roles that the restore has made.</summary>
    public IReadOnlyList<string> Roles { get; set; } = [];

    private string Target => endpoint.Database;

    /// <summary>Notes what the target is like before anything is done to it.</summary>
    /// <param name="cancellationToken">Ends the query.</param>
    public async Task RememberAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(endpoint, application, plan.Encoding, cancellationToken)
            .ConfigureAwait(false);
        _before = await LookAsync(target, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Undoes what can be undone. The run's sessions have been told to end.</summary>
    /// <returns>The state of the target, in words.</returns>
    public async Task<string> PutBackAsync()
    {
        string state = await PutDatabaseBackAsync().ConfigureAwait(false);
        if (Roles.Count == 0)
        {
            return state;
        }

        string names = string.Join(", ", Roles.Select(role => $"'{role}'"));
        return await TargetRoles.TryDropAsync(endpoint, application, Roles).ConfigureAwait(false) is { } obstacle
            ? $"{state} Of the backup's globals it had created: {names}; they are still there ({obstacle.TrimEnd('.')})."
            : $"{state} Of the backup's globals it had created: {names}; they were dropped again.";
    }

    private async Task<string> PutDatabaseBackAsync()
    {
        if (plan.Makes)
        {
            return await PutBackNewAsync().ConfigureAwait(false);
        }

        if (Step < RestoreStep.Filling)
        {
            return $"The database '{Target}' is as it was before.";
        }

        return Step switch
        {
            RestoreStep.Filling => await FindStateAsync().ConfigureAwait(false),
            RestoreStep.Comparing => $"The database '{Target}' has what was restored, but was not compared to the end.",
            _ => $"The database '{Target}' has what was restored, but it is not what was expected.",
        };
    }

    private async Task<string> PutBackNewAsync()
    {
        string untouched =
            plan.Mode == RestoreMode.Swap ? $"The database '{Target}' serves on as it was." : $"There is no database '{Target}'.";
        if (Step == RestoreStep.Beginning)
        {
            return untouched;
        }

        if (Step == RestoreStep.Naming)
        {
            switch (await TemporaryDatabase.WasRenamedAsync(endpoint, working.Database, previous, Target).ConfigureAwait(false))
            {
                case true:
                    return $"The database '{Target}' is the restored one all the same"
                        + (previous is null ? "." : $"; the one before is kept as '{previous}'.");
                case null:
                    return $"The server does not answer. If it has a database '{working.Database}', nothing else was changed; if not, "
                        + $"'{Target}' is the restored one"
                        + (previous is null ? "." : $", and the one before is kept as '{previous}'.");
            }
        }

        if (Step == RestoreStep.Making && await TargetDatabase.ExistsAsync(working, application).ConfigureAwait(false) == false)
        {
            // The server refused to make it.
            return untouched;
        }

        string? obstacle = await TargetDatabase.TryDropAsync(working, application).ConfigureAwait(false);
        return untouched
            + (
                obstacle is null
                    ? $" The database '{working.Database}', which this restore was filling, was dropped again."
                    : $" The database '{working.Database}', which this restore was filling, could not be dropped "
                        + $"({obstacle.TrimEnd('.')}); the next restore on this server removes it."
            );
    }

    private async Task<string> FindStateAsync()
    {
        bool? unchanged;
        try
        {
            using var patience = new CancellationTokenSource(LongestWait);
            await using NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, "CryoBackup", plan.Encoding, patience.Token)
                .ConfigureAwait(false);
            while (await TemporaryDatabase.CountSessionsOfAsync(target, application, patience.Token).ConfigureAwait(false) > 0)
            {
                // A session that was ended still takes back what it did.
                await Task.Delay(100, patience.Token).ConfigureAwait(false);
            }

            unchanged = string.Equals(_before, await LookAsync(target, patience.Token).ConfigureAwait(false), StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException or InvalidOperationException)
        {
            unchanged = null;
        }

        return (plan.IsTransaction, unchanged) switch
        {
            (true, true) => $"The database '{Target}' is as it was before: the restore was one transaction, and it was rolled back.",
            (true, false) => $"The database '{Target}' has changed since: either the restore, which was one transaction, was completed, "
                + "or somebody else was at work.",
            (true, null) =>
                $"The database '{Target}' could not be looked at; the restore was one transaction, so it is either done or not.",
            (false, true) => $"The database '{Target}' is as it was before: empty.",
            (false, false) => $"The database '{Target}' was empty before and now holds a part of the backup.",
            (false, null) => $"The database '{Target}' was empty before and may now hold a part of the backup; it could not be looked at.",
        };
    }

    private Task<string> LookAsync(NpgsqlConnection target, CancellationToken cancellationToken) =>
        TargetTrace.TakeAsync(
            target,
            plan.Mode == RestoreMode.Data ? plan.Tables.Select(table => (table.Entry.Schema, table.Entry.Name)) : [],
            cancellationToken
        );
}
