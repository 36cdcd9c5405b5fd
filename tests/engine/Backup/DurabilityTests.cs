using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Backup;

/// <summary>A file has its name only once it is on the disk, and its name is on the disk before the next gets its own:
/// seen in the tool's own calls.</summary>
[Collection("postgres")]
public sealed class DurabilityTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TracedFact]
    public void FileIsForcedToDiskBeforeItsNameAndTheFolderAfterIt()
    {
        server.CreateDatabase("durable");
        string backups = Directory.CreateDirectory(Path.Combine(_folder.Path, "backups")).FullName;
        string trace = Path.Combine(_folder.Path, "trace");
        var command = new ToolCommand(
            "strace",
            [
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-y",
                "-s",
                "4096",
                "-e",
                "trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat",
                "-o",
                trace,
                "--",
                TracedTool.Tool,
                "new",
                "durable",
                "--path",
                backups,
            ]
        )
        {
            Environment = new Dictionary<string, string?>
            {
                ["PGHOST"] = server.Connection.ComputerName,
                ["PGPORT"] = server.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = server.Connection.UserName,
                ["PGPASSWORD"] = server.Connection.Password,
            },
        };
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(command, CancellationToken.None);
        Assert.True(exitCode == 0, $"{output}\n{string.Join('\n', errors)}");

        string[] calls = [.. File.ReadLines(trace).Where(line => line.Contains(backups, StringComparison.Ordinal))];
        string backup = Assert.Single(Directory.GetFiles(backups, "*.dump.gz"));
        int last = -1;
        foreach (string file in new[] { backup, backup + BackupFileName.ManifestSuffix })
        {
            int synced = Array.FindIndex(
                calls,
                call =>
                    call.Contains("sync(", StringComparison.Ordinal)
                    && call.Contains($"<{file}{BackupFileName.PartialSuffix}", StringComparison.Ordinal)
            );
            int named = Array.FindIndex(
                calls,
                last + 1,
                call => !call.Contains("sync(", StringComparison.Ordinal) && call.Contains($"\"{file}\"", StringComparison.Ordinal)
            );
            int entered = Array.FindIndex(
                calls,
                Math.Max(0, named),
                call => call.Contains("sync(", StringComparison.Ordinal) && call.Contains($"<{backups}>", StringComparison.Ordinal)
            );
            Assert.True(
                synced >= 0 && Math.Max(last, synced) < named && named < entered,
                $"{file}: {synced}, {named}, {entered}\n{string.Join('\n', calls)}"
            );
            last = entered;
        }
    }
}
