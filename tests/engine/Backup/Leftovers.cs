namespace CryoBackup.Tests.Backup;

/// <summary>What a backup may leave behind on no account.</summary>
internal static class Leftovers
{
    /// <summary>The names of everything in a folder, hidden files too.</summary>
    public static string[] Files(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];

    /// <summary>Five seconds after a backup no process of it runs and no session of it is open.</summary>
    public static async Task AssertNoneAsync(PostgresServer server, string database)
    {
        for (int attempt = 0; ; attempt++)
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
                attempt < 50,
                $"After five seconds there are still processes [{string.Join(", ", processes)}] and sessions [{sessions}]."
            );
            await Task.Delay(100);
        }
    }
}
