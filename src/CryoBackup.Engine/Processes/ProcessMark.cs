using System.Diagnostics;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace CryoBackup.Processes;

/// <summary>What the name of a temporary folder says of the process that made it, from its first moment on: ID and machine.</summary>
internal static class ProcessMark
{
    // The clock by which a process's start is told is not quite that of the file system.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    private static readonly string Machine = XxHash32
        .HashToUInt32(Encoding.UTF8.GetBytes(ProcessIdentity.Current.Machine))
        .ToString("x8", CultureInfo.InvariantCulture);

    /// <summary>The mark of this process: its ID, and a short hash of the machine and of the namespace in which the ID counts.</summary>
    public static string Current { get; } = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}-{Machine}");

    /// <summary>True if the folder was made by a process of this machine that lives no more.</summary>
    /// <param name="folder">The folder's path.</param>
    /// <param name="prefix">What its name has before the mark.</param>
    public static bool IsOfDeadProcess(string folder, string prefix)
    {
        string[] parts = Path.GetFileName(folder)[prefix.Length..].Split('-');
        if (
            parts.Length < 3
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            || !string.Equals(parts[1], Machine, StringComparison.Ordinal)
        )
        {
            return false;
        }

        try
        {
            using var process = Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime() > Directory.GetCreationTimeUtc(folder) + Tolerance;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Exception exception)
            when (exception is InvalidOperationException or System.ComponentModel.Win32Exception or NotSupportedException)
        {
            return false;
        }
    }
}
