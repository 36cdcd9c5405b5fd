using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore.Selection;
using CryoBackup.Storage;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>One restore: everything that speaks against it is found first, then the target is made, filled and compared,
/// or put back as it was.</summary>
internal sealed class Restoration(RestoreRequest request, Action<EngineMessage> observer, RunLimits limits)
{
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly string _application = TemporaryDatabase.NewApplicationName();
    private readonly List<string> _warnings = [];
    private bool _isTrusted;
    private string? _hash;

    /// <summary>Runs it.</summary>
    /// <returns>What was done, or would be done.</returns>
    public async Task<RestoreResult> RunAsync()
    {
        CancellationToken token = limits.Token;
        RestoreMode mode = RestorePlan.ModeOf(request);
        var endpoint = ServerEndpoint.Resolve(request.Connection, request.TargetDatabase, observer);
        using var spooling = new ArchiveSpooling(request.Jobs, request.Create || request.Swap, request.Path, observer, Warn);
        (ArchiveContent content, BackupManifest? manifest) = request.SkipVerification ? Skim() : Inspect(spooling);
        GlobalsScript? globals = request.IncludeGlobals ? ReadGlobals(manifest) : null;
        RestorePlan plan;
        IReadOnlyList<string> roles;
        IReadOnlyList<string> losses;
        ClientTool pgRestore;
        try
        {
            TargetDatabase.State state = await TargetDatabase
                .InspectAsync(endpoint, _application, content.Encoding, token)
                .ConfigureAwait(false);
            TargetCheck.Run(request.TargetDatabase, mode, state);
            pgRestore = ClientTools.Find("pg_restore", Math.Max(state.Major, ArchiveHeader.Major(content.Header.DumpVersion)), token);
            plan = new RestorePlan(
                request,
                content,
                await KeptAsync(mode, content.Encoding, endpoint, token).ConfigureAwait(false),
                mode is RestoreMode.Create or RestoreMode.Swap ? null : state.Keeps
            )
            {
                Monetary = content.Entries.Any(TocKinds.SpeaksOfMoney) ? manifest?.Server?.LcMonetary : null,
            };
            await using NpgsqlConnection server = await TargetDatabase
                .ConnectToServerAsync(endpoint, _application, token)
                .ConfigureAwait(false);
            var preflight = new RestorePreflight(server, endpoint, _application, plan, request, token)
            {
                Globals = globals,
                HasGlobals = manifest?.Globals is not null,
                IsSpooled = spooling.Spooled is not null,
            };
            await preflight.RunAsync().ConfigureAwait(false);
            roles = preflight.RolesToCreate;
            losses = mode == RestoreMode.Clean ? await FindLossesAsync(plan, endpoint, token).ConfigureAwait(false) : [];
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            throw NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed);
        }

        foreach (LeftOut told in plan.ToTell)
        {
            Warn($"{told.Entry} is left out: {told.Reason}.");
        }

        if (plan.Circular.Count > 0)
        {
            Warn($"Foreign keys form a circle, so that no order of rows satisfies all of them: {string.Join(", ", plan.Circular)}.");
        }

        var outcome = new RestoreOutcome(request, endpoint, content, plan, roles, _start) { AlsoDropped = losses };
        if (request.PlanOnly)
        {
            return outcome.Planned(_warnings);
        }

        (TableComparison[] tables, string? previous) = await RestoreAsync(
                plan,
                content,
                manifest,
                endpoint,
                pgRestore,
                roles,
                globals,
                spooling
            )
            .ConfigureAwait(false);
        return outcome.Restored(tables, _warnings, previous);
    }

    private (ArchiveContent Content, BackupManifest? Manifest) Inspect(ArchiveSpooling spooling)
    {
        AgeIdentities.Check(request.Identities, observer);
        var inspection = new BackupInspection(
            request.File(observer),
            VerificationLevel.Content,
            request.Identities,
            observer,
            limits.Token
        );
        if (!request.PlanOnly)
        {
            inspection.Copy = isEncrypted => spooling.Begin(isEncrypted, inspection.Manifest?.UncompressedBytes);
        }

        inspection.Trusts = manifest =>
            !request.VerifyContent
            && (
                request.PlanOnly
                    ? manifest.Tables is not null
                    : !spooling.Spools(manifest.Encryption is not null, manifest.UncompressedBytes)
            );
        inspection.Run();
        if (inspection.Failure is { } failure)
        {
            throw failure;
        }

        _isTrusted = inspection.IsTrusted;
        _hash = inspection.Hash;

        ArchiveContent content =
            inspection.Content
            ?? throw inspection.Obstacle
                ?? new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    $"'{request.Path}' could not be verified: {inspection.ToResult().Reason}",
                    request.Path
                );
        spooling.Complete(content);
        if (inspection.Unrecorded is not null)
        {
            Warn($"'{request.Path}': {inspection.ToResult().Reason}");
        }

        return (content, inspection.Manifest);
    }

    /// <summary>The table of contents alone, unverified; the rest is read only as it flows to pg_restore.</summary>
    private (ArchiveContent Content, BackupManifest? Manifest) Skim()
    {
        AgeIdentities.Check(request.Identities, observer);
        Warn($"'{request.Path}' was not verified before the restore.");
        BackupManifest? manifest = null;
        try
        {
            manifest = request.File(observer).ReadManifest(limits.Token);
        }
        catch (CryoBackupException exception)
        {
            Warn(exception.Message);
        }

        using var source = new BackupSource(
            request.File(observer),
            new AgeDecryption(request.Path, request.Identities, [], limits.Token),
            limits.Token
        );
        try
        {
            return (ArchiveReader.ReadTableOfContents(source.Output, manifest?.UncompressedBytes ?? 0, limits.Token), manifest);
        }
        catch (InvalidDataException exception)
        {
            throw BackupSource.CompressionDamaged(request.Path, exception);
        }
    }

    private GlobalsScript ReadGlobals(BackupManifest? manifest) =>
        manifest?.Globals is { } record
            ? GlobalsFile.Read(request.File(observer), record, manifest.Encryption is not null, request.Identities, limits.Token)
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{request.Path}' has no globals: "
                    + $"{(manifest is null ? "there is no manifest that records any" : "it was made without them")}.",
                request.Path,
                "Leave out -IncludeGlobals and create the roles by hand, or take a backup that New-CryoBackup made with -IncludeGlobals."
            );

    /// <summary>What the target has and keeps: only a part that is put among other objects meets any.</summary>
    private async Task<TargetContent> KeptAsync(RestoreMode mode, string encoding, ServerEndpoint endpoint, CancellationToken token)
    {
        if (mode != RestoreMode.Clean || !RestorePlan.IsPartial(request))
        {
            return TargetContent.Nothing;
        }

        await using NpgsqlConnection target = await TargetDatabase.OpenAsync(endpoint, _application, encoding, token).ConfigureAwait(false);
        return await TargetCatalog.ReadAsync(target, token).ConfigureAwait(false);
    }

    /// <summary>What -Clean would take away and not bring back: told in a plan, permitted by -Force, else an error.</summary>
    private async Task<IReadOnlyList<string>> FindLossesAsync(RestorePlan plan, ServerEndpoint endpoint, CancellationToken token)
    {
        const int Shown = 20;
        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(endpoint, _application, plan.Encoding, token)
            .ConfigureAwait(false);
        IReadOnlyList<string> losses = await CleanLosses.FindAsync(target, plan, token).ConfigureAwait(false);
        if (losses.Count == 0)
        {
            return losses;
        }

        string list =
            string.Join("; ", losses.Take(Shown))
            + (losses.Count > Shown ? string.Create(CultureInfo.InvariantCulture, $"; and {losses.Count - Shown} more") : "");
        if (!request.Force && !request.PlanOnly)
        {
            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                $"With the backup's objects -Clean would drop from '{endpoint.Database}' what the backup does not bring back: {list}. "
                    + "Nothing was changed.",
                endpoint.Database,
                "See all of it with -PlanOnly (AlsoDropped), keep what is needed to make it again, and permit it with -Force; "
                    + "or use -Swap, which keeps the old database."
            );
        }

        Warn(
            $"With the backup's objects -Clean {(request.PlanOnly ? "would drop" : "drops")} what the backup does not bring back: {list}."
        );
        return losses;
    }

    private async Task<(TableComparison[] Tables, string? Previous)> RestoreAsync(
        RestorePlan plan,
        ArchiveContent content,
        BackupManifest? manifest,
        ServerEndpoint endpoint,
        ClientTool pgRestore,
        IReadOnlyList<string> roles,
        GlobalsScript? globals,
        ArchiveSpooling spooling
    )
    {
        CancellationToken token = limits.Token;
        ServerEndpoint working = plan.Makes ? endpoint.WithDatabase(TemporaryDatabase.NameFor(_application)) : endpoint;
        string? previous = plan.Mode == RestoreMode.Swap ? TemporaryDatabase.PreviousName(endpoint.Database) : null;
        var rollback = new RestoreRollback(endpoint, working, _application, plan, previous);
        try
        {
            // Open for the whole run: by it the next run knows that this one lives.
            await using NpgsqlConnection server = await TargetDatabase
                .ConnectToServerAsync(endpoint, _application, token)
                .ConfigureAwait(false);
            if (roles.Count > 0)
            {
                await TargetRoles.CreateAsync(server, globals!.StatementsFor(roles), token).ConfigureAwait(false);
                rollback.Roles = roles;
                observer(new VerboseMessage($"Created the roles {string.Join(", ", roles)}."));
            }

            if (plan.Makes)
            {
                await RemoveAbandonedAsync(server, endpoint, token).ConfigureAwait(false);
                string options = DatabaseDefinition.CreateOptions(content.Entries, server.PostgreSqlVersion.Major);
                rollback.Step = RestoreStep.Making;
                await TargetDatabase.CreateAsync(server, working.Database, options, token).ConfigureAwait(false);
                observer(new VerboseMessage($"Created the database '{working.Database}' {options}; it gets its name at the end."));
            }
            else
            {
                await rollback.RememberAsync(token).ConfigureAwait(false);
            }

            rollback.Step = RestoreStep.Filling;
            var run = new RestoreRun(request, plan, working, _application, pgRestore, spooling, observer, limits)
            {
                ServerMajor = server.PostgreSqlVersion.Major,
            };
            var clock = Stopwatch.StartNew();
            run.Run();
            TellTime("Restored", clock);
            rollback.Step = RestoreStep.Proving;
            _warnings.AddRange(run.Warnings);
            FlowProof.Check(run, request.Path, _hash, _isTrusted ? manifest : null);
            if (request.SkipVerification || _isTrusted)
            {
                content = run.Content!;
                plan.Learn(content);
            }

            var proof = new DatabaseProof(working, _application, observer)
            {
                Content = content,
                Entries = plan.Entries,
                Restored = plan.Tables,
                Source = manifest?.SourceState() ?? ArchivedState.Of(content.Entries),
                Monetary = plan.Monetary,
                HasOnlyOurLargeObjects = plan.HasTargetToItself && plan.Entries.Any(entry => entry.IsLargeObjects),
            };
            TableComparison[] tables = await new RestoreProof(plan, working, _application, Warn)
                .RunAsync(proof, token)
                .ConfigureAwait(false);
            TellTime("Compared, and collected the planner's statistics,", clock);
            if (plan.Makes)
            {
                rollback.Step = RestoreStep.Naming;
                await TemporaryDatabase.FinishAsync(working, _application, plan, token).ConfigureAwait(false);
                await TemporaryDatabase
                    .RenameAsync(server, working.Database, endpoint.Database, previous, request.Force, token)
                    .ConfigureAwait(false);
                observer(
                    new VerboseMessage(
                        $"'{endpoint.Database}' is now the restored database."
                            + (previous is null ? "" : $" The one before is kept as '{previous}'.")
                    )
                );
            }

            return (tables, previous);
        }
        catch (Exception exception)
        {
            await RunSessions.EndAsync(working, _application).ConfigureAwait(false);
            string state = await rollback.PutBackAsync().ConfigureAwait(false);
            try
            {
                if (limits.Reason() is { } reason)
                {
                    throw WithState(reason, state);
                }
            }
            catch (OperationCanceledException)
            {
                // The user's own cancellation has no message of ours to carry it.
                observer(new WarningMessage(state));
                throw;
            }

            throw WithState(
                exception switch
                {
                    CryoBackupException own => own,
                    NpgsqlException or SocketException or TimeoutException => NpgsqlErrors.Translate(
                        exception,
                        working,
                        CryoBackupError.RestoreFailed
                    ),
                    _ => new CryoBackupException(
                        CryoBackupError.RestoreFailed,
                        $"The restore failed: {exception.Message}",
                        request.Path,
                        inner: exception
                    ),
                },
                state
            );
        }
    }

    private async Task RemoveAbandonedAsync(NpgsqlConnection server, ServerEndpoint endpoint, CancellationToken token)
    {
        foreach (string abandoned in await TemporaryDatabase.FindAbandonedAsync(server, token).ConfigureAwait(false))
        {
            Warn(
                await TargetDatabase.TryDropAsync(endpoint.WithDatabase(abandoned), _application).ConfigureAwait(false) is { } reason
                    ? $"The database '{abandoned}', which a restore that died had left, could not be removed: {reason}"
                    : $"Removed the database '{abandoned}', which a restore that died had left."
            );
        }
    }

    private CryoBackupException WithState(CryoBackupException exception, string state)
    {
        string? remedy =
            request.Clean && exception.Message.Contains("other objects depend on it", StringComparison.Ordinal)
                ? "Drop what depends on it and create it again afterwards, or replace the whole database with -Swap."
                : exception.Remedy;
        return new(exception.Error, $"{exception.Message} {state}", exception.Target, remedy, exception.StandardError, exception);
    }

    private void TellTime(string what, Stopwatch clock)
    {
        observer(new VerboseMessage($"{what} in {DurationText.About(clock.Elapsed)}."));
        clock.Restart();
    }

    private void Warn(string text)
    {
        _warnings.Add(text);
        observer(new WarningMessage(text));
    }
}
