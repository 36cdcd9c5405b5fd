using System.Globalization;

namespace CryoBackup.Benchmarks;

/// <summary>Memory of a tree of processes, from /proc: the resident set size,
/// which the kernel knows without walking through pages and holding up who is measured.</summary>
internal static class ProcessMemory
{
    /// <summary>The sum over all descendants of a process, without itself; what ends meanwhile counts nothing.</summary>
    public static long OfDescendants(int process) => Children(process).Sum(child => Resident(child) + OfDescendants(child));

    private static IEnumerable<int> Children(int process)
    {
        try
        {
            // A child belongs to the thread that started it.
            return
            [
                .. Directory
                    .GetDirectories($"/proc/{process}/task")
                    .SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(child => int.Parse(child, CultureInfo.InvariantCulture)),
            ];
        }
        catch (IOException)
        {
            return [];
        }
    }

    private static long Resident(int process)
    {
        try
        {
            // Pages: of the whole, and of it in memory.
            return Environment.SystemPageSize
                * long.Parse(File.ReadAllText($"/proc/{process}/statm").Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return 0;
        }
    }
}
