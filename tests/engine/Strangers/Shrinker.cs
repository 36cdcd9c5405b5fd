namespace CryoBackup.Tests.Strangers;

/// <summary>Makes a failing database small: takes statements away as long as it still fails.</summary>
internal static class Shrinker
{
    /// <summary>Removes ever smaller runs of statements.</summary>
    /// <param name="statements">What fails.</param>
    /// <param name="stillFails">Tries fewer.</param>
    /// <param name="limit">When to stop.</param>
    /// <returns>Fewer statements that still fail; with enough time, none of them can go.</returns>
    public static IReadOnlyList<string> Shrink(
        IReadOnlyList<string> statements,
        Func<IReadOnlyList<string>, bool> stillFails,
        DateTime limit
    )
    {
        List<string> left = [.. statements];
        for (int size = Math.Max(1, left.Count / 2); ; size = Math.Max(1, size / 2))
        {
            bool removed = false;
            for (int start = Math.Max(0, left.Count - size); DateTime.UtcNow < limit; start -= size)
            {
                start = Math.Max(0, start);
                List<string> fewer = [.. left.Take(start), .. left.Skip(start + size)];
                if (fewer.Count < left.Count && stillFails(fewer))
                {
                    left = fewer;
                    removed = true;
                }

                if (start == 0)
                {
                    break;
                }
            }

            if (DateTime.UtcNow >= limit || (size == 1 && !removed))
            {
                return left;
            }
        }
    }
}
