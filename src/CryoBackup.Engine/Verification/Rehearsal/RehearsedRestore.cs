using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>The restore of a rehearsal on its server, and the comparison of what came back.</summary>
/// <param name="request">What was asked for.</param>
/// <param name="inspection">What the file holds, and that it is whole.</param>
/// <param name="server">Where it takes place.</param>
/// <param name="checks">Takes the checks.</param>
/// <param name="observer">Takes progress and messages.</param>
/// <param name="limits">End it.</param>
internal sealed class RehearsedRestore(
    VerificationRequest request,
    BackupInspection inspection,
    RehearsalServer server,
    RehearsalChecks checks,
    Action<EngineMessage> observer,
    RunLimits limits
)
{
    private readonly CancellationToken _cancellationToken = limits.Token;
    private readonly List<string> _leftOut = [];
    private ArchiveContent _content = inspection.Content!;
    private RehearsalComparison? _comparison;
    private DatabaseProof? _proof;

    /// <summary>As <see cref="RehearsalRun.Restored"/>.</summary>
    public Action<ServerEndpoint>? Restored { get; init; }

    /// <summary>How long the restore took; null where it did not come to its end.</summary>
    public TimeSpan? Duration { get; private set; }

    /// <summary>What was restored disabled, or not at all, and why.</summary>
    public IReadOnlyList<string> LeftOut => _leftOut;

    /// <summary>Every table, expected and found; null where nothing was compared.</summary>
    public TableComparison[]? Tables => _proof?.Tables;

    /// <summary>Every difference between what came back and the archive.</summary>
    public IReadOnlyList<string> Differences => _comparison?.Differences ?? [];

    private string? Monetary => _content.Entries.Any(TocKinds.SpeaksOfMoney) ? inspection.Manifest?.Server?.LcMonetary : null;

    /// <summary>Restores, then compares.</summary>
    /// <exception cref="CryoBackupException">Something kept it from being done, which says nothing about the backup.</exception>
    public async Task RunAsync()
    {
        observer(new StepMessage(2));
        ClientTool pgRestore = ClientTools.Find("pg_restore", ArchiveHeader.Major(_content.Header.DumpVersion), _cancellationToken);
        if (!await RestoreAsync(pgRestore).ConfigureAwait(false))
        {
            return;
        }

        _proof = new DatabaseProof(server.Working, server.Application, observer)
        {
            Called = Path.GetFileName(request.Path),
            Content = _content,
            Entries = server.Selection.Expected,
            Source = inspection.Manifest?.SourceState() ?? ArchivedState.Of(_content.Entries),
            Monetary = Monetary,
            Restored = [.. _content.Tables.Where(table => server.Selection.Restored.Contains(table.Entry.DumpId))],
            LooksForObjects = true,
        };
        _comparison = new RehearsalComparison(
            server,
            _content,
            new DefinitionRestore(request, server, _content, pgRestore),
            checks,
            _cancellationToken
        );
        await CompareAsync().ConfigureAwait(false);
    }

    /// <returns>False if it failed, so that there is nothing to compare.</returns>
    private async Task<bool> RestoreAsync(ClientTool pgRestore)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await server.PrepareAsync(_content, _cancellationToken).ConfigureAwait(false);
            await RequireLocaleAsync().ConfigureAwait(false);
            TellLeftOut();
            if (server.Selection.NeedSuperuser.Count > 0)
            {
                throw NeedsSuperuser(
                    $"Only a superuser may create "
                        + $"{DatabaseProof.Shorten(server.Selection.NeedSuperuser.Select(entry => entry.ToString()))}."
                );
            }

            ArchiveContent flowed = Restore(pgRestore);
            await server.FinishAsync(_content, _cancellationToken).ConfigureAwait(false);
            _content = flowed;
        }
        catch (CryoBackupException exception)
            when (exception.Error is CryoBackupError.RestoreFailed or CryoBackupError.ArchiveCorrupt or CryoBackupError.HashMismatch)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            checks.Fail(CheckNames.Restore, Sentence(exception), exception.Remedy);
            return false;
        }
        catch (CryoBackupException exception)
            when (exception.Error == CryoBackupError.PermissionDenied
                && exception.Remedy?.Contains("-AllowSuperuser", StringComparison.Ordinal) != true
            )
        {
            _cancellationToken.ThrowIfCancellationRequested();
            throw NeedsSuperuser(exception.Message);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            throw NpgsqlErrors.Translate(exception, server.Working, CryoBackupError.RestoreFailed);
        }

        Duration = clock.Elapsed;
        string rehearsedAs = request.AllowSuperuser ? "as a superuser, as was permitted" : "as an ordinary role";
        checks.Pass(
            CheckNames.Restore,
            $"{server.Selection.Expected.Count} entries on PostgreSQL {server.Version}, {rehearsedAs}, "
                + $"in {DurationText.About(clock.Elapsed)}{LeftOutInWords}"
        );
        CheckTime(clock.Elapsed);
        return true;
    }

    /// <summary>Has pg_restore restore.</summary>
    /// <returns>What the archive holds, as far as it was read.</returns>
    private ArchiveContent Restore(ClientTool pgRestore)
    {
        var restore = new RestoreRequest
        {
            Path = request.Path,
            Store = request.Store,
            Identities = request.Identities,
            TargetDatabase = server.Working.Database,
            Create = true,
            NoOwner = !server.HasOwners,
        };
        var plan = new RestorePlan(
            restore,
            _content,
            TargetContent.Nothing,
            takes: entry => server.Selection.Restored.Contains(entry.DumpId)
        )
        {
            Monetary = Monetary,
            IsInOneTablespace = true,
        };
        var flow = new FlowProof(request.Path, inspection.Hash, inspection.IsTrusted ? inspection.Manifest : null);
        var run = new RestoreRun(new RestoreSession(restore, server.Working, server.Application, observer, limits), plan, pgRestore)
        {
            ServerMajor = ArchiveHeader.Major(server.Version),
            Proof = flow,
        };
        run.Run();
        flow.Check(run);
        return inspection.IsTrusted ? run.Content! : _content;
    }

    private async Task RequireLocaleAsync()
    {
        if (Monetary is not { } monetary)
        {
            return;
        }

        await using NpgsqlConnection session = await TargetDatabase
            .OpenAsync(server.Working, server.Application, encoding: null, _cancellationToken)
            .ConfigureAwait(false);
        if (await MonetaryLocale.FindMissingAsync(session, monetary, _cancellationToken).ConfigureAwait(false) is { } missing)
        {
            throw missing;
        }
    }

    private string LeftOutInWords =>
        _leftOut.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {_leftOut.Count} disabled or left out");

    private void TellLeftOut()
    {
        _leftOut.AddRange(server.Selection.LeftOut.Select(item => $"{item.Entry}: {item.Reason}"));
        if (_content.Entries.Any(entry => entry.Kind == "DATABASE PROPERTIES" || TocKinds.IsOfDatabase(entry)))
        {
            _leftOut.Add("DATABASE: its own settings, comment and privileges, for the scratch database has another name");
        }

        if (server.LocaleChange is { } change)
        {
            observer(new WarningMessage(change));
            _leftOut.Add($"DATABASE: {change}");
        }

        string[] spaces =
        [
            .. _content
                .Entries.Select(entry => entry.Tablespace)
                .Where(name => name.Length > 0 && name != "pg_default")
                .Distinct(StringComparer.Ordinal),
        ];
        if (spaces.Length > 0)
        {
            _leftOut.Add($"TABLESPACE {string.Join(", ", spaces)}: everything lies in the scratch database's own");
        }
    }

    private void CheckTime(TimeSpan took)
    {
        if (request.MaxRestoreTime is not { } most)
        {
            return;
        }

        string detail = $"the restore took {DurationText.About(took)}, and may take {DurationText.Of(most)}";
        if (took <= most)
        {
            checks.Pass(CheckNames.RestoreTime, detail);
        }
        else
        {
            checks.Fail(
                CheckNames.RestoreTime,
                $"The promise does not hold: {detail}.",
                "Use a faster machine or disk, back up less at once, or promise a longer time."
            );
        }
    }

    private async Task CompareAsync()
    {
        try
        {
            Restored?.Invoke(server.Powerful);
            observer(new StepMessage(3));
            await _comparison!.RunAsync(_proof!).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            throw NpgsqlErrors.Translate(exception, server.Working, CryoBackupError.RestoreFailed);
        }
    }

    private static CryoBackupException NeedsSuperuser(string reason) =>
        new(
            CryoBackupError.PermissionDenied,
            $"The backup needs more than an ordinary role may do. {reason}",
            remedy: "If you trust where the backup comes from, permit it with -AllowSuperuser: "
                + "its own code then runs as a superuser of the rehearsal's server."
        );

    private static string Sentence(CryoBackupException exception) =>
        exception.StandardError.Count == 0
            ? exception.Message
            : $"{exception.Message} {string.Join(' ', exception.StandardError.TakeLast(2))}".Trim();
}
