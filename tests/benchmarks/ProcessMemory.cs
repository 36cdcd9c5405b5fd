using System.Globalization;

namespace CryoBackup.Benchmarks;

/// <summary>Memory of a tree of processes, from /proc. The proportional set size counts a page that several processes share once.</summary>
internal static class ProcessMemory
{
    /// <summary>The sum over all descendants of a process, without itself; what ends meanwhile counts nothing.</summary>
    public static long OfDescendants(int process) => Children(process).Sum(child => Proportional(child) + OfDescendants(child));

    private static IEnumerable<int> Children(int process)
    {
        try
        {
            // A child belongs to the thread that started it.
            return [.. Directory.GetDirectories($"/proc/{process}/task")
                .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Select(child => int.Parse(child, CultureInfo.InvariantCulture))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Proportional(int process)
    {
        try
        {
            string line = File.ReadLines($"/proc/{process}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
            return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return 0;
        }
    }
}
