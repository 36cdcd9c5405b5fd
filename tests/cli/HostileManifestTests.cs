using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace CryoBackup.Cli.Tests;

/// <summary>Ten manifests that are out to break their reader, beside a backup that is really damaged: the alarm goes out,
/// and the exit code is the verdict's.</summary>
public sealed class HostileManifestTests : IDisposable
{
    private const string Zeros = "0000000000000000000000000000000000000000000000000000000000000000";
    private readonly string _folder = Directory.CreateTempSubdirectory("cryobackup-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>All of them have a right checksum of their own, but for those that are no JSON.</summary>
    private static IEnumerable<(string Name, byte[] Manifest)> Hostile()
    {
        yield return ("end-of-time", Manifest("end-of-time", timestamp: "9999-12-31T23:59:59.9999999Z", more: "\"duration_seconds\": 1e8"));
        yield return (
            "overflow-rows",
            Manifest(
                "overflow-rows",
                more: "\"tables\": ["
                    + string.Join(
                        ',',
                        Enumerable
                            .Range(0, 3000)
                            .Select(number =>
                                string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"{{\"schema\": \"s\", \"name\": \"t{number}\", \"rows\": 8796093022208, \"bytes\": "
                                        + $"9223372036854775807, \"fingerprint\": \"0\"}}"
                                )
                            )
                    )
                    + "]"
            )
        );
        yield return (
            "overflow-objects",
            Manifest("overflow-objects", more: "\"tables\": [], \"objects\": {\"TABLE\": 2147483647, \"VIEW\": 2147483647}")
        );
        yield return (
            "negative",
            Manifest(
                "negative",
                more: "\"uncompressed_bytes\": -9223372036854775808, \"globals\": {\"file\": \"x\", \"size_bytes\": -1, \"sha256\": \"\"}"
            )
        );
        yield return ("nan", Manifest("nan", more: "\"duration_seconds\": 1e999"));
        yield return ("deep", Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000)));
        yield return ("long-name", Manifest("long-name", database: new string('x', 50_000_000)));
        yield return ("keys-twice", Manifest("keys-twice", more: "\"host\": \"b\", \"host\": \"c\""));
        yield return (
            "wrong-types",
            Encoding.UTF8.GetBytes("""{"database": ["a"], "backup_file": {}, "size_bytes": "1", "port": 1.5, "tables": 7}""")
        );
        yield return ("mark-and-nul", [.. Encoding.UTF8.Preamble, .. Manifest("mark-and-nul", database: "a\\u0000\\u001b[2Jb")]);
        yield return (
            "nul",
            Manifest("nul", database: "a\\u0000\\u001b[2J\\u202eb", more: "\"warnings\": [null], \"client\": {\"arguments\": null}")
        );
        yield return ("no-bytes", []);
    }

    [Theory]
    [InlineData]
    [InlineData("--max-age", "26h")]
    [InlineData("--latest")]
    public void Silence_nothing(params string[] more)
    {
        string backups = Directory.CreateDirectory(Path.Combine(_folder, "backups")).FullName;
        foreach ((string name, byte[] manifest) in Hostile().Append(("damaged", Manifest("damaged", database: "app"))))
        {
            string path = Path.Combine(backups, $"{name}_20260131_120000_full.dump");
            File.WriteAllText(path, "PGDMP is not enough");
            File.WriteAllBytes(path + ".meta.json", manifest);
        }

        using var listener = new Alarm();
        string configuration = Path.Combine(_folder, "c.yaml");
        File.WriteAllText(
            configuration,
            $$"""
            notifications: {webhook: {url: "http://127.0.0.1:{{listener.Port}}/hook"} }
            metrics_file: {{Path.Combine(_folder, "cryobackup.prom")}}
            log_file: {{Path.Combine(_folder, "cryobackup.log")}}
            reports: {verification_dir: {{Path.Combine(_folder, "reports")}}, html: true}
            """
        );
        (int exitCode, string output, string errors) = Tool.Run(["test", backups, "--config", configuration, .. more]);

        Assert.Equal(3, exitCode);
        Assert.Contains("\"event\":\"failure\"", listener.Body(), StringComparison.Ordinal);
        Assert.Contains("verdict=\"failed\"} 1", File.ReadAllText(Path.Combine(_folder, "cryobackup.prom")), StringComparison.Ordinal);
        Assert.Contains("completed with failures", File.ReadAllText(Path.Combine(_folder, "cryobackup.log")), StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "reports")).Length);
        Assert.DoesNotContain("unexpected", errors, StringComparison.Ordinal);
        Assert.DoesNotContain(output + errors, character => character is '\u001b' or '\0' or '\u202e');
        Assert.InRange(output.Length + errors.Length, 1, 100_000);
    }

    [Fact]
    public void Leave_the_others_in_the_list()
    {
        foreach ((string name, byte[] manifest) in Hostile().Append(("good", Manifest("good", database: "app"))))
        {
            string path = Path.Combine(_folder, $"{name}_20260131_120000_full.dump");
            File.WriteAllText(path, "PGDMP");
            File.WriteAllBytes(path + ".meta.json", manifest);
        }

        (int exitCode, string output, string errors) = Tool.Run("list", _folder);
        Assert.Equal(0, exitCode);
        Assert.Contains("good_20260131_120000_full.dump", output, StringComparison.Ordinal);
        foreach (
            string name in new[]
            {
                "end-of-time",
                "negative",
                "nan",
                "deep",
                "long-name",
                "keys-twice",
                "wrong-types",
                "mark-and-nul",
                "nul",
                "no-bytes",
            }
        )
        {
            Assert.Contains(
                $"warning: The manifest '{Path.Combine(_folder, name)}_20260131_120000_full.dump.meta.json' cannot be relied on",
                errors,
                StringComparison.Ordinal
            );
        }
    }

    private static byte[] Manifest(
        string name,
        string database = "app",
        string timestamp = "2026-01-31T12:00:00Z",
        string more = "\"label\": \"x\""
    )
    {
        byte[] bytes = Encoding.UTF8.GetBytes(
            $$"""
            {"timestamp": "{{timestamp}}", "database": "{{database}}", "backup_type": "full", "backup_file": "{{name}}_20260131_120000_full.dump",
            "size_bytes": 19, "backup_tool_version": "0.1.0", "schema_version": 1, "sha256": "{{Zeros}}", {{more}},
            "manifest_sha256": "{{Zeros}}"}
            """
        );
        int at = bytes.AsSpan().LastIndexOf("\"manifest_sha256\": \""u8) + "\"manifest_sha256\": \"".Length;
        Encoding.ASCII.GetBytes(Convert.ToHexString(SHA256.HashData(bytes)).ToLowerInvariant()).CopyTo(bytes, at);
        return bytes;
    }

    /// <summary>Takes one post.</summary>
    private sealed class Alarm : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Task<string> _body;

        public Alarm()
        {
            _listener.Start();
            _body = Task.Run(() =>
            {
                using TcpClient client = _listener.AcceptTcpClient();
                using NetworkStream stream = client.GetStream();
                var text = new StringBuilder();
                byte[] buffer = new byte[1 << 16];
                int length = int.MaxValue;
                while (
                    text.ToString() is var so
                    && (
                        so.IndexOf("\r\n\r\n", StringComparison.Ordinal) is var head
                        && (head < 0 || so.Length < head + 4 + Length(so, ref length))
                    )
                )
                {
                    int read = stream.Read(buffer);
                    if (read == 0)
                    {
                        break;
                    }
                    text.Append(Encoding.Latin1.GetString(buffer, 0, read));
                }
                stream.Write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8);
                return text.ToString();
            });
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Body()
        {
            Assert.True(_body.Wait(TimeSpan.FromSeconds(30)), "No alarm came.");
            return _body.Result;
        }

        public void Dispose() => _listener.Stop();

        private static int Length(string head, ref int length)
        {
            const string key = "Content-Length: ";
            int at = head.IndexOf(key, StringComparison.OrdinalIgnoreCase);
            return length =
                at < 0
                    ? 0
                    : int.Parse(head.AsSpan(at + key.Length, head.IndexOf('\r', at) - at - key.Length), CultureInfo.InvariantCulture);
        }
    }
}
