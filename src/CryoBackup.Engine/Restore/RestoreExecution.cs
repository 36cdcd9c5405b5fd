using System.Diagnostics;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>The part of a restore that changes something: the target is made, filled, compared and named, or put back as it was.</summary>
/// <param name="session">What the parts of the restore have in common.</param>
/// <param name="plan">What it does.</param>
/// <param name="source">What it takes from.</param>
/// <param name="pgRestore">The program.</param>
/// <param name="warn">Takes what belongs into the result too.</param>
internal sealed class RestoreExecution(
    RestoreSession session,
    RestorePlan plan,
    RestoreSource source,
    ClientTool pgRestore,
    Action<string> warn
)
{
    private readonly ServerEndpoint _working = plan.Makes
        ? session.Endpoint.WithDatabase(TemporaryDatabase.NameFor(session.Application))
        : session.Endpoint;
    private readonly string? _previous = plan.Mode == RestoreMode.Swap ? TemporaryDatabase.PreviousName(session.Endpoint.Database) : null;

    /// <summary>The roles that it creates.</summary>
    public IReadOnlyList<string> NewRoles { get; init; } = [];

    /// <summary>The statements that create them.</summary>
    public IReadOnlyList<string> RoleStatements { get; init; } = [];

    /// <summary>What follows the name in CREATE DATABASE; null where none is made.</summary>
    public string? DatabaseOptions { get; init; }

    /// <summary>Takes pg_restore's warnings, which were told already.</summary>
    public List<string> Warnings { get; init; } = [];

    /// <summary>Restores.</summary>
    /// <returns>Every table, compared; and the name that the database swapped out has now, null for none.</returns>
    /// <exception cref="CryoBackupException">It was not restored; the message says in which state the target is.</exception>
    public async Task<(TableComparison[] Tables, string? Previous)> RunAsync()
    {
        CancellationToken token = session.Limits.Token;
        var rollback = new RestoreRollback(session.Endpoint, _working, session.Application, plan, _previous);
        try
        {
            // Open for the whole run: by it the next run knows that this one lives.
            await using NpgsqlConnection server = await TargetDatabase
                .ConnectToServerAsync(session.Endpoint, session.Application, token)
                .ConfigureAwait(false);
            await MakeAsync(server, rollback, token).ConfigureAwait(false);
            rollback.Step = RestoreStep.Filling;
            TableComparison[] tables = await FillAsync(server.PostgreSqlVersion.Major, rollback).ConfigureAwait(false);
            if (plan.Makes)
            {
                await NameAsync(server, rollback, token).ConfigureAwait(false);
            }

            return (tables, _previous);
        }
        catch (Exception exception)
        {
            throw await PutBackAsync(rollback, exception).ConfigureAwait(false);
        }
    }

    private async Task MakeAsync(NpgsqlConnection server, RestoreRollback rollback, CancellationToken token)
    {
        if (NewRoles.Count > 0)
        {
            await TargetRoles.CreateAsync(server, RoleStatements, token).ConfigureAwait(false);
            rollback.Roles = NewRoles;
            session.Observer(new VerboseMessage($"Created the roles {string.Join(", ", NewRoles)}."));
        }

        await RemoveAbandonedAsync(server, token).ConfigureAwait(false);
        if (DatabaseOptions is { } options)
        {
            rollback.Step = RestoreStep.Making;
            await TargetDatabase.CreateAsync(server, _working.Database, options, token).ConfigureAwait(false);
            session.Observer(new VerboseMessage($"Created the database '{_working.Database}' {options}; it gets its name at the end."));
        }
        else
        {
            await rollback.RememberAsync(token).ConfigureAwait(false);
        }
    }

    private async Task<TableComparison[]> FillAsync(int serverMajor, RestoreRollback rollback)
    {
        var flow = new FlowProof(session.Request.Path, source.Hash, source.Trusted);
        var run = new RestoreRun(session with { Endpoint = _working }, plan, pgRestore) { ServerMajor = serverMajor, Proof = flow };
        var clock = Stopwatch.StartNew();
        session.Observer(new StepMessage(2));
        run.Run();
        TellTime("Restored", clock);
        session.Observer(new StepMessage(3));
        Warnings.AddRange(run.Warnings);
        rollback.Step = RestoreStep.Differing;
        flow.Check(run);
        rollback.Step = RestoreStep.Comparing;
        ArchiveContent content = source.Content;
        if (session.Request.SkipVerification || source.IsTrusted)
        {
            content = run.Content!;
            plan.Learn(content);
        }

        var proof = new DatabaseProof(_working, session.Application, session.Observer)
        {
            Called = session.Request.TargetDatabase,
            Content = content,
            Entries = plan.Entries,
            Restored = plan.Tables,
            Source = source.Manifest?.SourceState() ?? ArchivedState.Of(content.Entries),
            Monetary = plan.Monetary,
            HasOnlyOurLargeObjects = plan.HasTargetToItself && plan.Entries.Any(entry => entry.IsLargeObjects),
        };
        var judge = new RestoreProof(plan, _working, session.Application, warn) { Differs = () => rollback.Step = RestoreStep.Differing };
        TableComparison[] tables = await judge.RunAsync(proof, session.Limits.Token).ConfigureAwait(false);
        TellTime("Compared, and collected the planner's statistics,", clock);
        return tables;
    }

    private async Task NameAsync(NpgsqlConnection server, RestoreRollback rollback, CancellationToken token)
    {
        rollback.Step = RestoreStep.Naming;
        await TemporaryDatabase.FinishAsync(_working, session.Application, plan, token).ConfigureAwait(false);
        await TemporaryDatabase
            .RenameAsync(server, _working.Database, session.Endpoint.Database, _previous, session.Request.Force, token)
            .ConfigureAwait(false);
        session.Observer(
            new VerboseMessage(
                $"'{session.Endpoint.Database}' is now the restored database."
                    + (_previous is null ? "" : $" The one before is kept as '{_previous}'.")
            )
        );
    }

    /// <summary>Puts back what can be put back.</summary>
    /// <returns>The failure, with the state of the target.</returns>
    private async Task<CryoBackupException> PutBackAsync(RestoreRollback rollback, Exception exception)
    {
        await RunSessions.EndAsync(_working, session.Application).ConfigureAwait(false);
        string state = await rollback.PutBackAsync().ConfigureAwait(false);
        try
        {
            if (session.Limits.Reason() is { } reason)
            {
                return WithState(reason, state);
            }
        }
        catch (OperationCanceledException)
        {
            // The user's own cancellation has no message of ours to carry it.
            session.Observer(new WarningMessage(state));
            throw;
        }

        return WithState(
            exception switch
            {
                CryoBackupException own => own,
                NpgsqlException or SocketException or TimeoutException => NpgsqlErrors.Translate(
                    exception,
                    _working,
                    CryoBackupError.RestoreFailed
                ),
                _ => new CryoBackupException(
                    CryoBackupError.RestoreFailed,
                    $"The restore failed: {exception.Message}",
                    session.Request.Path,
                    inner: exception
                ),
            },
            state
        );
    }

    private async Task RemoveAbandonedAsync(NpgsqlConnection server, CancellationToken token)
    {
        foreach (string abandoned in await TemporaryDatabase.FindAbandonedAsync(server, token).ConfigureAwait(false))
        {
            warn(
                await TargetDatabase.TryDropAsync(session.Endpoint.WithDatabase(abandoned), session.Application).ConfigureAwait(false)
                    is { } reason
                    ? $"The database '{abandoned}', which a restore that died had left, could not be removed: {reason}"
                    : $"Removed the database '{abandoned}', which a restore that died had left."
            );
        }
    }

    private CryoBackupException WithState(CryoBackupException exception, string state)
    {
        string? remedy =
            session.Request.Clean && exception.Message.Contains("other objects depend on it", StringComparison.Ordinal)
                ? "Drop what depends on it and create it again afterwards, or replace the whole database with -Swap."
                : exception.Remedy;
        return new(exception.Error, $"{exception.Message} {state}", exception.Target, remedy, exception.StandardError, exception);
    }

    private void TellTime(string what, Stopwatch clock)
    {
        session.Observer(new VerboseMessage($"{what} in {DurationText.About(clock.Elapsed)}."));
        clock.Restart();
    }
}
