namespace CryoBackup.Reports;

/// <summary>The fleet as JSON, for whoever draws a page of their own.</summary>
internal sealed record FleetDocument
{
    public required string Timestamp { get; init; }

    public required int SchemaVersion { get; init; }

    public required string BackupToolVersion { get; init; }

    public required string Machine { get; init; }

    public required Line[] Databases { get; init; }

    /// <summary>The document of rows.</summary>
    /// <param name="rows">The databases.</param>
    /// <param name="now">In UTC.</param>
    public static FleetDocument Of(IReadOnlyList<FleetRow> rows, DateTime now) =>
        new()
        {
            Timestamp = ReportJson.Time(now),
            SchemaVersion = ReportJson.SchemaVersion,
            BackupToolVersion = ToolVersion.Text,
            Machine = Environment.MachineName,
            Databases = [.. rows.Select(Of)],
        };

    private static Line Of(FleetRow row) =>
        new()
        {
            Database = row.Database,
            Server = row.Server,
            State = row.Word.ToLowerInvariant(),
            Backups = row.Backups.Count,
            LastBackup = ReportJson.Time(row.Newest?.Start),
            LastProven = ReportJson.Time(row.Proven),
            LastRehearsed = ReportJson.Time(row.Rehearsed),
            RestoreDurationSeconds = row.RestoreDuration is { } restore ? ReportJson.Seconds(restore) : null,
            SizeBytes = row.Newest?.Size,
            Rows = row.Newest is { TableCount: > 0 } newest ? newest.RowCount : null,
            Holes = [.. row.Holes.Select(hole => new Hole(ReportJson.Time(hole.From), ReportJson.Time(hole.Until)))],
            Path = row.Newest?.Path,
        };

    /// <summary>A database of a server.</summary>
    internal sealed record Line
    {
        public required string Database { get; init; }

        public required string Server { get; init; }

        public required string State { get; init; }

        public required int Backups { get; init; }

        public required string? LastBackup { get; init; }

        public required string? LastProven { get; init; }

        public required string? LastRehearsed { get; init; }

        public required double? RestoreDurationSeconds { get; init; }

        public required long? SizeBytes { get; init; }

        public required long? Rows { get; init; }

        public required Hole[] Holes { get; init; }

        public required string? Path { get; init; }
    }

    /// <summary>A time without a backup.</summary>
    internal sealed record Hole(string From, string Until);
}
