using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using CryoBackup.Processes;

namespace CryoBackup.Postgres.Scratch;

/// <summary>Finds and ends the programs that work in the folder of a throwaway server.</summary>
internal static class ScratchProcesses
{
    /// <summary>The server's process ID, if it runs and is really the server of this folder.</summary>
    /// <param name="dataPath">The data directory.</param>
    /// <returns>The ID; null if no such server runs.</returns>
    public static int? FindServer(string dataPath) =>
        PostmasterFile.Read(dataPath) is { } file && IsServerOf(file, dataPath) ? file.Id : null;

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
            ProcessTree.Kill(process);
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
                    ProcessTree.Kill(process);
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

    private static bool IsServerOf(PostmasterFile file, string dataPath)
    {
        if (!OperatingSystem.IsLinux())
        {
            return IsServerByStart(file, dataPath);
        }

        try
        {
            string[] arguments = File.ReadAllText($"/proc/{file.Id.ToString(CultureInfo.InvariantCulture)}/cmdline").Split('\0');
            return arguments.Contains(dataPath, StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether the process is the one that wrote the file, where the system tells nobody a process's arguments.</summary>
    /// <param name="file">What postmaster.pid holds.</param>
    /// <param name="dataPath">The data directory in which it lies.</param>
    internal static bool IsServerByStart(PostmasterFile file, string dataPath)
    {
        if (!file.IsOf(dataPath))
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(file.Id);
            return process.ProcessName is "postgres" or "postmaster" && file.IsStartOf(process.StartTime.ToUniversalTime());
        }
        catch (Exception exception)
            when (exception is ArgumentException or InvalidOperationException or Win32Exception or NotSupportedException)
        {
            return false;
        }
    }
}
