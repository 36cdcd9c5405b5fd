using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CryoBackup.Reports;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Reports;

/// <summary>The page: the verdict first, everything escaped, nothing from elsewhere.</summary>
public sealed class ReportPageTests : IDisposable
{
    private const string Evil = "<script>alert(\"x\")</script>&'\0";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void VerdictFirst()
    {
        string page = Page(SampleResults.Verification(), SampleResults.Verification(verdict: Verdict.Failed, database: "bad"));
        Assert.Matches("<main>\\s*<div class=\"verdict failed\">\\s*<h1>Failed: bad \\(1 of 2 backups\\)</h1>", page);
        Assert.Matches("<h1>Passed: app</h1>", Page(SampleResults.Verification()));
        Assert.Matches(
            "<div class=\"verdict inconclusive\">\\s*<h1>Inconclusive: app</h1>",
            Page(SampleResults.Verification(verdict: Verdict.Inconclusive))
        );
        Assert.True(page.IndexOf("<h1>", StringComparison.Ordinal) < page.IndexOf("Checks", StringComparison.Ordinal));
        Assert.Contains("<td class=\"mono\">compression</td><td class=\"word not_run\">not run</td>", page, StringComparison.Ordinal);
        Assert.Contains(
            "<td class=\"name\">public.users</td><td class=\"word passed\">equal</td><td class=\"n\">1,200</td><td class=\"n\">1,200</td>",
            page,
            StringComparison.Ordinal
        );
    }

    /// <summary>What an administrator needs of a rehearsal: where, how long, what differs, what was left out, what to do.</summary>
    [Fact]
    public void RehearsalIsToldWhole()
    {
        string page = Page(
            new VerificationResult
            {
                Database = "app",
                Path = "/backups/app.dump",
                Level = VerificationLevel.Restore,
                Verdict = Verdict.Failed,
                Reason = "It is not what was recorded.",
                Remedy = "Look at the <log>.",
                ServerVersion = "PostgreSQL 15.18",
                RestoreDuration = TimeSpan.FromSeconds(75),
                Differences = ["An index is missing."],
                LeftOut = ["SUBSCRIPTION s: it would connect."],
            }
        );
        Assert.Contains("<dt>Rehearsed on</dt><dd>PostgreSQL 15.18</dd>", page, StringComparison.Ordinal);
        Assert.Contains("<dt>Restored in</dt><dd>1m 15s</dd>", page, StringComparison.Ordinal);
        Assert.Contains("<strong>Remedy:</strong> Look at the &lt;log&gt;.", page, StringComparison.Ordinal);
        Assert.Matches("<h2>Differences</h2>\\s*<ul>\\s*<li>An index is missing.</li>", page);
        Assert.Contains("<li>SUBSCRIPTION s: it would connect.</li>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void EverythingIsEscaped()
    {
        VerificationResult result = new()
        {
            Database = Evil,
            Path = "/backups/" + Evil,
            Reason = Evil,
            Verdict = Verdict.Failed,
            Checks =
            [
                new()
                {
                    Name = Evil,
                    Detail = Evil,
                    Outcome = CheckOutcome.Failed,
                },
            ],
            Tables = [new() { Schema = Evil, Name = Evil }],
            Hash = Evil,
        };
        Check(Page(result, result));

        var request = new RestoreRequest { TargetDatabase = Evil };
        var restored = new RestoreResult
        {
            Path = "/backups/" + Evil,
            SourceDatabase = Evil,
            ComputerName = Evil,
            TargetDatabase = Evil,
            Status = RestoreStatus.Restored,
            Objects = [Evil],
            LeftOut = [Evil],
            Warnings = [Evil],
            PreviousDatabase = Evil,
            Tables = [new() { Schema = Evil, Name = Evil }],
        };
        Check(RestorePage(RunItem.Of(request, restored)));
        Check(
            RestorePage(
                RunItem.Failed(
                    RunKind.Restore,
                    Evil,
                    Evil,
                    new CryoBackupException(CryoBackupError.RestoreFailed, Evil, Evil, Evil, [Evil]),
                    SampleResults.Noon,
                    request
                )
            )
        );

        static void Check(string page)
        {
            Assert.Contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;\uFFFD", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain('\0', page);
        }
    }

    [Fact]
    public void TakesNothingFromElsewhere()
    {
        WriteHistory();
        string page = Page(SampleResults.Verification(Path.Combine(_folder.Path, "app_20260103_000000_full.dump.gz")));
        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(new Regex("<(script|img|iframe|object|embed|form)|@import|url\\("), page);
        Assert.Contains("default-src 'none'", page, StringComparison.Ordinal);
        Assert.Single(Regex.Matches(page, "<link [^>]*href=\"data:,\""));
    }

    [Fact]
    public void PlotsOfTheHistory()
    {
        WriteHistory();
        string page = Page(SampleResults.Verification(Path.Combine(_folder.Path, "app_20260103_000000_full.dump.gz")));
        XElement[] plots = [.. Regex.Matches(page, "<svg.*?</svg>", RegexOptions.Singleline).Select(match => XElement.Parse(match.Value))];
        Assert.Equal(["Size", "Duration", "Rows"], plots.Select(plot => plot.Elements("text").First().Value));
        Assert.All(
            plots,
            plot =>
            {
                // Three of app, none of app_2; the one that the page is about stands out.
                XElement[] points = [.. plot.Elements("circle")];
                Assert.Equal(["point", "point", "current"], points.Select(point => point.Attribute("class")!.Value));
                Assert.All(points, point => Assert.InRange((double)point.Attribute("cx")!, 0, 320));
                Assert.All(points, point => Assert.InRange((double)point.Attribute("cy")!, 30, 130));
                double[] heights = [.. points.Select(point => (double)point.Attribute("cy")!)];
                Assert.True(heights[0] > heights[1] && heights[1] > heights[2], "What grows must rise.");
            }
        );
        Assert.Equal("2026-01-03 00:00:00 UTC: 3,000", plots[2].Elements("circle").Last().Value);

        // The size of the rows comes from the manifest.
        Assert.Contains(
            "<td class=\"name\">public.users</td><td class=\"word passed\">equal</td><td class=\"n\">1,200</td><td "
                + "class=\"n\">1,200</td><td class=\"n\">2.9 KB</td>",
            page,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void WhatFailedComesFirstAndLiesOpen()
    {
        VerificationResult good = SampleResults.Verification(),
            bad = SampleResults.Verification(verdict: Verdict.Failed, database: "bad"),
            unclear = SampleResults.Verification(verdict: Verdict.Inconclusive, database: "unclear");
        string page = Page(good, unclear, good, bad);
        Assert.Contains("<p>1 failed, 1 inconclusive, 2 passed.</p>", page, StringComparison.Ordinal);
        Assert.Equal(
            ["failed", "inconclusive", "passed", "passed"],
            Regex.Matches(page, "<tr><td class=\"word (\\w+)\">\\1</td><td>\\w+</td>").Select(match => match.Groups[1].Value)
        );
        Assert.Equal(2, Regex.Matches(page, "<details><summary><h2>").Count);
        Assert.True(page.IndexOf("<details>", StringComparison.Ordinal) > page.IndexOf("id=\"b1\"", StringComparison.Ordinal));
        Assert.Contains("<h1>Passed: all 2 backups are proven</h1>", Page(good, good), StringComparison.Ordinal);
        Assert.Contains("<h1>Inconclusive: unclear (1 of 2 backups)</h1>", Page(good, unclear), StringComparison.Ordinal);
        Assert.Contains("<h1>Failed: a, b and 2 more (4 of 4 backups)</h1>", Page([.. "abcd".Select(Bad)]), StringComparison.Ordinal);

        static VerificationResult Bad(char name) => SampleResults.Verification(verdict: Verdict.Failed, database: name.ToString());
    }

    /// <summary>No heading stands lower than one below the one before it.</summary>
    [Fact]
    public void HeadingsAreInOrder()
    {
        WriteHistory();
        VerificationResult result = SampleResults.Verification(Path.Combine(_folder.Path, "app_20260103_000000_full.dump.gz"));
        foreach (string page in new[] { Page(result), Page(result, result) })
        {
            int[] levels =
            [
                .. Regex.Matches(page, "<h([1-6])>").Select(match => int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)),
            ];
            Assert.Equal(1, levels[0]);
            Assert.All(levels.Zip(levels.Skip(1)), pair => Assert.InRange(pair.Second, 2, pair.First + 1));
            Assert.Contains("<dt>Server</dt><dd>localhost:5432</dd>", page, StringComparison.Ordinal);
            Assert.Contains("<dt>Rows</dt><dd>3,000</dd>", page, StringComparison.Ordinal);
            Assert.Contains("<dt>Last rehearsed</dt><dd>never</dd>", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void TableThatIsNotEqualSaysHow()
    {
        string page = Page(
            SampleResults.Verification(
                verdict: Verdict.Failed,
                tables:
                [
                    new()
                    {
                        Schema = "public",
                        Name = "gone",
                        ExpectedRows = 2,
                        ExpectedFingerprint = "a",
                    },
                    new()
                    {
                        Schema = "public",
                        Name = "changed",
                        ExpectedRows = 2,
                        FoundRows = 2,
                        ExpectedFingerprint = "a",
                        FoundFingerprint = "b",
                    },
                ]
            )
        );
        Assert.Contains("<td class=\"name\">public.gone</td><td class=\"word failed\">missing</td>", page, StringComparison.Ordinal);
        Assert.Contains("<td class=\"name\">public.changed</td><td class=\"word failed\">differs</td>", page, StringComparison.Ordinal);
    }

    [Fact]
    public void PlannedRestoreSaysThatNothingChanged()
    {
        var planned = new RestoreResult
        {
            Path = "/backups/app.dump",
            TargetDatabase = "copy",
            Status = RestoreStatus.Planned,
            Objects = ["TABLE public t", "INDEX public i"],
        };
        string page = RestorePage(RunItem.Of(new RestoreRequest { TargetDatabase = "copy" }, planned));
        Assert.Contains("<h1>Planned, nothing changed: copy</h1>", page, StringComparison.Ordinal);
        Assert.Contains("2 objects would be restored.", page, StringComparison.Ordinal);
    }

    private static string Page(params VerificationResult[] results)
    {
        var run = new RunRecord
        {
            Kind = RunKind.Verification,
            Start = SampleResults.Noon,
            End = SampleResults.Noon,
        };
        run.Items.AddRange(results.Select(RunItem.Of));
        return Encoding.UTF8.GetString(ReportPage.Verification(run, CancellationToken.None));
    }

    private static string RestorePage(RunItem item) =>
        Encoding.UTF8.GetString(
            ReportPage.Restore(
                new RunRecord
                {
                    Kind = RunKind.Restore,
                    Start = SampleResults.Noon,
                    End = SampleResults.Noon,
                },
                item,
                CancellationToken.None
            )
        );

    private void WriteHistory()
    {
        foreach ((string database, int day) in (ReadOnlySpan<(string, int)>)[("app", 1), ("app", 2), ("app", 3), ("app_2", 3)])
        {
            string name = $"{database}_2026010{day}_000000_full.dump.gz";
            var manifest = new BackupManifest
            {
                Timestamp = $"2026-01-0{day}T00:00:00Z",
                Database = database,
                BackupFile = name,
                SizeBytes = day * 1000,
                Host = "localhost",
                Port = 5432,
                BackupToolVersion = "0.1.0",
                SchemaVersion = 1,
                Sha256 = new string('a', 64),
                DurationSeconds = day,
                Tables =
                [
                    new()
                    {
                        Schema = "public",
                        Name = "users",
                        Rows = day * 1000,
                        Bytes = day * 1000,
                        Fingerprint = new string('a', 32),
                    },
                ],
                ManifestSha256 = new string('0', 64),
            };
            File.WriteAllBytes(Path.Combine(_folder.Path, name + ".meta.json"), manifest.Serialize());
        }

        _folder.Write("app_20260104_000000_full.dump.gz.meta.json", "no manifest");
    }
}
