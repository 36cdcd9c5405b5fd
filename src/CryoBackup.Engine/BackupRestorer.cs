using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup;

/// <summary>The verb Restore: brings a backup back, and compares what came back with what was saved.</summary>
public static class BackupRestorer
{
    /// <summary>Restores a backup. Blocks until it is restored and compared, or has failed.</summary>
    /// <param name="request">Which file, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends pg_restore and its sessions.</param>
    /// <returns>What was done, or with PlanOnly what would be done.</returns>
    /// <exception cref="CryoBackupException">The backup was not restored; the message says in which state the target is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static RestoreResult Run(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        if (request.TargetDatabase.Length == 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid, "No target database is named.", "TargetDatabase", "Name the database to restore into.");
        }

        if (request.Jobs < 1)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                string.Create(CultureInfo.InvariantCulture, $"{request.Jobs} jobs restore nothing."),
                "Jobs",
                "Give a number of at least 1.");
        }

        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            return RunAsync(request, observer, limits).GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            if (limits.Reason() is { } reason)
            {
                throw reason;
            }

            if (exception is CryoBackupException or OperationCanceledException)
            {
                throw;
            }

            throw new CryoBackupException(
                CryoBackupError.RestoreFailed, $"The restore of '{request.Path}' failed: {exception.Message}", request.Path, inner: exception);
        }
    }

    private static async Task<RestoreResult> RunAsync(RestoreRequest request, Action<EngineMessage> observer, RunLimits limits)
    {
        DateTime start = DateTime.UtcNow;
        CancellationToken token = limits.Token;

        // Everything that speaks against the restore is found before anything changes: first the backup, then the server.
        BackupInspection inspection = Inspect(request.Path, observer, token);
        ArchiveContent content = inspection.Content!;
        ServerEndpoint endpoint = ServerEndpoint.Resolve(request.Connection, request.TargetDatabase, observer);
        string application = string.Create(CultureInfo.InvariantCulture, $"CryoBackup {Environment.ProcessId}-{Guid.NewGuid():N}")[..40];
        TargetDatabase.State state;
        try
        {
            state = await TargetDatabase.InspectAsync(endpoint, application, token).ConfigureAwait(false);
        }
        catch (NpgsqlException exception)
        {
            throw NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed);
        }

        CheckTarget(request, state);
        ClientTool pgRestore = ClientTools.Find("pg_restore", Math.Max(state.Major, ArchiveMajor(content.Header)), token);
        string createOptions = request.Create ? DatabaseDefinition.CreateOptions(content.Entries) : "";
        var result = new RestoreOutcome(request, endpoint, content, start);
        if (request.PlanOnly)
        {
            return result.Planned();
        }

        bool created = false;
        try
        {
            if (request.Create)
            {
                await TargetDatabase.CreateAsync(endpoint, application, createOptions, token).ConfigureAwait(false);
                created = true;
                observer(new VerboseMessage($"Created database {request.TargetDatabase} {createOptions}."));
            }

            var run = new RestoreRun(request, endpoint, application, pgRestore, observer, limits);
            ArchiveContent restored = run.Run();
            TableComparison[] tables = await new DatabaseComparison(endpoint, application, observer).CompareAsync(restored, token).ConfigureAwait(false);
            if (Array.Find(tables, table => !table.Matches) is { } different)
            {
                throw new CryoBackupException(
                    CryoBackupError.RestoreFailed,
                    string.Create(CultureInfo.InvariantCulture, $"{different} has {different.FoundRows} rows after the restore (fingerprint {different.FoundFingerprint}); the backup holds {different.ExpectedRows} ({different.ExpectedFingerprint})."),
                    different.ToString(),
                    "Look for triggers, rules or other sessions that changed the table; restore into a new database.");
            }

            return result.Restored(tables, run.Warnings);
        }
        catch (Exception exception)
        {
            await Task.Run(() => DumpSnapshot.EndSessions(endpoint, application), CancellationToken.None).ConfigureAwait(false);
            string after = await DescribeStateAsync(endpoint, application, created, request).ConfigureAwait(false);
            if (limits.Reason() is { } reason)
            {
                throw WithState(reason, after);
            }

            throw exception switch
            {
                CryoBackupException known => WithState(known, after),
                NpgsqlException => WithState(NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed), after),
                _ => WithState(
                    new CryoBackupException(CryoBackupError.RestoreFailed, $"The restore failed: {exception.Message}.", request.Path, inner: exception), after),
            };
        }
    }

    private static BackupInspection Inspect(string path, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        var inspection = new BackupInspection(path, VerificationLevel.Content, observer, cancellationToken);
        inspection.Run();
        if (inspection.Failure is { } failure)
        {
            throw failure;
        }

        if (inspection.Content is null)
        {
            throw new CryoBackupException(CryoBackupError.ArchiveCorrupt, $"'{path}' could not be verified: {inspection.ToResult().Reason}", path);
        }

        return inspection;
    }

    private static void CheckTarget(RestoreRequest request, TargetDatabase.State state)
    {
        if (request.Create && state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseExists,
                $"The database '{request.TargetDatabase}' exists already; nothing was changed.",
                request.TargetDatabase,
                "Choose another -TargetDatabase, or leave out -Create if it is empty.");
        }

        if (!request.Create && !state.Exists)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotFound,
                $"The database '{request.TargetDatabase}' does not exist; nothing was changed.",
                request.TargetDatabase,
                "Give -Create to have it made with the source's encoding and locale.");
        }

        if (state.FirstObject is { } found)
        {
            throw new CryoBackupException(
                CryoBackupError.DatabaseNotEmpty,
                $"The database '{request.TargetDatabase}' is not empty (it has {found}); nothing was changed.",
                request.TargetDatabase,
                "Restore into a new database with -Create.");
        }
    }

    /// <summary>The major version of the pg_dump that wrote the archive; its pg_restore reads it.</summary>
    private static int ArchiveMajor(ArchiveHeader header)
        => int.TryParse(header.DumpVersion.AsSpan(0, header.DumpVersion.AsSpan().IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : header.DumpVersion.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            ? major
            : 0;

    private static async Task<string> DescribeStateAsync(ServerEndpoint endpoint, string application, bool created, RestoreRequest request)
    {
        if (created)
        {
            return await TargetDatabase.TryDropAsync(endpoint, application).ConfigureAwait(false)
                ? $"The database '{request.TargetDatabase}', which this restore had created, was dropped again."
                : $"The database '{request.TargetDatabase}', which this restore had created, could not be dropped and is incomplete.";
        }

        return request.Create
            ? $"The database '{request.TargetDatabase}' was not created."
            : $"The database '{request.TargetDatabase}' was empty before and may now hold a part of the backup.";
    }

    private static CryoBackupException WithState(CryoBackupException exception, string state)
        => new(exception.Error, $"{exception.Message} {state}", exception.Target, exception.Remedy, exception.StandardError, exception);
}
