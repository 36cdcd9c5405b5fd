using System.Diagnostics;

namespace CryoBackup.Tests.Backup;

/// <summary>What a backup may leave behind on no account.</summary>
internal static class Leftovers
{
    /// <summary>The names of everything in a folder, hidden files too.</summary>
    public static string[] Files(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <summary>
    /// The private folders in the temporary folder that hold a text. Others at work at the same time have folders there too, which come
    /// and go meanwhile.
    /// </summary>
    /// <param name="prefix">How their names begin.</param>
    /// <param name="text">What nobody else writes.</param>
    public static string[] PrivateFolders(string prefix, string text) =>
        [.. Directory.GetDirectories(Path.GetTempPath(), prefix + "*").Where(folder => Holds(folder, text))];

    private static bool Holds(string folder, string text)
    {
        try
        {
            // A pipe has no length, and reading it would wait for a writer.
            return new DirectoryInfo(folder)
                .EnumerateFiles("*", SearchOption.AllDirectories)
                .Any(file => file.Length > 0 && File.ReadAllText(file.FullName).Contains(text, StringComparison.Ordinal));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return false;
        }
    }

    /// <summary>Soon after a backup no process of it runs and no session of it is open; how soon is the machine's affair.</summary>
    /// <param name="server">The server.</param>
    /// <param name="database">The database; null for whichever.</param>
    public static async Task AssertNoneAsync(PostgresServer server, string? database = null)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            int[] processes = OperatingSystem.IsLinux() ? LinuxProcesses.ToolsOf(server, database) : [];
            string? sessions =
                server.Scalar(
                    "postgres",
                    "SELECT string_agg(pid || ' ' || state || ': ' || query, '; ') "
                        + "FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%'"
                ) as string;
            if (processes.Length == 0 && sessions is null)
            {
                return;
            }

            Assert.True(
                clock.Elapsed < TimeSpan.FromSeconds(30),
                $"After half a minute there are still processes [{string.Join(", ", processes)}] and sessions [{sessions}]."
            );
            await Task.Delay(100);
        }
    }
}
