using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Postgres.Scratch;

/// <summary>Finds and ends the programs that work in the folder of a throwaway server.</summary>
internal static class ScratchProcesses
{
    /// <summary>The server's process ID, if it runs and is really the server of this folder.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <returns>The ID; null if no such server runs.</returns>
    public static int? FindServer(string dataPath)
    {
        try
        {
            string? line = File.ReadLines(Path.Combine(dataPath, "postmaster.pid")).FirstOrDefault();
            return int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && IsServerOf(id, dataPath) ? id : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Ends the server of a folder and all its children at once, and waits for that.</summary>
    /// <param name="dataPath">The data directory.</param>
    public static void KillServer(string dataPath)
    {
        if (FindServer(dataPath) is not { } id)
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill(entireProcessTree: true);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }
        catch (Exception exception)
            when (exception is ArgumentException or InvalidOperationException or Win32Exception or AggregateException)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>Ends what else works in the data directory: an initdb or pg_ctl that outlived its caller would go on filling it.
    /// Linux only.</summary>
    /// <param name="dataPath">The data directory.</param>
    public static void KillPrograms(string dataPath)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        foreach (string entry in Directory.EnumerateDirectories("/proc"))
        {
            if (
                !int.TryParse(Path.GetFileName(entry), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                || id == Environment.ProcessId
            )
            {
                continue;
            }

            try
            {
                if (
                    File.ReadAllText(Path.Combine(entry, "comm")).TrimEnd() is "initdb" or "pg_ctl" or "postgres" or "sh"
                    && File.ReadAllText(Path.Combine(entry, "cmdline")).Contains(dataPath, StringComparison.Ordinal)
                )
                {
                    using var process = Process.GetProcessById(id);
                    process.Kill(entireProcessTree: true);
                    process.WaitForExit(TimeSpan.FromSeconds(10));
                }
            }
            catch (Exception exception)
                when (exception
                        is IOException
                            or UnauthorizedAccessException
                            or ArgumentException
                            or InvalidOperationException
                            or Win32Exception
                            or AggregateException
                )
            {
                // It ended meanwhile, or is not ours.
            }
        }
    }

    private static bool IsServerOf(int id, string dataPath)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                string[] arguments = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/cmdline").Split('\0');
                return arguments.Contains(dataPath, StringComparer.Ordinal);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }

        try
        {
            using var process = Process.GetProcessById(id);
            return process.ProcessName is "postgres" or "postmaster";
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return false;
        }
    }
}
