using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace CryoBackup.Tests.Stores;

/// <summary>
/// A real server of object storage on loopback, from npm's packages: installed once into output/stores (tests/stores/package.json), started
/// by a test and ended with it.
/// </summary>
internal sealed class StoreServer : IDisposable
{
    private static readonly Lazy<string?> Modules = new(Install);
    private readonly Process _process;
    private readonly TemporaryFolder _folder = new();

    private StoreServer(string script, Func<int, string, string[]> arguments)
    {
        // A port that was free a moment ago may be another's by now: then the server ends, and the next port is tried.
        for (int attempt = 1; ; attempt++)
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            _process = Start(script, arguments(Port, _folder.Path));
            if (SpinWait.SpinUntil(() => IsListening() || _process.HasExited, TimeSpan.FromMinutes(1)) && !_process.HasExited)
            {
                return;
            }

            Assert.True(attempt < 3, $"{script} does not listen.");
            End();
        }
    }

    /// <summary>Why these servers cannot be run here; null if they can.</summary>
    public static string? WhyNot => Modules.Value is null ? "needs node and npm, and npm's packages azurite and s3rver" : null;

    public int Port { get; }

    /// <summary>Azure Blob Storage, with the account devstoreaccount1.</summary>
    public static StoreServer Azurite() =>
        new(
            "azurite/dist/src/blob/main.js",
            (port, folder) =>
                [
                    "--blobHost",
                    "127.0.0.1",
                    "--blobPort",
                    $"{port}",
                    "--location",
                    folder,
                    "--silent",
                    "--skipApiVersionCheck",
                    "--disableTelemetry",
                ]
        );

    /// <summary>S3, with a bucket and the keys S3RVER and S3RVER.</summary>
    public static StoreServer S3rver(string bucket) =>
        new(
            "s3rver/bin/s3rver.js",
            (port, folder) =>
                ["--address", "127.0.0.1", "--port", $"{port}", "--directory", folder, "--configure-bucket", bucket, "--silent"]
        );

    public void Dispose()
    {
        End();
        _folder.Dispose();
    }

    private static Process Start(string script, string[] arguments)
    {
        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Modules.Value!, script));
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void End()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private bool IsListening()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static string? Install()
    {
        try
        {
            string root = Root();
            string folder = Path.Combine(root, "output", "stores");
            string modules = Path.Combine(folder, "node_modules");
            if (!File.Exists(Path.Combine(folder, "installed")))
            {
                Directory.CreateDirectory(folder);
                File.Copy(Path.Combine(root, "tests", "stores", "package.json"), Path.Combine(folder, "package.json"), overwrite: true);
                var start = new ProcessStartInfo("npm") { WorkingDirectory = folder };
                foreach (string argument in new[] { "install", "--no-audit", "--no-fund", "--ignore-scripts", "--silent" })
                {
                    start.ArgumentList.Add(argument);
                }

                using Process npm = Process.Start(start)!;
                npm.WaitForExit();
                if (npm.ExitCode != 0)
                {
                    return null;
                }

                File.WriteAllText(Path.Combine(folder, "installed"), "");
            }

            return modules;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or IOException)
        {
            return null;
        }
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "CryoBackup.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new DirectoryNotFoundException();
    }
}

/// <summary>A test that needs real servers of object storage.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StoreServerFactAttribute : FactAttribute
{
    public StoreServerFactAttribute() => Skip = StoreServer.WhyNot;
}
