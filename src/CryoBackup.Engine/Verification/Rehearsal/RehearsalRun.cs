using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Verification.Rehearsal;

/// <summary>One rehearsal: the backup is proven, restored where it can do no harm, and everything that came back is compared.</summary>
internal sealed class RehearsalRun(VerificationRequest request, Action<EngineMessage> observer, RunLimits limits)
{
    private readonly CancellationToken _cancellationToken = limits.Token;
    private RehearsedRestore? _rehearsal;
    private string? _version;
    private string? _kept;

    /// <summary>Called with the restored database, as its superuser where the server is a throwaway one, before it is compared.</summary>
    public Action<ServerEndpoint>? Restored { get; init; }

    /// <summary>Runs it.</summary>
    /// <returns>The checks of the file and those of the rehearsal, in one result.</returns>
    public async Task<VerificationResult> RunAsync()
    {
        using IDisposable? disk = request.Connection.ComputerName is null ? ScratchDisk.Watch(limits) : null;
        Task<ScratchServer>? starting = StartEarly();
        try
        {
            var inspection = new BackupInspection(
                request.File(observer),
                VerificationLevel.Restore,
                request.Identities,
                observer,
                _cancellationToken
            );
            inspection.Trusts = static _ => true;
            inspection.Run();
            VerificationResult file = inspection.ToResult();
            var checks = new RehearsalChecks(inspection.Checks);
            if (inspection is { Failure: null, Content: { } content })
            {
                await RehearseAsync(inspection, checks, starting).ConfigureAwait(false);
            }
            else
            {
                ScratchFolder.RemoveAbandoned();
                checks.SkipRest("the backup itself could not be proven", request.MaxRestoreTime is not null);
            }

            return Conclude(inspection, file);
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
        if (request.Connection.ComputerName is not null || !(request.File(observer) is { IsInStore: true } || File.Exists(request.Path)))
        {
            return null;
        }

        try
        {
            return request.File(observer).ReadManifest(_cancellationToken) is { Server.Version: { } version, UncompressedBytes: { } length }
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

    private async Task RehearseAsync(BackupInspection inspection, RehearsalChecks checks, Task<ScratchServer>? starting)
    {
        try
        {
            ArchiveContent content = inspection.Content!;
            await using RehearsalServer server =
                starting is not null ? await starting.ConfigureAwait(false)
                : request.Connection.ComputerName is null
                    ? StartScratchServer(ArchiveHeader.Major(content.Header.ServerVersion), content.Length)
                : await ConnectAsync(inspection.Manifest).ConfigureAwait(false);
            _version = $"PostgreSQL {server.Version}";
            _rehearsal = new RehearsedRestore(request, inspection, server, checks, observer, limits) { Restored = Restored };
            await _rehearsal.RunAsync().ConfigureAwait(false);
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
            checks.Hinder(CheckNames.Restore, exception.Message, exception.Remedy);
        }

        checks.SkipRest("nothing was restored", request.MaxRestoreTime is not null);
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

    /// <summary>What came back has been proven by that, though nothing was recorded that it could be compared with.</summary>
    private VerificationResult Conclude(BackupInspection inspection, VerificationResult file)
    {
        ResultList<TableComparison> tables = _rehearsal?.Tables ?? file.Tables;
        string unrecorded = inspection.Unrecorded is null ? "" : " Nothing records what was written into the backup itself.";
        string took = DurationText.About(_rehearsal?.Duration ?? TimeSpan.Zero);
        (Verdict verdict, string reason, string? remedy) = inspection.Checks.Conclude(
            string.Create(
                CultureInfo.InvariantCulture,
                $"It came back on {_version} in {took}: {tables.Length} tables with "
                    + $"{tables.Sum(table => table.FoundRows ?? 0)} rows, and everything else compared, are the backup's.{unrecorded}"
            )
        );
        DateTime end = DateTime.UtcNow;
        return new VerificationResult
        {
            Database = file.Database,
            Path = file.Path,
            Level = VerificationLevel.Restore,
            Verdict = verdict,
            Reason = reason,
            Remedy = remedy,
            Checks = [.. inspection.Checks.All],
            Tables = tables,
            Hash = file.Hash,
            ServerVersion = _version,
            RestoreDuration = _rehearsal?.Duration,
            LeftOut = [.. _rehearsal?.LeftOut ?? []],
            Differences = [.. _rehearsal?.Differences ?? []],
            Kept = _kept,
            Start = file.Start,
            End = end,
            Duration = end - file.Start,
        };
    }
}
