using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>The report of a run of Remove, with every backup that it decided on, or of Protect or Unprotect.</summary>
internal sealed record RemovalReport
{
    public required string Timestamp { get; init; }

    public required bool Success { get; init; }

    public required string Verb { get; init; }

    public required int Removed { get; init; }

    public required long RemovedBytes { get; init; }

    public required int Blocked { get; init; }

    public required int Kept { get; init; }

    public required BackupLine[] Backups { get; init; }

    public required ErrorLine[] Errors { get; init; }

    public required int SchemaVersion { get; init; }

    public required string BackupToolVersion { get; init; }

    public required string Machine { get; init; }

    public required string StartedAt { get; init; }

    public required string FinishedAt { get; init; }

    public required double DurationSeconds { get; init; }

    /// <summary>The report of a run.</summary>
    /// <param name="run">A run of Remove, Protect or Unprotect that has ended.</param>
    public static RemovalReport Of(RunRecord run) =>
        new()
        {
            Timestamp = ReportJson.Time(run.End),
            Success = run.State != RunState.Failure,
            Verb = run.Kind.Name,
            Removed = Count(run, RemovalAction.Removed),
            RemovedBytes = run.Removals.Where(result => result.Action == RemovalAction.Removed).Sum(result => result.Size),
            Blocked = Count(run, RemovalAction.Blocked),
            Kept = Count(run, RemovalAction.Keep),
            Backups =
            [
                .. run.Removals.Select(BackupLine.Of),
                .. run.Items.Select(item => item.Held).OfType<BackupInfo>().Select(BackupLine.Of),
            ],
            Errors = [.. run.Items.Select(item => ErrorLine.Of(item.Failure)).OfType<ErrorLine>()],
            SchemaVersion = ReportJson.SchemaVersion,
            BackupToolVersion = ToolVersion.Text,
            Machine = run.Machine,
            StartedAt = ReportJson.Time(run.Start),
            FinishedAt = ReportJson.Time(run.End),
            DurationSeconds = ReportJson.Seconds(run.End - run.Start),
        };

    /// <summary>How many had this end.</summary>
    /// <param name="run">The run.</param>
    /// <param name="action">What became of them.</param>
    internal static int Count(RunRecord run, RemovalAction action) => run.Removals.Count(result => result.Action == action);

    /// <summary>A backup that was decided on, held or let go of.</summary>
    internal sealed record BackupLine
    {
        public required string Action { get; init; }

        public required IReadOnlyList<string> Reasons { get; init; }

        public required string Database { get; init; }

        public required string Path { get; init; }

        public required string BackupStartedAt { get; init; }

        public required long SizeBytes { get; init; }

        public required bool Partial { get; init; }

        public required string? ProvenAt { get; init; }

        public required string? RehearsedAt { get; init; }

        public required bool Degraded { get; init; }

        public required bool? Frozen { get; init; }

        public static BackupLine Of(RemovalResult result) =>
            new()
            {
                Action = result.Action.ToString().ToLowerInvariant(),
                Reasons = result.Reasons,
                Database = result.Database,
                Path = result.Path,
                BackupStartedAt = ReportJson.Time(result.Start),
                SizeBytes = result.Size,
                Partial = result.Partial,
                ProvenAt = ReportJson.Time(result.Proven),
                RehearsedAt = ReportJson.Time(result.Rehearsed),
                Degraded = result.Degraded,
                Frozen = result.Frozen,
            };

        public static BackupLine Of(BackupInfo held) =>
            new()
            {
                Action = held.Hold is null ? "released" : "held",
                Reasons = held.Hold is { } hold ? [hold] : [],
                Database = held.Database,
                Path = held.Path,
                BackupStartedAt = ReportJson.Time(held.Start),
                SizeBytes = held.Size,
                Partial = held.Partial,
                ProvenAt = ReportJson.Time(held.Proven),
                RehearsedAt = ReportJson.Time(held.Rehearsed),
                Degraded = held.Degraded.Length > 0,
                Frozen = null,
            };
    }
}
