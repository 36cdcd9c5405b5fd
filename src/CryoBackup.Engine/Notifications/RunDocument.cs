using System.Text.Encodings.Web;
using System.Text.Json;
using CryoBackup.Reports;
using CryoBackup.Runs;

namespace CryoBackup.Notifications;

/// <summary>A run as JSON: what the generic webhook posts.</summary>
internal sealed record RunDocument(
    int SchemaVersion,
    string Event,
    string Verb,
    string Summary,
    string Message,
    string Machine,
    string StartedAt,
    string FinishedAt,
    double DurationSeconds,
    IReadOnlyList<string> Reports,
    RunDocument.Result[] Results,
    string BackupToolVersion
)
{
    /// <summary>How it is written: keys in snake_case, everything beyond ASCII as it is.</summary>
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The document of a notification.</summary>
    /// <param name="notification">What is told.</param>
    public static RunDocument Of(Notification notification)
    {
        RunRecord run = notification.Run;
        return new RunDocument(
            1,
            notification.EventName,
            run.Kind.Name,
            notification.Title,
            notification.Body,
            run.Machine,
            ReportJson.Time(run.Start),
            ReportJson.Time(run.End),
            ReportJson.Seconds(run.End - run.Start),
            run.Reports,
            [.. run.Items.Select(Of)],
            ToolVersion.Text
        );
    }

    private static Result Of(RunItem item) =>
        new(
            item.Database.Length > 0 ? item.Database : null,
            item.Path.Length > 0 ? item.Path : null,
            item.State.ToString().ToLowerInvariant(),
            item.Message,
            item.Warnings,
            ErrorLine.Of(item.Failure),
            ReportJson.Time(item.Start),
            ReportJson.Seconds(item.End - item.Start),
            item.Backup?.Size,
            item.Backup?.UncompressedSize,
            item.Backup is { TableCount: > 0 } backup ? backup.RowCount : null,
            item.Backup?.Hash.ToLowerInvariant() ?? item.Verification?.Hash.ToLowerInvariant(),
            item.Verification?.Verdict.ToString().ToLowerInvariant(),
            item.Verification?.Level.ToString().ToLowerInvariant(),
            item.Restore?.TargetDatabase ?? item.Wish?.TargetDatabase,
            item.Restore?.Status.ToString().ToLowerInvariant(),
            item.Backup?.Removed
        );

    /// <summary>One thing that the run worked on; what its verb does not know is null.</summary>
    internal sealed record Result(
        string? Database,
        string? Path,
        string State,
        string Message,
        IReadOnlyList<string> Warnings,
        ErrorLine? Error,
        string StartedAt,
        double DurationSeconds,
        long? SizeBytes,
        long? UncompressedBytes,
        long? Rows,
        string? Sha256,
        string? Verdict,
        string? Level,
        string? TargetDatabase,
        string? Status,
        IReadOnlyList<string>? Removed
    );
}
