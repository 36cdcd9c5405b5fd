using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Reports;

/// <summary>A run that was stopped between two things, or ended by the first, must not tell only of what was good.</summary>
public sealed class MissedWorkTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private BackupConfiguration Configuration =>
        new()
        {
            MetricsFile = Path.Combine(_folder.Path, "x.prom"),
            LogFile = Path.Combine(_folder.Path, "x.log"),
            Reports = new() { VerificationDir = _folder.Path },
        };

    [Fact]
    public void WhatWasNotBegunIsAFailure()
    {
        BackupRequest[] requests = [.. new[] { "made", "declined", "missed" }.Select(name => new BackupRequest { Database = name })];
        using (var evidence = new RecordedRun(RunKind.Backup, Configuration, null))
        {
            evidence.Expect(requests);
            evidence.Forgo(requests[0]);
            evidence.Add(SampleResults.Backup("made"));
            evidence.Forgo(requests[1]);
            evidence.Finish(static _ => { }, default);
        }

        string log = File.ReadAllText(Path.Combine(_folder.Path, "x.log"));
        Assert.Contains("ERROR - Backup failed: It was not begun: the run ended before.", log, StringComparison.Ordinal);
        string metrics = File.ReadAllText(Path.Combine(_folder.Path, "x.prom"));
        Assert.Contains("database=\"missed\"", metrics, StringComparison.Ordinal);
        Assert.DoesNotContain("declined", log + metrics, StringComparison.Ordinal);
    }

    /// <summary>Nothing at all was begun: that is no run without findings.</summary>
    [Fact]
    public void RunThatBeganNothingIsAFailure()
    {
        using var evidence = new RecordedRun(RunKind.Verification, Configuration, null);
        var how = new VerificationRequest { MaxAge = TimeSpan.FromHours(1) };
        evidence.Expect([
            VerificationTask.Of(how with { Path = "/b/app.dump" }),
            .. Freshness.Tasks(how, _folder.Path, ["crm"], static _ => { }, default),
        ]);
        evidence.Finish(static _ => { }, default);
        string report = File.ReadAllText(Assert.Single(Directory.GetFiles(_folder.Path, "*.json")));
        Assert.Contains("\"failed\": 2", report, StringComparison.Ordinal);
        Assert.Contains("\"database\": \"crm\"", report, StringComparison.Ordinal);
    }

    [Fact]
    public void RunThatWasAskedForNothingLeavesNothing()
    {
        using var evidence = new RecordedRun(RunKind.Verification, Configuration, null);
        evidence.Finish(static _ => { }, default);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }
}
