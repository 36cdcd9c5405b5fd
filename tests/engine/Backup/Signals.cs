using System.Diagnostics;
using System.Globalization;

namespace CryoBackup.Tests.Backup;

/// <summary>Sends signals to other processes, by the names that all Unixes share and by the shell's own kill,
/// for not every system has the program.</summary>
internal static class Signals
{
    public static void Send(string name, params IEnumerable<int> processes)
    {
        string[] ids = [.. processes.Select(id => id.ToString(CultureInfo.InvariantCulture))];
        Assert.NotEmpty(ids);
        using var kill = Process.Start("/bin/sh", ["-c", $"kill -{name} {string.Join(' ', ids)}"]);
        kill.WaitForExit();
    }
}
