using CryoBackup.Storage;

namespace CryoBackup.Verification;

/// <summary>
/// Leaves the verdict of a Test beside the backup, for whoever asks later whether it is proven. That it cannot be left there changes
/// nothing about the verdict.
/// </summary>
/// <param name="path">The backup's full path.</param>
/// <param name="observer">Learns that a verdict is not remembered.</param>
internal sealed class ProofMemory(string path, Action<EngineMessage> observer)
{
    // As it is before the Test: what is changed meanwhile is not what was proven.
    private readonly FileMark? _file = Look(path);

    /// <summary>Remembers a verdict. What tells nothing of the backup itself is passed over: that it took too long to come back, that this
    /// account may not read it, that no manifest describes it.</summary>
    /// <param name="result">What the Test concluded, its age left aside.</param>
    public void Take(VerificationResult result)
    {
        if (_file is null || VerdictOf(result) is not { } verdict || !File.Exists(path + BackupFileName.ManifestSuffix))
        {
            return;
        }

        try
        {
            ProofRecord.Remember(
                path,
                new ProofRecord.TestVerdict
                {
                    Level = result.Level,
                    Verdict = verdict,
                    Time = result.End,
                    Sha256 = result.Hash.ToLowerInvariant(),
                    SizeBytes = _file.Length,
                    Modified = _file.Modified,
                    Machine = Environment.MachineName,
                    Account = Environment.UserName,
                    ToolVersion = ToolVersion.Text,
                }
            );
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            string text = $"The verdict on '{path}' is not remembered: {exception.Message}";

            // To test where one may not write is no fault; that a bad backup still counts as proven there must be heard.
            observer(verdict == Verdict.Failed ? new WarningMessage(text) : new VerboseMessage(text));
        }
    }

    private static Verdict? VerdictOf(VerificationResult result)
    {
        if (result.Verdict != Verdict.Failed)
        {
            return result.Verdict;
        }

        CheckResult[] failed = [.. result.Checks.Where(check => check.Outcome == CheckOutcome.Failed)];
        if (Array.Exists(failed, check => check.ErrorId == CryoBackupError.PermissionDenied))
        {
            return null;
        }

        if (!Array.TrueForAll(failed, check => check.Name == CheckNames.RestoreTime))
        {
            return Verdict.Failed;
        }

        // It came back, if later than was promised.
        string[] asked = [CheckNames.Restore, CheckNames.Rows, CheckNames.Objects, CheckNames.State, CheckNames.Schema];
        return Array.TrueForAll(
            asked,
            name => Array.Exists(result.Checks, check => check.Name == name && check.Outcome == CheckOutcome.Passed)
        )
            ? Verdict.Passed
            : null;
    }

    private static FileMark? Look(string path)
    {
        try
        {
            return FileMark.Of(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
