using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Tests.Backup;

/// <summary>Sends signals to other processes, by the names that all Unixes share.</summary>
internal static class Signals
{
    public static void Send(string name, params IEnumerable<int> processes)
    {
        using Process kill = Process.Start("kill", ["-" + name, .. processes.Select(id => id.ToString(CultureInfo.InvariantCulture))]);
        kill.WaitForExit();
    }
}
