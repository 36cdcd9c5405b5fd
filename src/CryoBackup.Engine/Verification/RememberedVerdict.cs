namespace CryoBackup.Verification;

/// <summary>What of a Test is remembered.</summary>
internal static class RememberedVerdict
{
    /// <summary>The verdict on the backup itself, its age left aside.</summary>
    /// <param name="result">What the Test concluded.</param>
    /// <returns>Null for what tells nothing of the backup: that a part of it is good, that it took too long to come back, that this
    /// account may not read it, that the store could not be reached.</returns>
    public static Verdict? Of(VerificationResult result)
    {
        if (result.Verdict != Verdict.Failed)
        {
            return result.Sample is null ? result.Verdict : null;
        }

        CheckResult[] failed = [.. result.Checks.Where(check => check.Outcome == CheckOutcome.Failed)];
        if (Array.Exists(failed, check => check.ErrorId is CryoBackupError.PermissionDenied or CryoBackupError.LocationUnreachable))
        {
            return null;
        }

        if (!Array.TrueForAll(failed, check => check.Name == CheckNames.RestoreTime))
        {
            return Verdict.Failed;
        }

        // It came back, if later than was promised.
        string[] asked = [CheckNames.Restore, CheckNames.Rows, CheckNames.Objects, CheckNames.State, CheckNames.Schema];
        return Array.TrueForAll(asked, name => result.Checks.Any(check => check.Name == name && check.Outcome == CheckOutcome.Passed))
            ? Verdict.Passed
            : null;
    }
}
