using CryoBackup.Reports;

namespace CryoBackup.Tests.Reports;

/// <summary>A run in one line, and its figures, as people read them.</summary>
public sealed class RunRecordTests
{
    private static readonly RestoreResult Restored = new() { Path = "/b/app.dump", SourceDatabase = "app", TargetDatabase = "copy", Status = RestoreStatus.Restored };
    private static readonly RestoreResult Planned = new() { Path = "/b/app.dump", SourceDatabase = "app", TargetDatabase = "copy", Status = RestoreStatus.Planned };
    private static readonly RestoreResult Broken = new() { Path = "/b/app.dump", TargetDatabase = "copy", Status = RestoreStatus.Failed };

    [Fact]
    public void TitleOfOne()
    {
        Assert.Equal("Backup of app completed with warnings", Title(RunVerb.Backup, RunItem.Of(SampleResults.Backup("app", "/b", "odd"))));
        Assert.Equal("Verification of app inconclusive", Title(RunVerb.Verification, Verified(Verdict.Inconclusive)));
        Assert.Equal("Restore of app completed successfully", Title(RunVerb.Restore, Of(Restored)));
        Assert.Equal("Restore of app planned", Title(RunVerb.Restore, Of(Planned)));
        Assert.Equal("Restore of app.dump failed", Title(RunVerb.Restore, Of(Broken)));
        Assert.Equal("CryoBackup test notification", Title(RunVerb.Trial));
        Assert.Equal("Database restore failed: /b/app.dump into copy", Of(Broken).Message);
    }

    [Fact]
    public void TitleOfSeveral()
    {
        Assert.Equal("Backup of 2 databases completed, 1 with warnings", Title(RunVerb.Backup, RunItem.Of(SampleResults.Backup()), RunItem.Of(SampleResults.Backup("b", "/b", "odd"))));
        Assert.Equal("Backup failed for 1 of 2 databases", Title(RunVerb.Backup, RunItem.Of(SampleResults.Backup()), RunItem.Failed(RunVerb.Backup, "b", "", SampleResults.Failure(), SampleResults.Noon)));
        Assert.Equal("All 2 backups verified successfully", Title(RunVerb.Verification, Verified(Verdict.Passed), Verified(Verdict.Passed)));
        Assert.Equal("Verification inconclusive for 1 of 2 backups", Title(RunVerb.Verification, Verified(Verdict.Passed), Verified(Verdict.Inconclusive)));
        Assert.Equal("Verification failed for 1 of 3 backups", Title(RunVerb.Verification, Verified(Verdict.Passed), Verified(Verdict.Inconclusive), Verified(Verdict.Failed)));
        Assert.Equal("Restore of 2 backups completed", Title(RunVerb.Restore, Of(Restored), Of(Planned)));
    }

    [Fact]
    public void FailureInAReport()
    {
        Assert.Null(ErrorLine.Of(null));
        Assert.Equal(("ConnectionFailed", "Check that it runs."), (ErrorLine.Of(SampleResults.Failure())!.Id, ErrorLine.Of(SampleResults.Failure())!.Remedy));
        Assert.Equal(("Cancelled", "It was stopped before its end."), (ErrorLine.Of(new OperationCanceledException())!.Id, ErrorLine.Of(new OperationCanceledException())!.Message));
        Assert.Equal(("Unexpected", "odd"), (ErrorLine.Of(new InvalidOperationException("odd"))!.Id, ErrorLine.Of(new InvalidOperationException("odd"))!.Message));
    }

    [Theory]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KB")]
    [InlineData(1024 * 1024 - 1, "1.0 MB")]
    [InlineData(5.5 * 1024 * 1024 * 1024, "5.5 GB")]
    [InlineData(double.MaxValue, null)]
    public void SizeInItsUnit(double bytes, string? expected)
    {
        string text = Figures.Size(bytes);
        Assert.True(expected is null ? text.EndsWith(" EB", StringComparison.Ordinal) : text == expected, text);
    }

    [Fact]
    public void ResultsAsText()
    {
        Assert.Equal("copy: Restored", Restored.ToString());
        Assert.Equal("app: Passed", SampleResults.Verification().ToString());
        Assert.Equal("app 2026-01-31 12:00:00Z", SampleResults.Backup().ToString());
    }

    private static RunItem Of(RestoreResult result) => RunItem.Of(new RestoreRequest(), result);

    private static RunItem Verified(Verdict verdict) => RunItem.Of(SampleResults.Verification(verdict: verdict));

    private static string Title(RunVerb verb, params RunItem[] items)
    {
        var run = new RunRecord { Verb = verb };
        run.Items.AddRange(items);
        return run.Title;
    }
}
