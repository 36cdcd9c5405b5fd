using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Security;

/// <summary>PgBouncer before a throwaway server, on loopback, with the superuser's rights for whoever comes.</summary>
internal sealed class PgBouncer : IDisposable
{
    private const string Program = "/usr/sbin/pgbouncer";
    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;

    public PgBouncer(ConnectionRequest server, string mode)
    {
        Port = FreePort();
        string file = Path.Combine(_folder.Path, "pgbouncer.ini");
        File.WriteAllText(
            file,
            string.Create(
                CultureInfo.InvariantCulture,
                $"""
                [databases]
                * = host={server.ComputerName} port={server.Port} user={server.UserName}{(
                    server.Password is { Length: > 0 } password ? $" password={password}" : ""
                )}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {Port}
                unix_socket_dir =
                auth_type = any
                pool_mode = {mode}
                ignore_startup_parameters = options,extra_float_digits
                """
            )
        );
        var start = new ProcessStartInfo(Program) { RedirectStandardError = true, RedirectStandardOutput = true };
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            // It refuses root, as the server does; the file is read before it changes.
            start.ArgumentList.Add("--user=postgres");
            File.SetUnixFileMode(
                _folder.Path,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead
                    | UnixFileMode.OtherExecute
            );
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        }

        start.ArgumentList.Add(file);
        _process = Process.Start(start)!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        WaitUntilItListens();
    }

    public static bool IsThere => File.Exists(Program);

    public int Port { get; }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void WaitUntilItListens()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return;
            }
            catch (SocketException) when (!_process.HasExited && clock.Elapsed < TimeSpan.FromSeconds(30))
            {
                Thread.Sleep(50);
            }
        }
    }
}

/// <summary>A test with a PostgreSQL server and PgBouncer before it.</summary>
public sealed class PgBouncerFactAttribute : ServerFactAttribute
{
    public PgBouncerFactAttribute() => Skip = new PostgresFactAttribute().Skip ?? (PgBouncer.IsThere ? null : "Needs pgbouncer.");
}
