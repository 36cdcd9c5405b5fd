using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CryoBackup.Backup;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Notifications;

/// <summary>Secrets that the tool takes from its surroundings, a proxy's password, a password file, an identity,
/// are in nothing that it writes or says.</summary>
[Collection("postgres")]
[Trait("Runs", "Once")]
public sealed class ToolCanaryTests(PostgresServer server) : IDisposable
{
    private const string Password = "canary-Pr0xy+w/rd";

    // Like a test's, the tool's folder lies beside the build's.
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");

    // What holds a secret lies elsewhere than what must not.
    private readonly TemporaryFolder _secrets = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _secrets.Dispose();
        _folder.Dispose();
    }

    [PostgresTheory]
    [InlineData(407)]
    [InlineData(502)]
    [InlineData(403)]
    [InlineData(null)]
    public async Task AProxysPasswordIsNowhere(int? status)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        server.CreateDatabase("canary_proxy");
        string account = $"robot:{Uri.EscapeDataString(Password)}";
        string basic = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"robot:{Password}"));
        string echoes = string.Join(
            ' ',
            SecretsTests.Forms.SelectMany(form => new[] { form(Password), form($"robot:{Password}"), form(basic) })
        );
        await using var proxy = new WebServer
        {
            // Asked for once, the account is sent; then it is repeated in the status, a header and the text.
            Answer = (request, _) =>
                request.Headers.ContainsKey("Proxy-Authorization")
                    ? $"{status} no {request.Headers["Proxy-Authorization"]} http://{account}@proxy\r\nX-Echo: "
                        + $"{account}\r\nProxy-Authenticate: Basic realm=\"{account}\"\r\n\r\n{echoes}"
                    : "407 who are you\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\r\n",
        };
        int port = status is null ? ClosedPort() : new Uri(proxy.Url("/")).Port;
        string address = string.Create(CultureInfo.InvariantCulture, $"http://{account}@127.0.0.1:{port}");
        string config = _folder.Write(
            "cryobackup.yaml",
            $$"""
            database: {database: canary_proxy}
            local_backup_dir: {{_folder.Path}}/backups
            log_file: {{_folder.Path}}/run.log
            metrics_file: {{_folder.Path}}/run.prom
            reports: {html: true}
            notifications:
              slack: {webhook_url: "https://hooks.example.invalid/services/x", timeout: 8s}
              webhook: {url: "http://hook.example.invalid/x", timeout: 8s}
            """
        );
        Run(
            $"new --verbose --config {config}",
            new()
            {
                ["http_proxy"] = address,
                ["https_proxy"] = address,
                ["PGUSER"] = server.Connection.UserName,
            }
        );
        string told = File.ReadAllText(Path.Combine(_folder.Path, "err")) + File.ReadAllText(Path.Combine(_folder.Path, "out"));
        Assert.Contains("by slack failed: ", told, StringComparison.Ordinal);
        Assert.Contains("by webhook failed: ", told, StringComparison.Ordinal);
        foreach (Func<string, string> form in SecretsTests.Forms)
        {
            AssertNowhere(form(Password));
            AssertNowhere(form($"robot:{Password}"));
        }

        // The other way round the test could not fail: both channels sent it.
        if (status is not null)
        {
            Assert.Contains("By webhook came this answer: no Basic ***", told, StringComparison.Ordinal);
            Assert.Contains(
                proxy.Requests,
                request => request.Method == "CONNECT" && request.Headers.GetValueOrDefault("Proxy-Authorization") == basic
            );
            Assert.Contains(
                proxy.Requests,
                request => request.Method == "POST" && request.Headers.GetValueOrDefault("Proxy-Authorization") == basic
            );
        }
    }

    [PostgresFact]
    public void WhatAPasswordFileHoldsIsNowhere()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using var asking = ScratchCluster.Start(new ScratchClusterOptions { AsksPassword = true }, CancellationToken.None);
        string wrong = _secrets.Write("pgpass", $"*:*:*:*:{Password}\nbroken {Password}\n");
        File.SetUnixFileMode(wrong, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string config = _folder.Write(
            "cryobackup.yaml",
            $$"""
            databases: [postgres]
            local_backup_dir: {{_folder.Path}}/backups
            log_file: {{_folder.Path}}/run.log
            metrics_file: {{_folder.Path}}/run.prom
            """
        );
        var environment = new Dictionary<string, string?>
        {
            ["PGHOST"] = asking.Endpoint.Host,
            ["PGPORT"] = "5432",
            ["PGUSER"] = asking.Connection.UserName,
            ["PGPASSFILE"] = wrong,
        };
        Assert.NotEqual(0, Run($"new --verbose --config {config}", environment));
        Assert.Contains("password", File.ReadAllText(Path.Combine(_folder.Path, "err")), StringComparison.Ordinal);
        Assert.All(SecretsTests.Forms, form => AssertNowhere(form(Password)));
    }

    [ProgramTheory("age-keygen")]
    [InlineData("{0}")]
    [InlineData("# created\n{0}\nAGE-SECRET-KEY-1{1}\n")]
    [InlineData("{0}{1}\n")]
    [InlineData("AGE-SECRET-KEY-1{1}")]
    [InlineData("{1}")]
    public void AnIdentityIsNowhere(string text)
    {
        if (!OperatingSystem.IsLinux() || ServerPrograms.ReasonToSkip is not null)
        {
            return;
        }

        server.CreateDatabase("canary_identity");
        (_, string recipient) = KeyPairs.Make(_secrets, "age");
        (string other, _) = KeyPairs.Make(_secrets, "age");
        string secret = File.ReadLines(other).Last().Trim();
        string damaged = secret["AGE-SECRET-KEY-1".Length..^1];
        string identity = _secrets.Write("identity", string.Format(CultureInfo.InvariantCulture, text, secret, damaged));
        File.SetUnixFileMode(identity, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        string backup = BackupWriter
            .Run(
                Requests.Backup(server.Connection, "canary_identity", _folder.Path) with
                {
                    Recipients = [recipient],
                },
                static _ => { },
                CancellationToken.None
            )
            .Path;
        foreach (
            string command in new[]
            {
                $"test --level content {backup}",
                $"test --level restore {backup}",
                $"restore {backup} --target-database canary_identity_copy --create",
            }
        )
        {
            Assert.NotEqual(0, Run($"{command} --verbose --identity {identity}", []));
            Assert.Contains("identit", File.ReadAllText(Path.Combine(_folder.Path, "err")), StringComparison.Ordinal);

            // No piece of it either.
            for (int start = 0; start + 12 <= damaged.Length; start++)
            {
                AssertNowhere(damaged.Substring(start, 12));
            }
        }
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void AssertNowhere(string secret) =>
        Assert.All(
            Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories),
            path => Assert.DoesNotContain(secret, Encoding.Latin1.GetString(File.ReadAllBytes(path)), StringComparison.OrdinalIgnoreCase)
        );

    private int Run(string arguments, Dictionary<string, string?> environment)
    {
        environment.TryAdd("PGHOST", server.Connection.ComputerName);
        environment.TryAdd("PGPORT", server.Endpoint.Port.ToString(CultureInfo.InvariantCulture));
        environment.TryAdd("PGUSER", server.Connection.UserName);
        string line = $"exec {Tool} {arguments} >{_folder.Path}/out 2>{_folder.Path}/err";
        return ToolProcess.Run(new ToolCommand("/bin/sh", "-c", line) { Environment = environment }, CancellationToken.None).ExitCode;
    }
}
