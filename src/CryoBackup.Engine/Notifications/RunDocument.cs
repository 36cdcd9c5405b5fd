using System.Text.Encodings.Web;
using System.Text.Json;
using CryoBackup.Reports;
using CryoBackup.Runs;

namespace CryoBackup.Notifications;

/// <summary>A run as JSON: what the generic webhook posts.</summary>
internal sealed record RunDocument
{
    public required int SchemaVersion { get; init; }

    public required string Event { get; init; }

    public required string Verb { get; init; }

    public required string Summary { get; init; }

    public required string Message { get; init; }

    public required string Machine { get; init; }

    public required string StartedAt { get; init; }

    public required string FinishedAt { get; init; }

    public required double DurationSeconds { get; init; }

    public required IReadOnlyList<string> Reports { get; init; }

    public required RunDocument.Result[] Results { get; init; }

    public required string BackupToolVersion { get; init; }

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
        return new RunDocument
        {
            SchemaVersion = 1,
            Event = notification.EventName,
            Verb = run.Kind.Name,
            Summary = notification.Title,
            Message = notification.Body,
            Machine = run.Machine,
            StartedAt = ReportJson.Time(run.Start),
            FinishedAt = ReportJson.Time(run.End),
            DurationSeconds = ReportJson.Seconds(run.End - run.Start),
            Reports = run.Reports,
            Results = [.. run.Items.Select(Of)],
            BackupToolVersion = ToolVersion.Text,
        };
    }

    private static Result Of(RunItem item) =>
        new()
        {
            Database = item.Database.Length > 0 ? item.Database : null,
            Path = item.Path.Length > 0 ? item.Path : null,
            State = item.State.ToString().ToLowerInvariant(),
            Message = item.Message,
            Warnings = item.Warnings,
            Error = ErrorLine.Of(item.Failure),
            StartedAt = ReportJson.Time(item.Start),
            DurationSeconds = ReportJson.Seconds(item.End - item.Start),
            SizeBytes = item.Backup?.Size ?? item.Removal?.Size,
            UncompressedBytes = item.Backup?.UncompressedSize,
            Rows = item.Backup is { TableCount: > 0 } backup ? backup.RowCount : null,
            Sha256 = item.Backup?.Hash.ToLowerInvariant() ?? item.Verification?.Hash.ToLowerInvariant(),
            Verdict = item.Verification?.Verdict.ToString().ToLowerInvariant(),
            Level = item.Verification?.Level.ToString().ToLowerInvariant(),
            TargetDatabase = item.Restore?.TargetDatabase ?? item.Wish?.TargetDatabase,
            Status = item.Restore?.Status.ToString().ToLowerInvariant() ?? item.Removal?.Action.ToString().ToLowerInvariant(),
            Removed = item.Backup?.Removed,
        };

    /// <summary>One thing that the run worked on; what its verb does not know is null.</summary>
    internal sealed record Result
    {
        public required string? Database { get; init; }

        public required string? Path { get; init; }

        public required string State { get; init; }

        public required string Message { get; init; }

        public required IReadOnlyList<string> Warnings { get; init; }

        public required ErrorLine? Error { get; init; }

        public required string StartedAt { get; init; }

        public required double DurationSeconds { get; init; }

        public required long? SizeBytes { get; init; }

        public required long? UncompressedBytes { get; init; }

        public required long? Rows { get; init; }

        public required string? Sha256 { get; init; }

        public required string? Verdict { get; init; }

        public required string? Level { get; init; }

        public required string? TargetDatabase { get; init; }

        public required string? Status { get; init; }

        public required IReadOnlyList<string>? Removed { get; init; }
    }
}
