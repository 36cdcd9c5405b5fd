using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>
/// The report of a verification: the first four keys are the predecessor's, and so are the first six of each backup. Its checks are
/// true or false: what could not be looked at is not true.
/// </summary>
internal sealed record VerificationReport(
    string Timestamp,
    VerificationReport.Backup[] VerifiedBackups,
    int TotalBackups,
    int Passed,
    int Failed,
    int Inconclusive,
    int SchemaVersion,
    string BackupToolVersion,
    string Machine,
    string StartedAt,
    string FinishedAt,
    double DurationSeconds
)
{
    // They are in every report, whatever was looked at.
    private static readonly string[] PredecessorChecks = [CheckNames.File, CheckNames.Format, CheckNames.Metadata, CheckNames.Hash];

    /// <summary>The report of a run.</summary>
    /// <param name="run">A run of the verb Test that has ended.</param>
    public static VerificationReport Of(RunRecord run)
    {
        Backup[] backups = [.. run.Items.Select(Of)];
        return new VerificationReport(
            ReportJson.Time(run.End),
            backups,
            backups.Length,
            Count("passed"),
            Count("failed"),
            Count("inconclusive"),
            ReportJson.SchemaVersion,
            ToolVersion.Text,
            run.Machine,
            ReportJson.Time(run.Start),
            ReportJson.Time(run.End),
            ReportJson.Seconds(run.End - run.Start)
        );

        int Count(string status) => backups.Count(backup => string.Equals(backup.Status, status, StringComparison.Ordinal));
    }

    private static Backup Of(RunItem item)
    {
        VerificationResult? result = item.Verification;
        CheckResult[] checks = result?.Checks ?? [];
        var outcomes = new Dictionary<string, bool>(StringComparer.Ordinal);
        foreach (string name in PredecessorChecks)
        {
            outcomes[name] = Array.Exists(checks, check => check.Passed && string.Equals(check.Name, name, StringComparison.Ordinal));
        }

        foreach (CheckResult check in checks.Where(check => check.Outcome != CheckOutcome.NotRun))
        {
            outcomes[check.Name] = check.Passed;
        }

        return new Backup(
            Path.GetFileName(item.Path),
            item.Path,
            ReportJson.Time(item.End),
            outcomes,
            result is { Hash.Length: > 0 } ? result.Hash.ToLowerInvariant() : null,
            result?.Verdict switch
            {
                Verdict.Passed => "passed",
                Verdict.Inconclusive => "inconclusive",
                _ => "failed",
            },
            item.Database.Length > 0 ? item.Database : null,
            result?.Level.ToString().ToLowerInvariant(),
            result?.Reason ?? RunItem.Describe(item.Failure!),
            item.Remedy,
            [.. checks.Select(check => new Check(check.Name, OutcomeOf(check), check.Detail, ReportJson.Seconds(check.Duration)))],
            TableLine.Of(result?.Tables ?? []),
            ErrorLine.Of(item.Failure),
            ReportJson.Time(item.Start),
            ReportJson.Seconds(item.End - item.Start),
            result?.ServerVersion,
            result?.RestoreDuration is { } restore ? ReportJson.Seconds(restore) : null,
            result?.Differences ?? [],
            result?.LeftOut ?? []
        );
    }

    private static string OutcomeOf(CheckResult check) =>
        check.Outcome switch
        {
            CheckOutcome.Passed => "passed",
            CheckOutcome.Failed => "failed",
            _ => "not_run",
        };

    /// <summary>One backup.</summary>
    internal sealed record Backup(
        string File,
        string Path,
        string Timestamp,
        IReadOnlyDictionary<string, bool> Checks,
        string? Hash,
        string Status,
        string? Database,
        string? Level,
        string Reason,
        string? Remedy,
        Check[] CheckDetails,
        TableLine[] Tables,
        ErrorLine? Error,
        string StartedAt,
        double DurationSeconds,
        string? ServerVersion,
        double? RestoreDurationSeconds,
        string[] Differences,
        string[] LeftOut
    );

    /// <summary>One check.</summary>
    internal sealed record Check(string Name, string Outcome, string Detail, double DurationSeconds);
}
