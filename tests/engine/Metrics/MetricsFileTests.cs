using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Metrics;

/// <summary>The textfile keeps the rules of Prometheus' text format, and every database's state.</summary>
public sealed class MetricsFileTests : IDisposable
{
    private static readonly double s_noon = (SampleResults.Noon - DateTime.UnixEpoch).TotalSeconds;
    private readonly TemporaryFolder _folder = new();

    private string FilePath => Path.Combine(_folder.Path, "textfile", "cryobackup.prom");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void EveryDatabaseKeepsItsLines()
    {
        const string odd = "a \"b\\c\"\n{d=\"e\"} 1\r2";
        Update(RunKind.Backup, 100, RunItem.Of(SampleResults.Backup()), RunItem.Of(SampleResults.Backup(odd)));
        Update(RunKind.Backup, 200, RunItem.Failed(RunKind.Backup, "app", "", SampleResults.Failure(), SampleResults.Noon.AddSeconds(150)));
        Dictionary<string, double> values = Update(RunKind.Verification, 300, RunItem.Of(SampleResults.Verification()));

        Assert.Equal(s_noon + 150, values["cryobackup_last_start_timestamp_seconds{database=\"app\"}"]);
        Assert.Equal(s_noon + 90, values["cryobackup_last_success_timestamp_seconds{database=\"app\"}"]);
        Assert.Equal(0, values["cryobackup_last_run_success{database=\"app\"}"]);
        Assert.Equal(90, values["cryobackup_last_duration_seconds{database=\"app\"}"]);
        Assert.Equal(4711, values["cryobackup_last_size_bytes{database=\"app\"}"]);
        Assert.Equal(1234, values["cryobackup_last_rows{database=\"app\"}"]);
        Assert.Equal(210, values["cryobackup_last_backup_age_seconds{database=\"app\"}"]);
        Assert.Equal(1, values["cryobackup_last_verification_verdict{database=\"app\",verdict=\"passed\"}"]);
        Assert.Equal(0, values["cryobackup_last_verification_verdict{database=\"app\",verdict=\"failed\"}"]);
        Assert.Equal(s_noon + 2, values["cryobackup_last_verification_timestamp_seconds{database=\"app\"}"]);
        Assert.Equal(1, values["cryobackup_last_run_success{database=\"a \\\"b\\\\c\\\"\\n{d=\\\"e\\\"} 1\r2\"}"]);
        Assert.DoesNotContain(values.Keys, key => key.Contains("rehearsal", StringComparison.Ordinal));
    }

    [Fact]
    public void CopiesAreCountedAndTheLastWithAllOfThemHasItsAge()
    {
        BackupInfo made = SampleResults.Backup();
        made.Copies = ["/a", "/b"];
        made.CopiesWanted = 2;
        Dictionary<string, double> values = Update(RunKind.Backup, 100, RunItem.Of(made));
        Assert.Equal(2, values["cryobackup_copy_last_proven_copies{database=\"app\"}"]);
        Assert.Equal(0, values["cryobackup_copy_last_missing_copies{database=\"app\"}"]);
        Assert.Equal(s_noon + 90, values["cryobackup_copy_last_success_timestamp_seconds{database=\"app\"}"]);

        made.Copies = ["/a"];
        made.CopiesWanted = 3;
        values = Update(RunKind.Backup, 200, RunItem.Of(made));
        Assert.Equal(1, values["cryobackup_copy_last_proven_copies{database=\"app\"}"]);
        Assert.Equal(2, values["cryobackup_copy_last_missing_copies{database=\"app\"}"]);
        Assert.Equal(110, values["cryobackup_copy_age_seconds{database=\"app\"}"]);

        // Without a place for copies there is nothing to tell.
        values = Update(RunKind.Backup, 300, RunItem.Of(SampleResults.Backup("other")));
        Assert.DoesNotContain(
            values.Keys,
            key => key.Contains("copy", StringComparison.Ordinal) && key.Contains("other", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void WorstOfARunCounts()
    {
        var passed = RunItem.Of(SampleResults.Verification());
        var failed = RunItem.Of(SampleResults.Verification(verdict: Verdict.Failed));
        Dictionary<string, double> values = Update(RunKind.Verification, 10, failed, passed);
        Assert.Equal(1, values["cryobackup_last_verification_verdict{database=\"app\",verdict=\"failed\"}"]);
        Assert.Equal(0, values["cryobackup_last_verification_verdict{database=\"app\",verdict=\"passed\"}"]);
    }

    /// <summary>That a part is good makes no verification young; that it is bad tells of the whole.</summary>
    [Fact]
    public void ASampleIsNoVerification()
    {
        VerificationResult Sample(Verdict verdict) =>
            SampleResults.Verification(verdict: verdict, level: VerificationLevel.Hash, sample: 5);
        Dictionary<string, double> whole = Update(RunKind.Verification, 20, RunItem.Of(SampleResults.Verification()));
        foreach (Verdict verdict in new[] { Verdict.Passed, Verdict.Inconclusive })
        {
            Assert.Equal(whole, Update(RunKind.Verification, 30, RunItem.Of(Sample(verdict))));
        }

        Dictionary<string, double> values = Update(RunKind.Verification, 40, RunItem.Of(Sample(Verdict.Failed)));
        Assert.Equal(1, values["cryobackup_last_verification_verdict{database=\"app\",verdict=\"failed\"}"]);
    }

    [Fact]
    public void OfTheVerdictsOfOneRunTheGravestCounts()
    {
        RunItem[] items =
        [
            .. new[] { Verdict.Passed, Verdict.Inconclusive, Verdict.Passed }.Select(verdict =>
                RunItem.Of(SampleResults.Verification(verdict: verdict))
            ),
        ];
        Dictionary<string, double> values = Update(RunKind.Verification, 10, items);
        Assert.Equal(
            [0, 1, 0],
            new[] { "passed", "inconclusive", "failed" }.Select(verdict =>
                values[$"cryobackup_last_verification_verdict{{database=\"app\",verdict=\"{verdict}\"}}"]
            )
        );
    }

    [Fact]
    public void RehearsalsAndRestoresHaveTheirOwn()
    {
        Update(RunKind.Verification, 10, RunItem.Of(SampleResults.Verification(level: VerificationLevel.Restore)));
        var planned = new RestoreResult
        {
            SourceDatabase = "app",
            Status = RestoreStatus.Planned,
            Start = SampleResults.Noon,
            End = SampleResults.Noon.AddSeconds(20),
        };
        Dictionary<string, double> values = Update(RunKind.Restore, 20, RunItem.Of(new RestoreRequest(), planned));
        Assert.Equal(18, values["cryobackup_last_rehearsal_age_seconds{database=\"app\"}"]);
        Assert.DoesNotContain(values.Keys, key => key.StartsWith("cryobackup_last_restore", StringComparison.Ordinal));

        var restored = new RestoreResult
        {
            SourceDatabase = "app",
            Status = RestoreStatus.Restored,
            Start = SampleResults.Noon,
            End = SampleResults.Noon.AddSeconds(30),
        };
        values = Update(RunKind.Restore, 30, RunItem.Of(new RestoreRequest(), restored));
        Assert.Equal(
            (1, s_noon + 30),
            (
                values["cryobackup_last_restore_success{database=\"app\"}"],
                values["cryobackup_last_restore_timestamp_seconds{database=\"app\"}"]
            )
        );
        values = Update(RunKind.Restore, 40, RunItem.Failed(RunKind.Restore, "app", "", SampleResults.Failure(), SampleResults.Noon));
        Assert.Equal(0, values["cryobackup_last_restore_success{database=\"app\"}"]);
    }

    [Fact]
    public void LostBackupIsKnownByItsName()
    {
        var lost = new VerificationResult
        {
            Path = "/backups/a%2Fb_20260131_120000_full.dump.gz",
            Verdict = Verdict.Failed,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        Assert.Equal(
            1,
            Update(RunKind.Verification, 10, RunItem.Of(lost))["cryobackup_last_verification_verdict{database=\"a/b\",verdict=\"failed\"}"]
        );
    }

    [Fact]
    public async Task RunsThatEndAtOnceLoseNothing()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 12)
                .Select(number =>
                    Task.Run(() => MetricsFile.Update(FilePath, Run(RunKind.Backup, 10, RunItem.Of(SampleResults.Backup($"db{number}")))))
                )
        );
        Dictionary<string, double> values = Check(File.ReadAllText(FilePath));
        Assert.Equal(12, values.Keys.Count(key => key.StartsWith("cryobackup_last_run_success", StringComparison.Ordinal)));
        Assert.Single(Directory.GetFiles(Path.GetDirectoryName(FilePath)!, "*.prom"));
    }

    [Fact]
    public void ThatCannotBeWrittenIsNamed()
    {
        string path = Path.Combine(_folder.Write("file", ""), "cryobackup.prom");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            MetricsFile.Update(path, Run(RunKind.Backup, 1, RunItem.Of(SampleResults.Backup())))
        );
        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.Equal(path, failure.Target);
    }

    private Dictionary<string, double> Update(RunKind kind, int seconds, params RunItem[] items)
    {
        MetricsFile.Update(FilePath, Run(kind, seconds, items));
        return Check(File.ReadAllText(FilePath));
    }

    private static RunRecord Run(RunKind kind, int seconds, params RunItem[] items)
    {
        var run = new RunRecord
        {
            Kind = kind,
            Start = SampleResults.Noon,
            End = SampleResults.Noon.AddSeconds(seconds),
        };
        run.Items.AddRange(items);
        return run;
    }

    /// <summary>As promtool checks: HELP and TYPE once before a metric's samples, all of which stand together, no sample twice,
    /// a unit at the name's end.</summary>
    private static Dictionary<string, double> Check(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        var values = new Dictionary<string, double>();
        var done = new HashSet<string>();
        string? current = null;
        string[] lines = text[..^1].Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith('#'))
            {
                Match help = Regex.Match(lines[i], "^# HELP ([a-z_]+) [A-Z0-9].*\\.$");
                Assert.True(help.Success, lines[i]);
                current = help.Groups[1].Value;
                Assert.True(done.Add(current), $"{current} is described twice.");
                Assert.Equal($"# TYPE {current} gauge", lines[++i]);
                Assert.Matches("_(seconds|bytes|rows|copies|success|verdict|degraded|backups|blocked|frozen)$", current);
                continue;
            }

            Match sample = Regex.Match(
                lines[i],
                "^([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{[a-z]+=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\"(?:,[a-z]+=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\")*\\}) (\\S+)$"
            );
            Assert.True(sample.Success, lines[i]);
            Assert.Equal(current, sample.Groups[1].Value);
            Assert.True(
                values.TryAdd(
                    sample.Groups[1].Value + sample.Groups[2].Value,
                    double.Parse(sample.Groups[3].Value, CultureInfo.InvariantCulture)
                ),
                $"{lines[i]} stands twice."
            );
        }

        return values;
    }
}
