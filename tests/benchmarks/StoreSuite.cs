using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace CryoBackup.Benchmarks;

/// <summary>
/// Backups that are made straight in a store of objects, beside those that are made on the disk and brought there by rclone. The server is
/// npm's s3rver, on this machine, behind a line of 100 MB a second; node, npm and rclone must be there.
/// </summary>
internal sealed class StoreSuite : IDisposable
{
    private const string Bucket = "bench";
    private const string Source = SampleData.Database;
    private static readonly LinkQuality s_line = new(100e6, TimeSpan.Zero, IsShared: true);

    private readonly string _tool;
    private readonly string _folder;
    private readonly string _data;
    private readonly Process _server;
    private readonly Link _link;

    /// <summary>Starts the server.</summary>
    /// <param name="tool">The cryobackup program, built for release.</param>
    /// <param name="folder">Where files are written.</param>
    public StoreSuite(string tool, string folder)
    {
        _tool = tool;
        _folder = folder;
        _data = $"{folder}/store";
        Directory.CreateDirectory(_data);
        // As the tests install it.
        Shell.Do(
            "mkdir -p output/stores; cp tests/stores/package.json output/stores; cd output/stores; "
                + "test -e installed || (npm install --no-audit --no-fund --ignore-scripts --silent && touch installed)"
        );
        int port = FreePort();
        _server = Process.Start(
            "node",
            [
                "output/stores/node_modules/s3rver/bin/s3rver.js",
                "--address",
                "127.0.0.1",
                "--port",
                port.ToString(CultureInfo.InvariantCulture),
                "--directory",
                _data,
                "--configure-bucket",
                Bucket,
                "--silent",
            ]
        );
        _link = new Link(new IPEndPoint(IPAddress.Loopback, port), s_line);
        foreach ((string name, string? value) in Variables($"http://127.0.0.1:{_link.Port}"))
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        try
        {
            Shell.Do("for i in {1..50}; do rclone lsd store: 2>/dev/null && exit; sleep 0.1; done; rclone lsd store:");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Each compression has its own four: to the disk, over the line alone, straight to the store, and both in turn.</summary>
    public Contender[] Contenders() => [.. Of("gzip"), .. Of("none")];

    public void Dispose()
    {
        _link.Dispose();
        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
    }

    private Contender[] Of(string compression)
    {
        string make = $"{_tool} new {Source} --compression {compression} --path";
        string both = $"new on the disk, rclone copy ({compression})";
        string empty = $"rm -rf {_data}/{Bucket}/*";
        string local = $"{_folder}/local-{compression}";
        return
        [
            new($"new on the disk ({compression})", $"{make} {local} > /dev/null", both, $"rm -rf {local}", Output: $"{local}/{Source}_*"),
            new(
                $"rclone copy of it ({compression})",
                $"rclone copy {local} store:{Bucket}",
                both,
                $"{empty}; test -e {local} || {make} {local}"
            ),
            new(both, $"{make} {local} > /dev/null; rclone copy {local} store:{Bucket}", null, $"{empty}; rm -rf {local}"),
            new($"new in the store ({compression})", $"{make} s3://{Bucket} > /dev/null", both, empty),
        ];
    }

    private static (string Name, string? Value)[] Variables(string address) =>
        [
            // A bundle of this machine's, which rclone cannot take, is of no use here.
            ("AWS_CA_BUNDLE", null),
            ("AWS_ENDPOINT_URL_S3", address),
            ("AWS_ACCESS_KEY_ID", "S3RVER"),
            ("AWS_SECRET_ACCESS_KEY", "S3RVER"),
            ("RCLONE_LOG_LEVEL", "ERROR"),
            ("RCLONE_CONFIG_STORE_TYPE", "s3"),
            ("RCLONE_CONFIG_STORE_PROVIDER", "Other"),
            ("RCLONE_CONFIG_STORE_ENDPOINT", address),
            ("RCLONE_CONFIG_STORE_ACCESS_KEY_ID", "S3RVER"),
            ("RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY", "S3RVER"),
            ("RCLONE_CONFIG_STORE_FORCE_PATH_STYLE", "true"),
        ];

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
