using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>
/// The report of a verification: the first four keys are the predecessor's, and so are the first six of each backup. Its checks are
/// true or false: what could not be looked at is not true.
/// </summary>
internal sealed record VerificationReport
{
    public required string Timestamp { get; init; }

    public required VerificationReport.Backup[] VerifiedBackups { get; init; }

    public required int TotalBackups { get; init; }

    public required int Passed { get; init; }

    public required int Failed { get; init; }

    public required int Inconclusive { get; init; }

    public required int SchemaVersion { get; init; }

    public required string BackupToolVersion { get; init; }

    public required string Machine { get; init; }

    public required string StartedAt { get; init; }

    public required string FinishedAt { get; init; }

    public required double DurationSeconds { get; init; }

    // They are in every report, whatever was looked at.
    private static readonly string[] PredecessorChecks = [CheckNames.File, CheckNames.Format, CheckNames.Metadata, CheckNames.Hash];

    /// <summary>The report of a run.</summary>
    /// <param name="run">A run of the verb Test that has ended.</param>
    public static VerificationReport Of(RunRecord run)
    {
        Backup[] backups = [.. run.Items.Select(Of)];
        return new VerificationReport
        {
            Timestamp = ReportJson.Time(run.End),
            VerifiedBackups = backups,
            TotalBackups = backups.Length,
            Passed = Count("passed"),
            Failed = Count("failed"),
            Inconclusive = Count("inconclusive"),
            SchemaVersion = ReportJson.SchemaVersion,
            BackupToolVersion = ToolVersion.Text,
            Machine = run.Machine,
            StartedAt = ReportJson.Time(run.Start),
            FinishedAt = ReportJson.Time(run.End),
            DurationSeconds = ReportJson.Seconds(run.End - run.Start),
        };

        int Count(string status) => backups.Count(backup => string.Equals(backup.Status, status, StringComparison.Ordinal));
    }

    private static Backup Of(RunItem item)
    {
        VerificationResult? result = item.Verification;
        ResultList<CheckResult> checks = result?.Checks ?? [];
        var outcomes = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (string name in PredecessorChecks)
        {
            outcomes[name] = checks.Any(check => check.Passed && string.Equals(check.Name, name, StringComparison.Ordinal));
        }

        foreach (CheckResult check in checks.Where(check => check.Outcome != CheckOutcome.NotRun))
        {
            outcomes[check.Name] = check.Passed;
        }

        return new Backup
        {
            File = Path.GetFileName(item.Path),
            Path = item.Path,
            Timestamp = ReportJson.Time(item.End),
            Checks = outcomes,
            Hash = result is { Hash.Length: > 0 } ? result.Hash.ToLowerInvariant() : null,
            Status = result?.Verdict switch
            {
                Verdict.Passed => "passed",
                Verdict.Inconclusive => "inconclusive",
                _ => "failed",
            },
            Database = item.Database.Length > 0 ? item.Database : null,
            Level = result?.Level.ToString().ToLowerInvariant(),
            SamplePercent = result?.Sample,
            Covered = result?.Covered is { } covered ? Math.Round(covered, 3) : null,
            Reason = result?.Reason ?? RunItem.Describe(item.Failure!),
            Remedy = item.Remedy,
            CheckDetails =
            [
                .. checks.Select(check => new Check(check.Name, OutcomeOf(check), check.Detail, ReportJson.Seconds(check.Duration))),
            ],
            Tables = TableLine.Of(result?.Tables ?? []),
            Error = ErrorLine.Of(item.Failure),
            StartedAt = ReportJson.Time(item.Start),
            DurationSeconds = ReportJson.Seconds(item.End - item.Start),
            ServerVersion = result?.ServerVersion,
            RestoreDurationSeconds = result?.RestoreDuration is { } restore ? ReportJson.Seconds(restore) : null,
            Differences = result?.Differences ?? [],
            LeftOut = result?.LeftOut ?? [],
        };
    }

    private static string OutcomeOf(CheckResult check) =>
        check.Outcome switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Failed => "failed",
            _ => "not_run",
        };

    /// <summary>One backup.</summary>
    internal sealed record Backup
    {
        public required string File { get; init; }

        public required string Path { get; init; }

        public required string Timestamp { get; init; }

        public required IReadOnlyDictionary<string, bool> Checks { get; init; }

        public required string? Hash { get; init; }

        public required string Status { get; init; }

        public required string? Database { get; init; }

        public required string? Level { get; init; }

        public required int? SamplePercent { get; init; }

        public required double? Covered { get; init; }

        public required string Reason { get; init; }

        public required string? Remedy { get; init; }

        public required Check[] CheckDetails { get; init; }

        public required TableLine[] Tables { get; init; }

        public required ErrorLine? Error { get; init; }

        public required string StartedAt { get; init; }

        public required double DurationSeconds { get; init; }

        public required string? ServerVersion { get; init; }

        public required double? RestoreDurationSeconds { get; init; }

        public required ResultList<string> Differences { get; init; }

        public required ResultList<string> LeftOut { get; init; }
    }

    /// <summary>One check.</summary>
    internal sealed record Check(string Name, string Outcome, string Detail, double DurationSeconds);
}
