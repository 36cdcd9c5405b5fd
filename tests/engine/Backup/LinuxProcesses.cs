using System.Globalization;
using System.Text;

namespace CryoBackup.Tests.Backup;

/// <summary>What Linux tells of running processes.</summary>
internal static class LinuxProcesses
{
    /// <summary>All running processes with their argument lists and environments, where they may be read.</summary>
    public static IEnumerable<(int Id, string Arguments, string Environment)> All()
    {
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id))
            {
                yield return (id, Read(folder, "cmdline"), Read(folder, "environ"));
            }
        }
    }

    /// <summary>The tools that run for a database of a server, or for any of them, by the environment that they were given. The machine may have others, of a
    /// second run of these tests.</summary>
    public static int[] ToolsOf(PostgresServer server, string? database) =>
        [
            .. All()
                .Where(process =>
                    (database is null || HasVariable(process.Environment, "PGDATABASE", database))
                    && HasVariable(process.Environment, "PGHOST", server.Connection.ComputerName!)
                    && process.Environment.Contains("PGAPPNAME=CryoBackup ", StringComparison.Ordinal)
                )
                .Select(process => process.Id),
        ];

    /// <summary>A process and all that it has started.</summary>
    public static int[] Tree(int root)
    {
        var tree = new List<int> { root };
        for (int i = 0; i < tree.Count; i++)
        {
            string parent = tree[i].ToString(CultureInfo.InvariantCulture);
            tree.AddRange(
                All()
                    .Select(process => process.Id)
                    .Where(id =>
                        Read($"/proc/{id}", "stat") is var stat
                        && stat.LastIndexOf(')') is var end and >= 0
                        && stat[(end + 2)..].Split(' ') is [_, var its, ..]
                        && its == parent
                    )
            );
        }

        return [.. tree];
    }

    private static bool HasVariable(string environment, string name, string value) =>
        ("\0" + environment).Contains($"\0{name}={value}\0", StringComparison.Ordinal);

    private static string Read(string folder, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(Path.Combine(folder, file)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
