using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>Verifies backups in tests.</summary>
internal static class VerifyAssert
{
    public static VerificationResult Run(string path, VerificationLevel level = VerificationLevel.Content)
    {
        VerificationResult result = BackupVerifier.Run(
            new VerificationRequest { Path = path, Level = level },
            static _ => { },
            CancellationToken.None
        );

        // Whatever the verdict is, it says why, and each check what it found.
        Assert.Matches(@"^\S[\s\S]*\.$", result.Reason);
        Assert.All(result.Checks, check => Assert.NotEmpty(check.Detail));
        Assert.True(result.Remedy is null or [_, ..]);
        return result;
    }

    public static VerificationResult Passed(string path, VerificationLevel level = VerificationLevel.Content)
    {
        VerificationResult result = Run(path, level);
        Assert.True(result.IsValid, Describe(result));
        return result;
    }

    /// <summary>Verifies what is whole to its end, though nothing is recorded to compare it with, with these words in the reason.</summary>
    public static VerificationResult Unrecorded(string path, params string[] words)
    {
        VerificationResult result = Run(path);
        Assert.True(result.Verdict == Verdict.Inconclusive, Describe(result));
        Assert.StartsWith("The archive is whole to its end (", result.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Checks, check => check.Outcome == CheckOutcome.Failed);
        Assert.Equal(CheckOutcome.NotRun, result.Check("content").Outcome);
        Assert.Contains("-Level Restore", result.Remedy, StringComparison.Ordinal);
        Assert.All(words, word => Assert.Contains(word, result.Reason, StringComparison.Ordinal));
        return result;
    }

    /// <summary>Verifies what must fail at that check first, with these words in the reason.</summary>
    public static VerificationResult Failed(string path, string check, params string[] words) =>
        Failed(path, VerificationLevel.Content, check, words);

    public static VerificationResult Failed(string path, VerificationLevel level, string check, params string[] words)
    {
        VerificationResult result = Run(path, level);
        Assert.True(result.Verdict == Verdict.Failed, Describe(result));
        Assert.Equal(check, result.Checks.First(candidate => candidate.Outcome == CheckOutcome.Failed).Name);
        Assert.All(words, word => Assert.Contains(word, result.Reason, StringComparison.Ordinal));
        return result;
    }

    public static CheckResult Check(this VerificationResult result, string name) =>
        Assert.Single(result.Checks, check => check.Name == name);

    public static string Describe(VerificationResult result) =>
        $"{result.Verdict}: {result.Reason}\n{string.Join('\n', result.Checks.Select(check => $"{check}: {check.Detail}"))}";
}
