using CryoBackup.Restore;
using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>The report of a restore: its first four keys and the first six options are the predecessor's.</summary>
internal sealed record RestoreReport
{
    public required string Timestamp { get; init; }

    public required string BackupFile { get; init; }

    public required RestoreOptions RestoreOptions { get; init; }

    public required bool Success { get; init; }

    public required string Status { get; init; }

    public required ErrorLine? Error { get; init; }

    public required string? SourceDatabase { get; init; }

    public required string TargetDatabase { get; init; }

    public required string? Host { get; init; }

    public required int? Port { get; init; }

    public required string? Mode { get; init; }

    public required ResultList<string> Objects { get; init; }

    public required ResultList<string> LeftOut { get; init; }

    public required TableLine[] Tables { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    public required string? PreviousDatabase { get; init; }

    public required int SchemaVersion { get; init; }

    public required string BackupToolVersion { get; init; }

    public required string Machine { get; init; }

    public required string StartedAt { get; init; }

    public required string FinishedAt { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>The report of one restore.</summary>
    /// <param name="run">The run that it belongs to.</param>
    /// <param name="item">The restore, done, planned or failed.</param>
    public static RestoreReport Of(RunRecord run, RunItem item)
    {
        RestoreResult? result = item.Restore;
        RestoreRequest wish = item.Wish ?? new();
        return new RestoreReport
        {
            Timestamp = ReportJson.Time(item.End),
            BackupFile = item.Path,
            RestoreOptions = RestoreOptions.Of(wish),
            Success = item.State != RunState.Failure,
            Status =
                item.State == RunState.Failure ? "failed"
                : result is { Status: RestoreStatus.Planned } ? "planned"
                : "restored",
            Error = ErrorLine.Of(item.Failure),
            SourceDatabase = item.Database.Length > 0 ? item.Database : null,
            TargetDatabase = result?.TargetDatabase ?? wish.TargetDatabase,
            Host = result?.ComputerName ?? wish.Connection.ComputerName,
            Port = result?.Port ?? wish.Connection.Port,
            Mode = result?.Mode.ToString().ToLowerInvariant(),
            Objects = result?.Objects ?? [],
            LeftOut = result?.LeftOut ?? [],
            Tables = TableLine.Of(result?.Tables ?? []),
            Warnings = item.Warnings,
            PreviousDatabase = result?.PreviousDatabase,
            SchemaVersion = ReportJson.SchemaVersion,
            BackupToolVersion = ToolVersion.Text,
            Machine = run.Machine,
            StartedAt = ReportJson.Time(item.Start),
            FinishedAt = ReportJson.Time(item.End),
            DurationSeconds = ReportJson.Seconds(item.End - item.Start),
        };
    }
}
