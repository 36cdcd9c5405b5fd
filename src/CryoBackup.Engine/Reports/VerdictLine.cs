using CryoBackup.Runs;

namespace CryoBackup.Reports;

/// <summary>A verification in its first two lines: what failed, by name, and how the others ended.</summary>
internal static class VerdictLine
{
    /// <summary>The heading.</summary>
    /// <param name="run">A run of the verb Test that has ended.</param>
    /// <returns>The page's word for how it looks, and the line.</returns>
    public static (string Status, string Heading) Of(RunRecord run)
    {
        RunItem[] failed = [.. run.Items.Where(item => item is { State: RunState.Failure, IsInconclusive: false })];
        RunItem[] unclear = [.. run.Items.Where(item => item.IsInconclusive)];
        (string status, string word, RunItem[] bad) =
            failed.Length > 0 ? ("failed", "Failed", failed)
            : unclear.Length > 0 ? ("inconclusive", "Inconclusive", unclear)
            : ("passed", "Passed", []);
        string heading =
            run.Items is [var only] ? $"{word}: {only.Name}"
            : bad.Length == 0 ? $"Passed: all {run.Items.Count} backups are proven"
            : $"{word}: {PageFrame.Several([.. bad.Select(item => item.Name).Distinct(StringComparer.Ordinal)])} "
                + $"({bad.Length} of {run.Items.Count} backups)";
        return (status, heading);
    }

    /// <summary>The sentence below.</summary>
    /// <param name="run">The run.</param>
    /// <returns>Of one backup why; of several how many ended how; null where the heading says all.</returns>
    public static string? Below(RunRecord run)
    {
        if (run.Items is [var only])
        {
            return only.Verification?.Reason ?? only.Message;
        }

        int unclear = run.Items.Count(item => item.IsInconclusive);
        int failed = run.Items.Count(item => item.State == RunState.Failure) - unclear;
        int passed = run.Items.Count - failed - unclear;
        return passed == run.Items.Count
            ? null
            : string.Join(
                ", ",
                new[] { (failed, "failed"), (unclear, "inconclusive"), (passed, "passed") }
                    .Where(part => part.Item1 > 0)
                    .Select(part => $"{part.Item1} {part.Item2}")
            ) + ".";
    }
}
