using CryoBackup.Restore;
using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>The report of a restore: its first four keys and the first six options are the predecessor's.</summary>
internal sealed record RestoreReport(
    string Timestamp,
    string BackupFile,
    RestoreOptions RestoreOptions,
    bool Success,
    string Status,
    ErrorLine? Error,
    string? SourceDatabase,
    string TargetDatabase,
    string? Host,
    int? Port,
    string? Mode,
    string[] Objects,
    string[] LeftOut,
    TableLine[] Tables,
    IReadOnlyList<string> Warnings,
    string? PreviousDatabase,
    int SchemaVersion,
    string BackupToolVersion,
    string Machine,
    string StartedAt,
    string FinishedAt,
    double DurationSeconds
)
{
    /// <summary>The report of one restore.</summary>
    /// <param name="run">The run that it belongs to.</param>
    /// <param name="item">The restore, done, planned or failed.</param>
    public static RestoreReport Of(RunRecord run, RunItem item)
    {
        RestoreResult? result = item.Restore;
        RestoreRequest wish = item.Wish ?? new();
        return new RestoreReport(
            ReportJson.Time(item.End),
            item.Path,
            RestoreOptions.Of(wish),
            item.State != RunState.Failure,
            item.State == RunState.Failure ? "failed"
                : result is { Status: RestoreStatus.Planned } ? "planned"
                : "restored",
            ErrorLine.Of(item.Failure),
            item.Database.Length > 0 ? item.Database : null,
            result?.TargetDatabase ?? wish.TargetDatabase,
            result?.ComputerName ?? wish.Connection.ComputerName,
            result?.Port ?? wish.Connection.Port,
            result?.Mode.ToString().ToLowerInvariant(),
            result?.Objects ?? [],
            result?.LeftOut ?? [],
            TableLine.Of(result?.Tables ?? []),
            item.Warnings,
            result?.PreviousDatabase,
            ReportJson.SchemaVersion,
            ToolVersion.Text,
            run.Machine,
            ReportJson.Time(item.Start),
            ReportJson.Time(item.End),
            ReportJson.Seconds(item.End - item.Start)
        );
    }
}
