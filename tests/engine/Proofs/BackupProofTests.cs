using CryoBackup.Storage;
using static CryoBackup.Storage.ProofRecord;

namespace CryoBackup.Tests.Proofs;

/// <summary>What a backup's proof is worth, decided from what lies beside it.</summary>
[Trait("Runs", "Once")]
public sealed class BackupProofTests
{
    private const string Hash = "aa";
    private static readonly DateTime Made = new(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc);
    private static readonly FileMark File = new(10, Made);

    [Fact]
    public void NewsOwnComparisonProves() => Assert.Equal(new BackupProof(Made.AddSeconds(90), null, null), Of());

    [Fact]
    public void WithoutItNothingIsProvenUntilATest()
    {
        BackupManifest manifest = Manifest() with { RowsCounted = false };
        Assert.Equal(BackupProof.None, Of(manifest));
        Assert.Equal(BackupProof.None, Of(manifest, Passed(VerificationLevel.Hash)));
        Assert.Equal(Made.AddDays(1), Of(manifest, Passed(VerificationLevel.Content)).Proven);
        Assert.Equal(new BackupProof(Made.AddDays(1), Made.AddDays(1), null), Of(manifest, Passed(VerificationLevel.Restore)));
    }

    [Fact]
    public void AHashRenewsNewsProof() => Assert.Equal(Made.AddDays(1), Of(Passed(VerificationLevel.Hash)).Proven);

    [Theory]
    [InlineData(VerificationLevel.Hash, VerificationLevel.Hash, true)]
    [InlineData(VerificationLevel.Content, VerificationLevel.Hash, false)]
    [InlineData(VerificationLevel.Restore, VerificationLevel.Content, false)]
    [InlineData(VerificationLevel.Hash, VerificationLevel.Restore, true)]
    public void AFailureStandsUntilATestAsDeepPasses(VerificationLevel failed, VerificationLevel passed, bool isProven)
    {
        Assert.Null(Of(Failed(failed)).Proven);
        Assert.NotNull(Of(Failed(failed)).Failed);
        Assert.Equal(isProven, Of(Failed(failed), Passed(passed)).Proven is not null);
        Assert.Null(Of(Passed(passed), Failed(failed)).Proven);
    }

    /// <summary>The clock may have run ahead when it passed.</summary>
    [Fact]
    public void TheOrderCountsNotTheClock() =>
        Assert.Null(Of(Passed(VerificationLevel.Restore) with { Time = Made.AddYears(4) }, Failed(VerificationLevel.Hash)).Proven);

    [Fact]
    public void InconclusiveChangesNothing()
    {
        TestVerdict unclear = Passed(VerificationLevel.Restore) with { Verdict = Verdict.Inconclusive };
        Assert.Equal(Of(), Of(unclear));
        Assert.NotNull(Of(Failed(VerificationLevel.Hash), unclear).Failed);
    }

    [Fact]
    public void WhatWasChangedSinceIsNotProven()
    {
        // Of another size than the manifest tells.
        Assert.Null(BackupProof.Of(Manifest(), File with { Length = 11 }, Made, []).Proven);

        // Written to after its manifest was.
        FileMark later = File with
        {
            Modified = Made.AddMinutes(1),
        };
        Assert.Null(BackupProof.Of(Manifest(), later, Made, []).Proven);
        Assert.Null(BackupProof.Of(Manifest(), later, Made, [Passed(VerificationLevel.Restore)]).Proven);

        // And tested since.
        Assert.NotNull(
            BackupProof.Of(Manifest(), later, Made, [Passed(VerificationLevel.Content) with { Modified = later.Modified }]).Proven
        );

        // A verdict on other bytes.
        BackupManifest uncounted = Manifest() with
        {
            RowsCounted = null,
        };
        Assert.Null(Of(uncounted, Passed(VerificationLevel.Content) with { Sha256 = "bb" }).Proven);
        Assert.Null(Of(uncounted, Passed(VerificationLevel.Content) with { Sha256 = "" }).Proven);
        Assert.Null(Of(uncounted with { Sha256 = null }, Passed(VerificationLevel.Content) with { Sha256 = "" }).Proven);
        Assert.NotNull(Of(uncounted with { Sha256 = null }, Passed(VerificationLevel.Content)).Proven);
    }

    /// <summary>A copy or a file system that keeps whole seconds has made the time another; one that keeps fractions has not.</summary>
    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(0, 1.9, true)]
    [InlineData(0, -1.9, true)]
    [InlineData(0, 2.1, false)]
    [InlineData(0.5, 0, true)]
    [InlineData(0.5, 0.001, false)]
    public void TimesAreComparedAsFinelyAsTheFileKeepsThem(double fraction, double since, bool isSame)
    {
        FileMark file = File with { Modified = Made.AddSeconds(fraction) };
        TestVerdict passed = Passed(VerificationLevel.Content) with { Modified = file.Modified.AddSeconds(since) };
        Assert.Equal(isSame, BackupProof.Of(Manifest() with { RowsCounted = false }, file, Made, [passed]).Proven is not null);
    }

    [Fact]
    public void OfEachLevelAndVerdictTheLastIsKept()
    {
        byte[]? bytes = null;
        for (int day = 1; day <= 100; day++)
        {
            bytes = Add(bytes, "a.dump", Passed(VerificationLevel.Content) with { Time = Made.AddDays(day) });
            bytes = Add(bytes, "a.dump", Failed(VerificationLevel.Hash) with { Time = Made.AddDays(day) });
        }

        IReadOnlyList<TestVerdict> verdicts = Parse(bytes!, "a.dump")!.Verdicts;
        Assert.Equal([VerificationLevel.Content, VerificationLevel.Hash], verdicts.Select(verdict => verdict.Level));
        Assert.All(verdicts, verdict => Assert.Equal((Made.AddDays(100), DateTimeKind.Utc), (verdict.Time, verdict.Time.Kind)));
        Assert.Null(Parse(bytes!, "b.dump"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"a.dump\"")]
    [InlineData("{}")]
    [InlineData("""{"schema_version":2,"backup_file":"a.dump","verdicts":[]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"../a.dump","verdicts":[]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":null}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":[null]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":[{"sha256":null}]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":[{"level":7}]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":[{"verdict":"excellent"}]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","backup_file":"a.dump","verdicts":[]}""")]
    [InlineData("""{"schema_version":1,"backup_file":"a.dump","verdicts":[{"time":"yesterday"}]}""")]
    public void WhateverElseLiesThereIsNone(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Assert.Null(Parse(bytes, "a.dump"));
        Assert.Single(Parse(Add(bytes, "a.dump", Passed(VerificationLevel.Hash)), "a.dump")!.Verdicts);
    }

    private static BackupProof Of(params TestVerdict[] verdicts) => Of(Manifest(), verdicts);

    private static BackupProof Of(BackupManifest manifest, params TestVerdict[] verdicts) => BackupProof.Of(manifest, File, Made, verdicts);

    private static TestVerdict Failed(VerificationLevel level) => Passed(level) with { Verdict = Verdict.Failed, Sha256 = "cc" };

    private static TestVerdict Passed(VerificationLevel level) =>
        new()
        {
            Level = level,
            Verdict = Verdict.Passed,
            Time = Made.AddDays(1),
            Sha256 = Hash,
            SizeBytes = File.Length,
            Modified = File.Modified,
            Machine = "host",
            Account = "me",
            ToolVersion = "0.1.0",
        };

    private static BackupManifest Manifest() =>
        new()
        {
            Timestamp = "2026-01-31T12:00:00Z",
            Database = "app",
            BackupFile = "a.dump",
            SizeBytes = File.Length,
            DurationSeconds = 90,
            SchemaVersion = 1,
            Sha256 = Hash,
            RowsCounted = true,
        };
}
