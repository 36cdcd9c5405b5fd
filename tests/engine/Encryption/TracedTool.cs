using System.Text.RegularExpressions;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Encryption;

/// <summary>
/// The tool, run under strace: what it and every program that it starts wrote to files, wherever these lie and however short they lived,
/// and with which arguments programs were started.
/// </summary>
internal sealed partial class TracedTool
{
    // Every call that puts bytes into a file from memory, and those that let the kernel do it, or a page that is mapped.
    private const string Calls =
        "trace=connect,execve,write,pwrite64,writev,pwritev,pwritev2,sendfile,copy_file_range,splice,mmap,io_uring_setup";
    private const string LongestData = "4194304";

    // Like a test's, the tool's folder lies beside the build's.
    internal static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");

    private readonly Dictionary<string, MemoryStream> _files = new(StringComparer.Ordinal);
    private readonly List<string> _unseen = [];
    private readonly List<string> _arguments = [];
    private readonly List<string> _connections = [];

    /// <summary>Why no run can be traced here; null if it can.</summary>
    public static string? ReasonToSkip { get; } = Try();

    /// <summary>The bytes that were written, by file, in the order of each thread's calls; neither pipes nor sockets nor devices.</summary>
    public IReadOnlyDictionary<string, byte[]> Files =>
        _files.ToDictionary(file => file.Key, file => file.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>Calls that bring bytes into a file unseen.</summary>
    public IReadOnlyList<string> Unseen => _unseen;

    /// <summary>The argument lists of all programs that were started.</summary>
    public IReadOnlyList<string> Arguments => _arguments;

    /// <summary>The calls that connect to somebody.</summary>
    public IReadOnlyList<string> Connections => _connections;

    /// <summary>Runs the tool; it must end with 0.</summary>
    /// <param name="server">The server whose environment it gets.</param>
    /// <param name="folder">The folder for the trace.</param>
    /// <param name="arguments">Its arguments.</param>
    public void Run(PostgresServer server, TemporaryFolder folder, params string[] arguments)
    {
        string traces = Directory.CreateDirectory(Path.Combine(folder.Path, $"trace-{Guid.NewGuid():N}")).FullName;
        var command = new ToolCommand(
            "strace",
            [
                "-ff",
                "--seccomp-bpf",
                "-qq",
                "-y",
                "-xx",
                "-s",
                LongestData,
                "-e",
                Calls,
                "-o",
                Path.Combine(traces, "t"),
                "--",
                Tool,
                .. arguments,
            ]
        )
        {
            Environment = new Dictionary<string, string?>
            {
                ["PGHOST"] = server.Connection.ComputerName,
                ["PGPORT"] = server.Endpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
                ["PGUSER"] = server.Connection.UserName,
                ["PGPASSWORD"] = server.Connection.Password,
            },
        };
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(command, CancellationToken.None);
        Assert.True(
            exitCode == 0,
            $"cryobackup {string.Join(' ', arguments)} ended with {exitCode}:\n{output}\n{string.Join('\n', errors)}"
        );
        foreach (string line in Directory.GetFiles(traces).SelectMany(File.ReadLines))
        {
            Take(line);
        }

        Directory.Delete(traces, recursive: true);
    }

    private static string? Try()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Needs Linux.";
        }

        try
        {
            (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
                new ToolCommand("strace", "-ff", "--seccomp-bpf", "-qq", "-y", "-o", "/dev/null", "true"),
                CancellationToken.None
            );
            return exitCode == 0 ? null : $"NOT TESTED: strace does not work here: {string.Join(' ', errors)}";
        }
        catch (CryoBackupException)
        {
            return "NOT TESTED: strace is not installed here, which sees every write.";
        }
    }

    /// <summary>One call, such as write(5&lt;/tmp/x&gt;, "\x50\x47", 2) = 2.</summary>
    private void Take(string line)
    {
        if (line.StartsWith("execve(", StringComparison.Ordinal))
        {
            _arguments.Add(string.Join(' ', Text().Matches(line).Select(match => System.Text.Encoding.UTF8.GetString(Bytes(match)))));
            return;
        }

        Match call = Call().Match(line);
        if (!call.Success)
        {
            return;
        }

        string name = call.Groups["name"].Value;
        if (name == "connect")
        {
            _connections.Add(line);
            return;
        }

        string[] files = [.. OpenFile().Matches(line).Select(match => Decode(match.Groups["path"].Value)).Where(IsOnDisk)];
        if (name is "write" or "pwrite64" or "writev" or "pwritev" or "pwritev2")
        {
            if (files is [var file, ..])
            {
                Assert.DoesNotContain("\"...", line, StringComparison.Ordinal);
                MemoryStream content = _files.TryGetValue(file, out MemoryStream? known) ? known : _files[file] = new MemoryStream();
                foreach (Match text in Text().Matches(line))
                {
                    content.Write(Bytes(text));
                }
            }
        }
        else if (
            name is not "mmap"
                ? files.Length > 0 || name == "io_uring_setup"
                : files.Length > 0
                    && line.Contains("PROT_WRITE", StringComparison.Ordinal)
                    && line.Contains("MAP_SHARED", StringComparison.Ordinal)
        )
        {
            _unseen.Add(line);
        }
    }

    private static byte[] Bytes(Match text) =>
        Convert.FromHexString(text.Groups["bytes"].Value.Replace("\\x", "", StringComparison.Ordinal));

    private static string Decode(string path) =>
        path.Contains("\\x", StringComparison.Ordinal)
            ? System.Text.Encoding.UTF8.GetString(Convert.FromHexString(path.Replace("\\x", "", StringComparison.Ordinal)))
            : path;

    private static bool IsOnDisk(string path) =>
        path.StartsWith('/')
        && !path.StartsWith("/dev/", StringComparison.Ordinal)
        && !path.StartsWith("/proc/", StringComparison.Ordinal)
        && !path.StartsWith("/memfd:", StringComparison.Ordinal);

    [GeneratedRegex(@"^(?<name>\w+)\(")]
    private static partial Regex Call();

    [GeneratedRegex(@"\d+<(?<path>[^>]*)>")]
    private static partial Regex OpenFile();

    [GeneratedRegex("\"(?<bytes>(?:\\\\x[0-9a-f]{2})*)\"")]
    private static partial Regex Text();
}
