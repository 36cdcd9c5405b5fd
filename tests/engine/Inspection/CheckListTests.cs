using CryoBackup.Inspection;

namespace CryoBackup.Tests.Inspection;

[Trait("Runs", "Once")]
public sealed class CheckListTests
{
    private readonly List<string> _told = [];
    private readonly CheckList _checks;

    public CheckListTests() => _checks = new CheckList(message => _told.Add(((VerboseMessage)message).Text));

    [Fact]
    public void WhatHasNeitherFailureNorDoubtIsPassed()
    {
        _checks.Pass("a", "is there");
        _checks.Skip("b", "was not asked for");
        Assert.Equal(new Conclusion(Verdict.Passed, "All is good.", null), _checks.Conclude("All is good."));
        Assert.Equal(["a: Passed: is there", "b: NotRun: was not asked for"], _told);
    }

    [Fact]
    public void FirstFailureDecidesWhateverElseIsThere()
    {
        _checks.Hinder("a", "no age", "Install age.");
        _checks.Fail("b", "is bad", "Use another.", "It is bad.");
        _checks.Fail("c", "is worse", "Use none.");
        Assert.Equal(new Conclusion(Verdict.Failed, "It is bad.", "Use another."), _checks.Conclude("All is good."));
        Assert.Null(_checks.Failure);
    }

    [Fact]
    public void FailureIsAnErrorToWhoNeedsTheBackup()
    {
        var failure = new CryoBackupException(CryoBackupError.HashMismatch, "Other bytes.", "app.dump", "Use another.");
        _checks.Fail("a", failure);
        _checks.Fail("b", new CryoBackupException(CryoBackupError.ArchiveCorrupt, "No end.", "app.dump"));
        Assert.Same(failure, _checks.Failure);
        Assert.Equal([CryoBackupError.HashMismatch, CryoBackupError.ArchiveCorrupt], _checks.All.Select(check => check.ErrorId));
        Assert.Equal(new Conclusion(Verdict.Failed, "Other bytes.", "Use another."), _checks.Conclude("All is good."));
    }

    [Fact]
    public void FirstDoubtDecidesWhereNothingFailed()
    {
        _checks.Doubt("Nothing is recorded.", null);
        _checks.Hinder("a", "no age", "Install age.");
        Assert.Equal(new Conclusion(Verdict.Inconclusive, "Nothing is recorded.", null), _checks.Conclude("All is good."));
    }

    [Fact]
    public void FailureWithoutARemedyTakesThatOfTheDoubt()
    {
        _checks.Fail("a", "is late", remedy: null);
        _checks.Doubt("Nothing is recorded.", "Record it.");
        Assert.Equal("Record it.", _checks.Conclude("").Remedy);
    }

    [Fact]
    public void RestIsWhatIsNotInTheList()
    {
        _checks.Pass("b", "is there");
        _checks.SkipRest(["a", "b", "c"], "nothing was read", CryoBackupError.IdentityMissing);
        Assert.Equal(["b", "a", "c"], _checks.All.Select(check => check.Name));
        Assert.Equal([null, CryoBackupError.IdentityMissing, CryoBackupError.IdentityMissing], _checks.All.Select(check => check.ErrorId));
    }

    [Theory]
    [InlineData(Verdict.Passed, Verdict.Failed, "Too old.")]
    [InlineData(Verdict.Failed, Verdict.Failed, "First.")]
    [InlineData(Verdict.Inconclusive, Verdict.Failed, "Too old.")]
    public void WhatComesAfterAResultCannotMakeItBetter(Verdict before, Verdict after, string reason)
    {
        var result = new VerificationResult
        {
            Verdict = before,
            Reason = "First.",
            Database = "app",
        };
        var list = CheckList.After(result);
        list.Pass("a", "is there");
        VerificationResult same = list.Conclude(result, result.Reason);
        Assert.Equal((before, "First.", 1), (same.Verdict, same.Reason, same.Checks.Length));

        list.Fail("b", "too old", remedy: null, "Too old.");
        VerificationResult failed = list.Conclude(result, result.Reason);
        Assert.Equal((after, reason, "app", 2), (failed.Verdict, failed.Reason, failed.Database, failed.Checks.Length));
    }

    [Theory]
    [InlineData(Verdict.Failed)]
    [InlineData(Verdict.Inconclusive)]
    public void WhatWasCheckedBeforeStaysInTheListWithItsRemedy(Verdict verdict)
    {
        _checks.Pass("a", "is there");
        var before = new VerificationResult
        {
            Verdict = verdict,
            Reason = "First.",
            Remedy = "Use another.",
            Checks = [.. _checks.All],
        };
        var list = CheckList.After(before);
        list.Pass("b", "is there");
        VerificationResult result = list.Conclude(before, "All is good.");
        Assert.Equal(["a", "b"], result.Checks.Select(check => check.Name));
        Assert.Equal((verdict, "First.", "Use another."), (result.Verdict, result.Reason, result.Remedy));
    }
}
