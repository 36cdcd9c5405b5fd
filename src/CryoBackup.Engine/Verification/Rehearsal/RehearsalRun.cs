using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>One rehearsal: the backup is proven, restored where it can do no harm, and everything that came back is compared.</summary>
internal sealed class RehearsalRun(VerificationRequest request, Action<EngineMessage> observer, RunLimits limits)
{
    private readonly CancellationToken _cancellationToken = limits.Token;
    private readonly RehearsalChecks _checks = new(observer);
    private readonly List<string> _leftOut = [];
    private bool _isTrusted;
    private string _hash = "";
    private ArchiveContent? _flowed;
    private RehearsalComparison? _comparison;
    private DatabaseProof? _proof;
    private TimeSpan? _restoreDuration;
    private string? _version;
    private string? _kept;

    /// <summary>Called with the restored database, as its superuser where the server is a throwaway one, before it is compared.</summary>
    public Action<ServerEndpoint>? Restored { get; init; }

    /// <summary>Runs it.</summary>
    /// <returns>The checks of the file and those of the rehearsal, in one result.</returns>
    public async Task<VerificationResult> RunAsync()
    {
        PrivateFolder.RemoveAbandoned();
        using IDisposable? disk = request.Connection.ComputerName is null ? ScratchDisk.Watch(limits) : null;
        Task<ScratchServer>? starting = StartEarly();
        using var spooling = new ArchiveSpooling(
            jobs: null,
            makes: true,
            request.Path,
            observer,
            text => observer(new WarningMessage(text))
        );
        try
        {
            var inspection = new BackupInspection(
                request.Path,
                VerificationLevel.Restore,
                request.Identities,
                observer,
                _cancellationToken
            );
            inspection.Copy = isEncrypted => spooling.Begin(isEncrypted, inspection.Manifest?.UncompressedBytes);
            inspection.Trusts = manifest => !spooling.Spools(manifest.Encryption is not null, manifest.UncompressedBytes);
            inspection.Run();
            VerificationResult file = inspection.ToResult();
            (_isTrusted, _hash) = (inspection.IsTrusted, inspection.Hash);
            if (inspection is { Failure: null, Content: { } content })
            {
                spooling.Complete(content);
                await RehearseAsync(content, inspection.Manifest, starting, spooling).ConfigureAwait(false);
            }
            else
            {
                ScratchFolder.RemoveAbandoned();
                _checks.SkipRest("the backup itself could not be proven", request.MaxRestoreTime is not null);
            }

            return Conclude(file, isUnrecorded: inspection.Unrecorded is not null);
        }
        finally
        {
            if (starting is not null)
            {
                await EndAsync(starting).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Makes the server while the file is read, where a manifest tells enough of it.</summary>
    private Task<ScratchServer>? StartEarly()
    {
        if (request.Connection.ComputerName is not null || !File.Exists(request.Path))
        {
            return null;
        }

        try
        {
            var manifest = BackupManifest.Read(request.Path + BackupFileName.ManifestSuffix);
            return manifest is { Server.Version: { } version, UncompressedBytes: { } length }
                ? Task.Run(() => StartScratchServer(ArchiveHeader.Major(version), length), CancellationToken.None)
                : null;
        }
        catch (CryoBackupException)
        {
            // The inspection says what is wrong with it.
            return null;
        }
    }

    private static async Task EndAsync(Task<ScratchServer> starting)
    {
        try
        {
            await (await starting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
        {
            // It never started; whoever waited for it has said so.
        }
    }

    private async Task RehearseAsync(
        ArchiveContent content,
        BackupManifest? manifest,
        Task<ScratchServer>? starting,
        ArchiveSpooling spooling
    )
    {
        try
        {
            await using RehearsalServer server =
                starting is not null ? await starting.ConfigureAwait(false)
                : request.Connection.ComputerName is null
                    ? StartScratchServer(ArchiveHeader.Major(content.Header.ServerVersion), content.Length)
                : await ConnectAsync(manifest).ConfigureAwait(false);
            _version = $"PostgreSQL {server.Version}";
            ClientTool pgRestore = ClientTools.Find("pg_restore", ArchiveHeader.Major(content.Header.DumpVersion), _cancellationToken);
            if (await RestoreAsync(server, content, manifest, pgRestore, spooling).ConfigureAwait(false))
            {
                content = _flowed ?? content;
                _proof = new DatabaseProof(server.Working, server.Application, observer)
                {
                    Content = content,
                    Entries = server.Selection.Expected,
                    Source = manifest?.SourceState() ?? ArchivedState.Of(content.Entries),
                    Monetary = Monetary(content, manifest),
                    Restored = [.. content.Tables.Where(table => server.Selection.Restored.Contains(table.Entry.DumpId))],
                    LooksForObjects = true,
                };
                _comparison = new RehearsalComparison(
                    server,
                    content,
                    new DefinitionRestore(request, server, content, pgRestore),
                    _checks,
                    _cancellationToken
                );
                await CompareAsync(server).ConfigureAwait(false);
            }

            if (request.Keep)
            {
                _kept = await server.KeepAsync().ConfigureAwait(false);
                observer(new WarningMessage($"The rehearsal of '{request.Path}' is kept. {_kept}"));
            }
        }
        catch (CryoBackupException exception)
            when (exception.Error is not (CryoBackupError.ConfigurationInvalid or CryoBackupError.Cancelled)
                && !(
                    request.Connection.ComputerName is not null
                    && exception.Error is CryoBackupError.ConnectionFailed or CryoBackupError.AuthenticationFailed
                )
            )
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _checks.Hinder(CheckNames.Restore, exception.Message, exception.Remedy);
        }

        _checks.SkipRest("nothing was restored", request.MaxRestoreTime is not null);
    }

    private ScratchServer StartScratchServer(int minimumMajor, long archiveLength)
    {
        ScratchDisk.Require(archiveLength);
        return ScratchServer.Start(request, minimumMajor, observer, _cancellationToken);
    }

    private async Task<NamedServer> ConnectAsync(BackupManifest? manifest)
    {
        try
        {
            return await NamedServer.ConnectAsync(request, manifest, observer, _cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            throw NpgsqlErrors.Translate(
                exception,
                ServerEndpoint.Resolve(request.Connection, "postgres", static _ => { }),
                CryoBackupError.RestoreFailed
            );
        }
    }

    private async Task<bool> RestoreAsync(
        RehearsalServer server,
        ArchiveContent content,
        BackupManifest? manifest,
        ClientTool pgRestore,
        ArchiveSpooling spooling
    )
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await server.PrepareAsync(content, _cancellationToken).ConfigureAwait(false);
            await RequireLocaleAsync(server, Monetary(content, manifest)).ConfigureAwait(false);
            TellLeftOut(server.Selection, content);
            if (server.Selection.NeedSuperuser.Count > 0)
            {
                throw NeedsSuperuser(
                    $"Only a superuser may create "
                        + $"{DatabaseProof.Shorten(server.Selection.NeedSuperuser.Select(entry => entry.ToString()))}."
                );
            }

            var restore = new RestoreRequest
            {
                Path = request.Path,
                Identities = request.Identities,
                TargetDatabase = server.Working.Database,
                Create = true,
                NoOwner = !server.HasOwners,
            };
            var plan = new RestorePlan(
                restore,
                content,
                TargetContent.Nothing,
                takes: entry => server.Selection.Restored.Contains(entry.DumpId)
            )
            {
                Monetary = Monetary(content, manifest),
                IsInOneTablespace = true,
            };
            var run = new RestoreRun(restore, plan, server.Working, server.Application, pgRestore, spooling, observer, limits)
            {
                ServerMajor = ArchiveHeader.Major(server.Version),
            };
            run.Run();
            FlowProof.Check(run, request.Path, _hash, _isTrusted ? manifest : null);
            _flowed = _isTrusted ? run.Content : null;
            await server.FinishAsync(content, _cancellationToken).ConfigureAwait(false);
        }
        catch (CryoBackupException exception)
            when (exception.Error is CryoBackupError.RestoreFailed or CryoBackupError.ArchiveCorrupt or CryoBackupError.HashMismatch)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            _checks.Fail(CheckNames.Restore, Sentence(exception), exception.Remedy);
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

        _restoreDuration = clock.Elapsed;
        string rehearsedAs = request.AllowSuperuser ? "as a superuser, as was permitted" : "as an ordinary role";
        _checks.Pass(
            CheckNames.Restore,
            $"{server.Selection.Expected.Count} entries on {_version}, {rehearsedAs}, in {DurationText.About(clock.Elapsed)}"
                + LeftOutInWords
        );
        CheckTime(clock.Elapsed);
        return true;
    }

    private async Task RequireLocaleAsync(RehearsalServer server, string? monetary)
    {
        if (monetary is null)
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

    private static string? Monetary(ArchiveContent content, BackupManifest? manifest) =>
        content.Entries.Any(TocKinds.SpeaksOfMoney) ? manifest?.Server?.LcMonetary : null;

    private string LeftOutInWords =>
        _leftOut.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {_leftOut.Count} disabled or left out");

    private void TellLeftOut(RehearsalSelection selection, ArchiveContent content)
    {
        _leftOut.AddRange(selection.LeftOut.Select(item => $"{item.Entry}: {item.Reason}"));
        if (content.Entries.Any(entry => entry.Kind == "DATABASE PROPERTIES" || TocKinds.IsOfDatabase(entry)))
        {
            _leftOut.Add("DATABASE: its own settings, comment and privileges, for the scratch database has another name");
        }

        string[] spaces =
        [
            .. content
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
            _checks.Pass(CheckNames.RestoreTime, detail);
        }
        else
        {
            _checks.Fail(
                CheckNames.RestoreTime,
                $"The promise does not hold: {detail}.",
                "Use a faster machine or disk, back up less at once, or promise a longer time."
            );
        }
    }

    private async Task CompareAsync(RehearsalServer server)
    {
        try
        {
            Restored?.Invoke(server.Powerful);
            await _comparison!.RunAsync(_proof!).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is NpgsqlException or SocketException or IOException or TimeoutException)
        {
            _cancellationToken.ThrowIfCancellationRequested();
            throw NpgsqlErrors.Translate(exception, server.Working, CryoBackupError.RestoreFailed);
        }
    }

    /// <summary>What came back has been proven by that, though nothing was recorded that it could be compared with.</summary>
    private VerificationResult Conclude(VerificationResult file, bool isUnrecorded)
    {
        TableComparison[] tables = _proof?.Tables ?? [];
        string unrecorded = isUnrecorded ? " Nothing records what was written into the backup itself." : "";
        (Verdict verdict, string reason, string? remedy) = (file.Verdict, _checks) switch
        {
            (Verdict.Failed, _) => (Verdict.Failed, file.Reason, file.Remedy),
            (_, { Failure: { } failure }) => (Verdict.Failed, failure, _checks.Remedy),
            (Verdict.Inconclusive, _) when !isUnrecorded => (Verdict.Inconclusive, file.Reason, file.Remedy),
            (_, { Obstacle: { } obstacle }) => (
                Verdict.Inconclusive,
                $"The rehearsal is not complete: {obstacle.TrimEnd('.')}.",
                _checks.Remedy
            ),
            _ => (
                Verdict.Passed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"It came back on {_version} in {DurationText.About(_restoreDuration ?? TimeSpan.Zero)}: {tables.Length} tables with "
                        + $"{tables.Sum(table => table.FoundRows ?? 0)} rows, and everything else compared, are the backup's.{unrecorded}"
                ),
                null
            ),
        };
        DateTime end = DateTime.UtcNow;
        return new VerificationResult
        {
            Database = file.Database,
            Path = file.Path,
            Level = VerificationLevel.Restore,
            Verdict = verdict,
            Reason = reason,
            Remedy = remedy,
            Checks = [.. file.Checks, .. _checks.All],
            Tables = _proof?.Tables ?? file.Tables,
            Hash = file.Hash,
            ServerVersion = _version,
            RestoreDuration = _restoreDuration,
            LeftOut = [.. _leftOut],
            Differences = [.. _comparison?.Differences ?? []],
            Kept = _kept,
            Start = file.Start,
            End = end,
            Duration = end - file.Start,
        };
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
