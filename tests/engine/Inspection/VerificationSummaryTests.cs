namespace CryoBackup.Tests.Inspection;

[Trait("Runs", "Once")]
public sealed class VerificationSummaryTests
{
    [Fact]
    public void FailedOnesComeFirst()
    {
        VerificationResult[] results =
        [
            Of("/b/one.dump.gz", Verdict.Passed),
            Of("/b/two.dump.gz", Verdict.Inconclusive),
            Of("s3://bucket/b/three.dump.gz", Verdict.Failed),
            Of("/b", Verdict.Failed, "crm"),
            Of("/b/four.dump.gz", Verdict.Passed),
        ];
        Assert.Equal(
            ["2 passed, 2 failed, 1 inconclusive", "Failed: three.dump.gz", "Failed: crm in b", "Inconclusive: two.dump.gz"],
            VerificationSummary.Lines(results)
        );
        Assert.Equal(
            ["three.dump.gz", "crm in b", "two.dump.gz", "one.dump.gz", "four.dump.gz"],
            VerificationSummary.WorstFirst(results).Select(VerificationSummary.Subject)
        );
        Assert.Equal(["1 passed"], VerificationSummary.Lines([results[0]]));
    }

    private static VerificationResult Of(string path, Verdict verdict, string? database = null) =>
        new()
        {
            Path = path,
            Verdict = verdict,
            Database = database ?? "",
            IsOfFolder = database is not null,
        };
}
