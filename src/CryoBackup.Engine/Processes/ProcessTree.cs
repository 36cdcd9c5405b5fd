using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Processes;

/// <summary>
/// A program and all that it has started. .NET ends them by stopping each first, so that it starts no other meanwhile; one that is stopped
/// stays so for ever, with its session on a server, if this process dies in that moment. On Linux none is stopped here: whoever is started
/// in that very moment loses the one that it works for, and ends by that.
/// </summary>
internal static class ProcessTree
{
    /// <summary>Ends all of it at once. Some may be dying yet when this returns.</summary>
    /// <param name="root">The program.</param>
    /// <exception cref="InvalidOperationException">It has ended.</exception>
    /// <exception cref="Win32Exception">It cannot be ended.</exception>
    /// <exception cref="AggregateException">Something that it started cannot be ended.</exception>
    public static void Kill(Process root)
    {
        if (!OperatingSystem.IsLinux())
        {
            root.Kill(entireProcessTree: true);
            return;
        }

        ProcessIdentity[] started = [.. StartedBy(root.Id)];
        root.Kill();
        foreach (ProcessIdentity process in started)
        {
            Kill(process);
        }
    }

    private static void Kill(ProcessIdentity identity)
    {
        try
        {
            using var process = Process.GetProcessById(identity.Id);

            // Its number may be another's by now.
            if (identity.IsAlive() == true)
            {
                process.Kill();
            }
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended meanwhile.
        }
    }

    /// <summary>What a process has started, and what that has, those before their children.</summary>
    private static List<ProcessIdentity> StartedBy(int root)
    {
        ILookup<int, int> children = Directory
            .EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : 0)
            .Where(id => id > 0)
            .ToLookup(id => ProcessIdentity.ParentOf(id) ?? 0);
        var ids = new List<int> { root };
        for (int i = 0; i < ids.Count; i++)
        {
            ids.AddRange(children[ids[i]]);
        }

        return [.. ids.Skip(1).Select(ProcessIdentity.Of).OfType<ProcessIdentity>()];
    }
}
