using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup;

/// <summary>One restore: everything that speaks against it is found first, then the target is made, filled and compared, or put back as it was.</summary>
internal sealed class Restoration(RestoreRequest request, Action<EngineMessage> observer, RunLimits limits)
{
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly string _application = string.Create(CultureInfo.InvariantCulture, $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid():N}")[..40];
    private readonly List<string> _warnings = [];

    /// <summary>Runs it.</summary>
    /// <returns>What was done, or would be done.</returns>
    public async Task<RestoreResult> RunAsync()
    {
        CancellationToken token = limits.Token;
        ArchiveContent content = Inspect();
        var plan = new RestorePlan(request, content);
        ServerEndpoint endpoint = ServerEndpoint.Resolve(request.Connection, request.TargetDatabase, observer);
        ClientTool pgRestore;
        try
        {
            TargetDatabase.State state = await TargetDatabase.InspectAsync(endpoint, _application, token).ConfigureAwait(false);
            CheckTarget(plan.Mode, state);
            pgRestore = ClientTools.Find("pg_restore", Math.Max(state.Major, ArchiveMajor(content.Header)), token);
            await CheckServerAsync(plan, content, endpoint, token).ConfigureAwait(false);
        }
        catch (NpgsqlException exception)
        {
            throw NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed);
        }

        if (plan.Circular.Count > 0)
        {
            Warn($"Foreign keys form a circle, so that no order of rows satisfies all of them: {string.Join(", ", plan.Circular)}.");
        }

        var outcome = new RestoreOutcome(request, endpoint, content, plan, _start);
        if (request.PlanOnly)
        {
            return outcome.Planned(_warnings);
        }

        (TableComparison[] tables, string? previous) = await RestoreAsync(plan, content, endpoint, pgRestore).ConfigureAwait(false);
        return outcome.Restored(tables, _warnings, previous);
    }

    private ArchiveContent Inspect()
    {
        AgeIdentities.Check(request.Identities, observer);
        var inspection = new BackupInspection(request.Path, VerificationLevel.Content, request.Identities, observer, limits.Token);
        inspection.Run();
        if (inspection.Failure is { } failure)
        {
            throw failure;
        }

        return inspection.Content
            ?? throw inspection.Obstacle ?? new CryoBackupException(CryoBackupError.ArchiveCorrupt, $"'{request.Path}' could not be verified: {inspection.ToResult().Reason}", request.Path);
    }

    private void CheckTarget(RestoreMode mode, TargetDatabase.State state)
    {
        string target = request.TargetDatabase;
        if (mode == RestoreMode.Create && state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseExists,
                $"The database '{target}' exists already; nothing was changed.",
                target,
                "Choose another -TargetDatabase, replace it with -Swap, or leave out -Create if it is empty.");
        }

        if (mode != RestoreMode.Create && !state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotFound,
                $"The database '{target}' does not exist; nothing was changed.",
                target,
                "Give -Create to have it made with the source's encoding and locale.");
        }

        if (mode == RestoreMode.Empty && state.FirstObject is { } found)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotEmpty,
                $"The database '{target}' is not empty (it has {found}); nothing was changed.",
                target,
                "Restore into a new database with -Create, replace this one with -Swap, or replace the backup's objects in it with -Clean.");
        }
    }

    private async Task CheckServerAsync(RestorePlan plan, ArchiveContent content, ServerEndpoint endpoint, CancellationToken token)
    {
        await using NpgsqlConnection server = await TargetDatabase.ConnectToServerAsync(endpoint, _application, token).ConfigureAwait(false);
        List<CryoBackupException> findings = await RestorePreflight.FindAsync(server, plan, request, token).ConfigureAwait(false);
        if (plan.Mode == RestoreMode.Data)
        {
            await using NpgsqlConnection target = await TargetDatabase.OpenAsync(endpoint, _application, content.Encoding, token).ConfigureAwait(false);
            findings.AddRange(await RestorePreflight.FindUnfitTablesAsync(target, plan.Tables, token).ConfigureAwait(false));
        }

        if (findings.Count > 0)
        {
            throw RestorePreflight.Combine(findings);
        }
    }

    private async Task<(TableComparison[] Tables, string? Previous)> RestoreAsync(
        RestorePlan plan, ArchiveContent content, ServerEndpoint endpoint, ClientTool pgRestore)
    {
        CancellationToken token = limits.Token;
        bool makes = plan.Mode is RestoreMode.Create or RestoreMode.Swap;
        ServerEndpoint working = plan.Mode == RestoreMode.Swap ? endpoint.WithDatabase(SwapDatabase.NewName()) : endpoint;
        bool made = false;
        bool committed = false;
        try
        {
            // Open for the whole run: by it the next run knows that this one lives.
            await using NpgsqlConnection server = await TargetDatabase.ConnectToServerAsync(endpoint, _application, token).ConfigureAwait(false);
            if (makes)
            {
                foreach (string abandoned in await SwapDatabase.RemoveAbandonedAsync(server, token).ConfigureAwait(false))
                {
                    Warn($"Removed the database '{abandoned}', which a restore that died had left.");
                }

                string options = DatabaseDefinition.CreateOptions(content.Entries);
                await TargetDatabase.CreateAsync(server, working.Database, options, token).ConfigureAwait(false);
                made = true;
                observer(new VerboseMessage($"Created database {working.Database} {options}."));
                if (plan.Mode == RestoreMode.Swap)
                {
                    await SwapDatabase.MarkAsync(server, working.Database, _application, token).ConfigureAwait(false);
                }
            }

            var run = new RestoreRun(request, plan, working, _application, pgRestore, observer, limits);
            run.Run();
            committed = true;
            _warnings.AddRange(run.Warnings);
            TableComparison[] tables = await CompareAsync(plan, content, working, token).ConfigureAwait(false);
            string? previous = null;
            if (makes)
            {
                IReadOnlyList<string> statements = DatabaseDefinition.Statements(plan, content.Entries, working.Database, request.NoOwner);
                if (plan.Mode == RestoreMode.Swap)
                {
                    previous = SwapDatabase.PreviousName(endpoint.Database);
                    await SwapDatabase.ExchangeAsync(server, endpoint.Database, working.Database, previous, statements, request.Force, token).ConfigureAwait(false);
                    observer(new VerboseMessage($"'{endpoint.Database}' is now the restored database; the one before is kept as '{previous}'."));
                }
                else
                {
                    await TargetDatabase.ExecuteAsync(server, statements, token).ConfigureAwait(false);
                }
            }

            return (tables, previous);
        }
        catch (Exception exception)
        {
            await DumpSnapshot.EndSessionsAsync(working, _application).ConfigureAwait(false);
            string state = await PutBackAsync(plan.Mode, working, made, committed).ConfigureAwait(false);
            if (limits.Reason() is { } reason)
            {
                throw WithState(reason, state);
            }

            throw WithState(
                exception as CryoBackupException
                    ?? (exception is NpgsqlException
                        ? NpgsqlErrors.Translate(exception, working, CryoBackupError.RestoreFailed)
                        : new CryoBackupException(CryoBackupError.RestoreFailed, $"The restore failed: {exception.Message}", request.Path, inner: exception)),
                state);
        }
    }

    private async Task<TableComparison[]> CompareAsync(RestorePlan plan, ArchiveContent content, ServerEndpoint working, CancellationToken token)
    {
        TableComparison[] tables = request.SchemaOnly
            ? []
            : await new DatabaseComparison(working, _application, observer).CompareAsync(plan.Tables, content.Encoding, token).ConfigureAwait(false);
        if (Array.Find(tables, table => !table.Matches) is { } different)
        {
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                string.Create(CultureInfo.InvariantCulture, $"{different} has {different.FoundRows} rows after the restore (fingerprint {different.FoundFingerprint}); the backup holds {different.ExpectedRows} ({different.ExpectedFingerprint})."),
                different.ToString(),
                "Look for triggers, rules or other sessions that changed the table; restore into a new database.");
        }

        await using NpgsqlConnection target = await TargetDatabase.OpenAsync(working, _application, content.Encoding, token).ConfigureAwait(false);
        List<string> differences = await RestoredState.FindDifferencesAsync(target, plan.Entries, token).ConfigureAwait(false);
        if (differences.Count > 0)
        {
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                $"The restored database differs from the backup: {string.Join("; ", differences)}.",
                working.Database,
                "Look for event triggers or other sessions that changed it; restore into a new database.");
        }

        await RestoredState.AnalyzeAsync(target, plan.Entries, plan.Mode is not RestoreMode.Clean and not RestoreMode.Data, token).ConfigureAwait(false);
        return tables;
    }

    /// <summary>Undoes what can be undone, and says in which state the target is.</summary>
    private async Task<string> PutBackAsync(RestoreMode mode, ServerEndpoint working, bool made, bool committed)
    {
        string target = request.TargetDatabase;
        if (made)
        {
            bool dropped = await TargetDatabase.TryDropAsync(working, _application).ConfigureAwait(false);
            string temporary = dropped
                ? $"The database '{working.Database}', which this restore had created, was dropped again."
                : $"The database '{working.Database}', which this restore had created, could not be dropped and is incomplete.";
            return mode == RestoreMode.Swap ? $"The database '{target}' serves on as it was. {temporary}" : temporary;
        }

        return mode switch
        {
            RestoreMode.Create => $"The database '{target}' was not created.",
            RestoreMode.Swap => $"The database '{target}' serves on as it was.",
            RestoreMode.Clean when !committed => $"The database '{target}' is as it was before: the restore was one transaction, and it was rolled back.",
            RestoreMode.Clean => $"The database '{target}' has the backup's objects, but they are not what was expected.",
            RestoreMode.Data => $"The tables of '{target}' were empty before and may now hold a part of the rows.",
            _ => $"The database '{target}' was empty before and may now hold a part of the backup.",
        };
    }

    /// <summary>The major version of the pg_dump that wrote the archive; its pg_restore reads it.</summary>
    private static int ArchiveMajor(ArchiveHeader header)
    {
        int end = header.DumpVersion.AsSpan().IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? header.DumpVersion : header.DumpVersion.AsSpan(0, end), NumberStyles.None, CultureInfo.InvariantCulture, out int major) ? major : 0;
    }

    private CryoBackupException WithState(CryoBackupException exception, string state)
    {
        string? remedy = request.Clean && exception.Message.Contains("other objects depend on it", StringComparison.Ordinal)
            ? "Drop what depends on it and create it again afterwards, or replace the whole database with -Swap."
            : exception.Remedy;
        return new(exception.Error, $"{exception.Message} {state}", exception.Target, remedy, exception.StandardError, exception);
    }

    private void Warn(string text)
    {
        _warnings.Add(text);
        observer(new WarningMessage(text));
    }
}
