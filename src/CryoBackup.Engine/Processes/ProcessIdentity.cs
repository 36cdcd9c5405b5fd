using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Processes;

/// <summary>A process that can be recognised later: its ID alone is used again by others.</summary>
/// <param name="Id">The process ID.</param>
/// <param name="Started">When it started, in a form that only this machine need understand.</param>
/// <param name="Machine">The machine, on Linux with the namespace in which the ID counts.</param>
internal sealed record ProcessIdentity(int Id, string Started, string Machine)
{
    /// <summary>This process.</summary>
    public static ProcessIdentity Current { get; } = new(Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", ThisMachine());

    /// <summary>A process of this machine; null if it does not live.</summary>
    /// <param name="id">Its ID.</param>
    public static ProcessIdentity? Of(int id) => StartOf(id) is { } started ? new(id, started, Current.Machine) : null;

    /// <summary>Which process has started another one, on Linux; null if that does not live.</summary>
    /// <param name="id">Its ID.</param>
    public static int? ParentOf(int id)
    {
        try
        {
            return int.Parse(Fields(id)[1], CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Reads what ToString wrote; null if it is something else.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        string[] lines = text.Split('\n', StringSplitOptions.TrimEntries);
        return lines.Length >= 3 && int.TryParse(lines[0], NumberStyles.None, CultureInfo.InvariantCulture, out int id)
            ? new ProcessIdentity(id, lines[1], lines[2])
            : null;
    }

    /// <summary>True if the process lives, false if it is dead, null if it belongs to another machine or container,
    /// where it cannot be looked at.</summary>
    public bool? IsAlive()
    {
        if (!string.Equals(Machine, Current.Machine, StringComparison.Ordinal))
        {
            return null;
        }

        return StartOf(Id) is { } started && string.Equals(started, Started, StringComparison.Ordinal);
    }

    /// <summary>Three lines: ID, start, machine.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Id}\n{Started}\n{Machine}\n");

    private static string? StartOf(int id)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // Ticks since this boot: unlike the wall clock's time they never shift.
                string[] fields = Fields(id);
                return fields[0] is "Z" or "X" ? null : File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() + " " + fields[19];
            }

            using var process = Process.GetProcessById(id);
            return process.StartTime.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
        }
        catch (Exception exception)
            when (exception
                    is IOException
                        or UnauthorizedAccessException
                        or ArgumentException
                        or InvalidOperationException
                        or Win32Exception
                        or NotSupportedException
            )
        {
            return null;
        }
    }

    /// <summary>What Linux tells of a process behind its name, from its state on.</summary>
    private static string[] Fields(int id)
    {
        string stat = File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat");

        // The name in parentheses may hold anything.
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static string ThisMachine() =>
        OperatingSystem.IsLinux() ? Environment.MachineName + " " + new FileInfo("/proc/self/ns/pid").LinkTarget : Environment.MachineName;
}
