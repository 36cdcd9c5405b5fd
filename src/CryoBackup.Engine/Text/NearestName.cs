namespace CryoBackup.Text;

/// <summary>Which of the names that there are was meant.</summary>
internal static class NearestName
{
    /// <summary>The nearest name that shares at least half with what was written.</summary>
    /// <param name="written">What was written.</param>
    /// <param name="known">The names that there are.</param>
    /// <returns>The name; null if none is near.</returns>
    public static string? Find(string written, IEnumerable<string> known) =>
        known
            .Select(name => (Name: name, Distance: Distance(written, name)))
            .Where(candidate => candidate.Distance <= Math.Max(1, written.Length / 2) && candidate.Distance < candidate.Name.Length)
            .OrderBy(candidate => candidate.Distance)
            .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
            .Select(candidate => candidate.Name)
            .FirstOrDefault();

    /// <summary>The Levenshtein distance, upper and lower case taken as the same.</summary>
    public static int Distance(string left, string right)
    {
        left = left.ToUpperInvariant();
        right = right.ToUpperInvariant();
        int[] row = [.. Enumerable.Range(0, right.Length + 1)];
        for (int i = 1; i <= left.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int substitution = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitution, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
