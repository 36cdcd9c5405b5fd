using System.Globalization;

namespace CryoBackup;

/// <summary>What several verifications found together: what failed is named first.</summary>
public static class VerificationSummary
{
    private static readonly Verdict[] ByGravity = [Verdict.Failed, Verdict.Inconclusive, Verdict.Passed];

    /// <summary>Puts what failed first, then what could not be decided; else the order stays.</summary>
    /// <param name="results">The results.</param>
    public static IReadOnlyList<VerificationResult> WorstFirst(IEnumerable<VerificationResult> results) =>
        [.. results.OrderBy(result => Array.IndexOf(ByGravity, result.Verdict))];

    /// <summary>What a result is about, without folders.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The file's name, or the database that a folder was asked for.</returns>
    public static string Subject(VerificationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string name = result.Path[(result.Path.LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..];
        return !result.IsOfFolder ? name
            : result.Database.Length > 0 ? $"{result.Database} in {name}"
            : name;
    }

    /// <summary>How deep a verification went.</summary>
    /// <param name="result">The result.</param>
    /// <returns>The level; for a sample with its share, such as <c>Hash 5%</c>.</returns>
    public static string Depth(VerificationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return result.Sample is { } percent ? string.Create(CultureInfo.InvariantCulture, $"{result.Level} {percent}%") : $"{result.Level}";
    }

    /// <summary>In lines: the numbers, then each that did not pass.</summary>
    /// <param name="results">The results.</param>
    /// <returns>For example <c>9 passed, 1 failed</c> and <c>Failed: app_20260131_010000_full.dump.gz</c>.</returns>
    public static IReadOnlyList<string> Lines(IReadOnlyCollection<VerificationResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        IEnumerable<string> numbers = Enum.GetValues<Verdict>()
            .Select(verdict => (Verdict: verdict, Count: results.Count(result => result.Verdict == verdict)))
            .Where(one => one.Count > 0)
            .Select(one => string.Create(CultureInfo.InvariantCulture, $"{one.Count} {one.Verdict.ToString().ToLowerInvariant()}"));
        return
        [
            string.Join(", ", numbers),
            .. WorstFirst(results).Where(result => !result.IsValid).Select(result => $"{result.Verdict}: {Subject(result)}"),
        ];
    }
}
