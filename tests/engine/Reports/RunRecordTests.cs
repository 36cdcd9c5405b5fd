using CryoBackup.Reports;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Text;

namespace CryoBackup.Tests.Reports;

/// <summary>A run in one line, and its figures, as people read them.</summary>
public sealed class RunRecordTests
{
    private static readonly RestoreResult Restored = Restore("app", RestoreStatus.Restored);
    private static readonly RestoreResult Planned = Restore("app", RestoreStatus.Planned);
    private static readonly RestoreResult Broken = Restore("", RestoreStatus.Failed);
    private static readonly RunItem Odd = RunItem.Of(SampleResults.Backup("b", "/b", "odd"));
    private static readonly RunItem Failed = RunItem.Failed(RunKind.Backup, "b", "", SampleResults.Failure(), SampleResults.Noon);

    [Fact]
    public void TitleOfOne()
    {
        Assert.Equal("Backup of app completed with warnings", Title(RunKind.Backup, RunItem.Of(SampleResults.Backup("app", "/b", "odd"))));
        Assert.Equal("Verification of app inconclusive", Title(RunKind.Verification, Verified(Verdict.Inconclusive)));
        Assert.Equal("Restore of app completed successfully", Title(RunKind.Restore, Of(Restored)));
        Assert.Equal("Restore of app planned", Title(RunKind.Restore, Of(Planned)));
        Assert.Equal("Restore of app.dump failed", Title(RunKind.Restore, Of(Broken)));
        Assert.Equal("CryoBackup test notification", Title(RunKind.Trial));
        Assert.Equal("Database restore failed: /b/app.dump into copy", Of(Broken).Message);
    }

    [Fact]
    public void TitleOfSeveral()
    {
        Assert.Equal("Backup of 2 databases completed, 1 with warnings", Title(RunKind.Backup, RunItem.Of(SampleResults.Backup()), Odd));
        Assert.Equal("Backup failed for 1 of 2 databases", Title(RunKind.Backup, RunItem.Of(SampleResults.Backup()), Failed));
        Assert.Equal(
            "All 2 backups verified successfully",
            Title(RunKind.Verification, Verified(Verdict.Passed), Verified(Verdict.Passed))
        );
        Assert.Equal(
            "Verification inconclusive for 1 of 2 backups",
            Title(RunKind.Verification, Verified(Verdict.Passed), Verified(Verdict.Inconclusive))
        );
        Assert.Equal(
            "Verification failed for 1 of 3 backups",
            Title(RunKind.Verification, Verified(Verdict.Passed), Verified(Verdict.Inconclusive), Verified(Verdict.Failed))
        );
        Assert.Equal("Restore of 2 backups completed", Title(RunKind.Restore, Of(Restored), Of(Planned)));
    }

    [Fact]
    public void FailureInAReport()
    {
        Assert.Null(ErrorLine.Of(null));
        AssertLine("ConnectionFailed", "The server 'db' refused the connection.", SampleResults.Failure());
        AssertLine("Cancelled", "It was stopped before its end.", new OperationCanceledException());
        AssertLine("Unexpected", "odd", new InvalidOperationException("odd"));

        static void AssertLine(string id, string message, Exception failure)
        {
            ErrorLine line = ErrorLine.Of(failure)!;
            Assert.Equal((id, message), (line.Id, line.Message));
        }
    }

    [Theory]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KB")]
    [InlineData(1024 * 1024 - 1, "1.0 MB")]
    [InlineData(5.5 * 1024 * 1024 * 1024, "5.5 GB")]
    [InlineData(double.MaxValue, null)]
    public void SizeInItsUnit(double bytes, string? expected)
    {
        string text = SizeText.Of(bytes);
        Assert.True(expected is null ? text.EndsWith(" EB", StringComparison.Ordinal) : text == expected, text);
    }

    [Fact]
    public void ResultsAsText()
    {
        Assert.Equal("copy: Restored", Restored.ToString());
        Assert.Equal("app: Passed", SampleResults.Verification().ToString());
        Assert.Equal("app 2026-01-31 12:00:00Z", SampleResults.Backup().ToString());
    }

    private static RestoreResult Restore(string database, RestoreStatus status) =>
        new()
        {
            Path = "/b/app.dump",
            SourceDatabase = database,
            TargetDatabase = "copy",
            Status = status,
        };

    private static RunItem Of(RestoreResult result) => RunItem.Of(new RestoreRequest(), result);

    private static RunItem Verified(Verdict verdict) => RunItem.Of(SampleResults.Verification(verdict: verdict));

    private static string Title(RunKind kind, params RunItem[] items)
    {
        var run = new RunRecord { Kind = kind };
        run.Items.AddRange(items);
        return run.Title;
    }
}
