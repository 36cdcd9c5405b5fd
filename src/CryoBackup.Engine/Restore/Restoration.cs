using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore.Selection;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>One restore: everything that speaks against it is found first, then the target is made, filled and compared,
/// or put back as it was.</summary>
internal sealed class Restoration(RestoreRequest request, Action<EngineMessage> observer, RunLimits limits)
{
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly List<string> _warnings = [];

    /// <summary>Runs it.</summary>
    /// <returns>What was done, or would be done.</returns>
    public async Task<RestoreResult> RunAsync()
    {
        // Wishes that contradict each other need neither a backup nor a server to be refused.
        _ = RestorePlan.ModeOf(request);
        var session = new RestoreSession(
            request,
            ServerEndpoint.Resolve(request.Connection, request.TargetDatabase, observer),
            TemporaryDatabase.NewApplicationName(),
            observer,
            limits
        );
        RestoreSource source = request.SkipVerification
            ? RestoreSource.Skim(request, observer, Warn, limits.Token)
            : RestoreSource.Inspect(request, observer, Warn, limits.Token);
        GlobalsScript? globals = request.IncludeGlobals ? source.ReadGlobals(request, observer, limits.Token) : null;
        Prepared prepared;
        try
        {
            prepared = await PrepareAsync(session, source, globals).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            throw NpgsqlErrors.Translate(exception, session.Endpoint, CryoBackupError.RestoreFailed);
        }

        RestorePlan plan = prepared.Plan;
        Tell(prepared);
        var outcome = new RestoreOutcome(request, session.Endpoint, source.Content, plan, prepared.Roles, _start)
        {
            AlsoDropped = prepared.Losses,
            Script = request.Script ? WriteScript(session, prepared, globals) : "",
        };
        if (request.PlanOnly)
        {
            return outcome.Planned(_warnings);
        }

        RestoreSession decided = session with { Request = request with { Jobs = prepared.Jobs } };
        var execution = new RestoreExecution(decided, plan, source, prepared.PgRestore, Warn)
        {
            NewRoles = prepared.Roles,
            RoleStatements = globals?.StatementsFor(prepared.Roles) ?? [],
            Warnings = _warnings,
            DatabaseOptions = prepared.Locale?.Options,
        };
        (TableComparison[] tables, string? previous) = await execution.RunAsync().ConfigureAwait(false);
        return outcome.Restored(tables, _warnings, previous);
    }

    private static string WriteScript(RestoreSession session, Prepared prepared, GlobalsScript? globals)
    {
        var run = new RestoreRun(session, prepared.Plan, prepared.PgRestore) { ServerMajor = prepared.ServerMajor };
        var script = new PlanScript(session, prepared.Plan)
        {
            RoleStatements = globals?.StatementsFor(prepared.Roles) ?? [],
            DatabaseOptions = prepared.Locale?.Options,
        };
        return script.Write(run.Script());
    }

    /// <summary>Finds everything that speaks against it, and what it will do.</summary>
    private async Task<Prepared> PrepareAsync(RestoreSession session, RestoreSource source, GlobalsScript? globals)
    {
        (_, ServerEndpoint endpoint, string application, _, _) = session;
        ArchiveContent content = source.Content;
        CancellationToken token = limits.Token;
        RestoreMode mode = RestorePlan.ModeOf(request);
        TargetDatabase.State state = await TargetDatabase
            .InspectAsync(endpoint, application, content.Encoding, token)
            .ConfigureAwait(false);
        TargetCheck.Run(request.TargetDatabase, mode, state);
        ClientTool pgRestore = ClientTools.Find(
            "pg_restore",
            Math.Max(state.Major, ArchiveHeader.Major(content.Header.DumpVersion)),
            token
        );
        var plan = new RestorePlan(
            request,
            content,
            await KeptAsync(session, mode, content.Encoding).ConfigureAwait(false),
            mode is RestoreMode.Create or RestoreMode.Swap ? null : state.Keeps
        )
        {
            Monetary = content.Entries.Any(TocKinds.SpeaksOfMoney) ? source.Manifest?.Server?.LcMonetary : null,
        };
        await using NpgsqlConnection server = await TargetDatabase.ConnectToServerAsync(endpoint, application, token).ConfigureAwait(false);
        var preflight = new RestorePreflight(server, endpoint, application, plan, request, token)
        {
            Globals = globals,
            HasGlobals = source.Manifest?.Globals is not null,
            Definition = plan.Makes ? DatabaseDefinition.Options(content.Entries) : null,
        };
        await preflight.RunAsync().ConfigureAwait(false);
        if (preflight.TooFewSessions is { } lack)
        {
            observer(new VerboseMessage($"The restore works with one session. {lack.Message}"));
        }

        IReadOnlyList<string> losses = mode == RestoreMode.Clean ? await FindLossesAsync(session, plan).ConfigureAwait(false) : [];
        return new Prepared(plan, pgRestore, preflight.RolesToCreate, losses, preflight.Jobs, preflight.Locale)
        {
            ServerMajor = state.Major,
        };
    }

    /// <summary>What the target has and keeps: only a part that is put among other objects meets any.</summary>
    private async Task<TargetContent> KeptAsync(RestoreSession session, RestoreMode mode, string encoding)
    {
        if (mode != RestoreMode.Clean || !RestorePlan.IsPartial(request))
        {
            return TargetContent.Nothing;
        }

        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(session.Endpoint, session.Application, encoding, limits.Token)
            .ConfigureAwait(false);
        return await TargetCatalog.ReadAsync(target, limits.Token).ConfigureAwait(false);
    }

    /// <summary>What -Clean would take away and not bring back: told in a plan, permitted by -Force, else an error.</summary>
    private async Task<IReadOnlyList<string>> FindLossesAsync(RestoreSession session, RestorePlan plan)
    {
        const int Shown = 20;
        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(session.Endpoint, session.Application, plan.Encoding, limits.Token)
            .ConfigureAwait(false);
        IReadOnlyList<string> losses = await CleanLosses.FindAsync(target, plan, limits.Token).ConfigureAwait(false);
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
                $"With the backup's objects -Clean would drop from '{session.Endpoint.Database}' what the backup does not bring back: "
                    + $"{list}. Nothing was changed.",
                session.Endpoint.Database,
                "See all of it with -PlanOnly (AlsoDropped), keep what is needed to make it again, and permit it with -Force; "
                    + "or use -Swap, which keeps the old database."
            );
        }

        Warn(
            $"With the backup's objects -Clean {(request.PlanOnly ? "would drop" : "drops")} what the backup does not bring back: {list}."
        );
        return losses;
    }

    /// <summary>Tells what the plan does otherwise than one would expect.</summary>
    private void Tell(Prepared prepared)
    {
        foreach (LeftOut told in prepared.Plan.ToTell)
        {
            Warn($"{told.Entry} is left out: {told.Reason}.");
        }

        if (prepared.Locale?.Change is { } change)
        {
            Warn(change);
        }

        if (prepared.Plan.Circular is { Count: > 0 } circular)
        {
            Warn($"Foreign keys form a circle, so that no order of rows satisfies all of them: {string.Join(", ", circular)}.");
        }
    }

    private void Warn(string text)
    {
        _warnings.Add(text);
        observer(new WarningMessage(text));
    }

    /// <summary>What a restore will do, once nothing speaks against it.</summary>
    private sealed record Prepared(
        RestorePlan Plan,
        ClientTool PgRestore,
        IReadOnlyList<string> Roles,
        IReadOnlyList<string> Losses,
        int Jobs,
        LocaleChoice? Locale
    )
    {
        public int ServerMajor { get; init; }
    }
}
