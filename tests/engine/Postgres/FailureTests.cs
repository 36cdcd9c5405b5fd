using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

/// <summary>The same failure, met by pg_dump and by Npgsql on a real server, must have the same name.</summary>
[Collection("postgres")]
public sealed class FailureTests(PostgresServer server)
{
    [PostgresFact]
    public void LockTimeout()
    {
        ServerEndpoint endpoint = server.CreateDatabase("failure");
        server.Execute("failure", "CREATE TABLE \"Locked\" (id int)");
        using NpgsqlConnection holder = server.Open("failure");
        using NpgsqlTransaction transaction = holder.BeginTransaction();
        using (var take = new NpgsqlCommand("LOCK TABLE \"Locked\" IN ACCESS EXCLUSIVE MODE", holder, transaction))
        {
            take.ExecuteNonQuery();
        }

        CryoBackupException dump = Dump(endpoint, "--lock-wait-timeout=100");
        Assert.Equal(CryoBackupError.LockTimeout, dump.Error);
        Assert.Equal("public.\"Locked\"", dump.Target);
        Assert.Equal(
            CryoBackupError.LockTimeout,
            Sql(endpoint, "BEGIN; SET lock_timeout = 100; LOCK TABLE \"Locked\" IN ACCESS SHARE MODE").Error
        );
    }

    [PostgresFact]
    public void PermissionDenied()
    {
        ServerEndpoint endpoint = AsRole("failure_reader", "CREATE TABLE secret_table (id int)");
        CryoBackupException dump = Dump(endpoint);
        Assert.Equal(CryoBackupError.PermissionDenied, dump.Error);
        Assert.Equal("table secret_table", dump.Target);
        Assert.Contains("failure_reader", dump.Remedy, StringComparison.Ordinal);
        Assert.Equal(CryoBackupError.PermissionDenied, Sql(endpoint, "SELECT * FROM secret_table").Error);
    }

    [PostgresFact]
    public void RowSecurityActive()
    {
        ServerEndpoint endpoint = AsRole(
            "failure_tenant",
            "CREATE TABLE tenants (id int); ALTER TABLE tenants ENABLE ROW LEVEL SECURITY; "
                + "CREATE POLICY own ON tenants USING (id = 1); GRANT SELECT ON tenants TO failure_tenant"
        );
        CryoBackupException dump = Dump(endpoint);
        Assert.Equal(CryoBackupError.RowSecurityActive, dump.Error);
        Assert.Contains("tenants", dump.Target, StringComparison.Ordinal);
        Assert.Equal(CryoBackupError.RowSecurityActive, Sql(endpoint, "SET row_security = off; SELECT * FROM tenants").Error);
    }

    [PostgresFact]
    public void DatabaseNotFound()
    {
        ServerEndpoint endpoint = server.Endpoint.WithDatabase("no such \"database\"");
        CryoBackupException dump = Dump(endpoint);
        Assert.Equal(CryoBackupError.DatabaseNotFound, dump.Error);
        Assert.Equal("no such \"database\"", dump.Target);
        Assert.Equal(CryoBackupError.DatabaseNotFound, Sql(endpoint, "SELECT 1").Error);
    }

    [PostgresFact]
    public void DatabaseExists()
    {
        server.CreateDatabase("failure");
        Assert.Equal(CryoBackupError.DatabaseExists, Sql(server.Endpoint, "CREATE DATABASE failure").Error);
    }

    [PostgresFact]
    public void AuthenticationFailed()
    {
        server.Execute(
            "postgres",
            "SET password_encryption = 'scram-sha-256'; DROP ROLE IF EXISTS failure_scram; "
                + "CREATE ROLE failure_scram LOGIN PASSWORD 'p:a\\s''s wörd'"
        );
        string rules = Path.Combine((string)server.Scalar("postgres", "SELECT current_setting('data_directory')")!, "pg_hba.conf");
        string before = File.ReadAllText(rules);
        try
        {
            File.WriteAllText(rules, "local all failure_scram scram-sha-256\nhost all failure_scram all scram-sha-256\n" + before);
            server.Execute("postgres", "SELECT pg_reload_conf()");
            ServerEndpoint rightly = As("failure_scram", "p:a\\s's wörd");
            Assert.True(
                SpinWait.SpinUntil(() => Fails(As("failure_scram", null)), TimeSpan.FromSeconds(30)),
                "The server did not read its rules again."
            );

            foreach (
                ServerEndpoint wrongly in (ServerEndpoint[])
                    [As("failure_scram", "canary-of-a-password"), As("failure_scram", null), As("failure_nobody", null)]
            )
            {
                CryoBackupException dump = Dump(wrongly);
                Assert.Equal(CryoBackupError.AuthenticationFailed, dump.Error);
                Assert.DoesNotContain("canary", dump.ToString() + string.Join('\n', dump.StandardError), StringComparison.Ordinal);
                CryoBackupException sql = Sql(wrongly, "SELECT 1");
                Assert.Equal(CryoBackupError.AuthenticationFailed, sql.Error);
                Assert.DoesNotContain("canary", sql.ToString(), StringComparison.Ordinal);
            }

            // And the right password, with all that a password file must escape, opens both.
            using var connection = new NpgsqlConnection(rightly.ToNpgsql("test").ConnectionString);
            connection.Open();
            using var environment = new LibpqEnvironment(rightly, "test");
            Assert.Equal(0, RunDump(environment, ["--schema-only"]).ExitCode);
        }
        finally
        {
            File.WriteAllText(rules, before);
            server.Execute("postgres", "SELECT pg_reload_conf()");
        }
    }

    [PostgresFact]
    public void ConnectionRefused()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var endpoint = ServerEndpoint.Resolve(
            new ConnectionRequest
            {
                ComputerName = "127.0.0.1",
                Port = port,
                UserName = "alice",
            },
            "app",
            _ => { },
            Unset
        );
        foreach (CryoBackupException e in (CryoBackupException[])[Dump(endpoint), Sql(endpoint, "SELECT 1")])
        {
            Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), e.Message, StringComparison.Ordinal);
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), e.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void HostIsUnknownAndItIsSaidOnce()
    {
        var endpoint = ServerEndpoint.Resolve(
            new ConnectionRequest { ComputerName = "nosuch.invalid", UserName = "alice" },
            "app",
            _ => { },
            Unset
        );
        CryoBackupException e = Sql(endpoint, "SELECT 1");
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        string reason = e.Message[(e.Message.LastIndexOf("': ", StringComparison.Ordinal) + 3)..];
        Assert.DoesNotContain(": ", reason, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void NoSocketInTheFolder()
    {
        var endpoint = ServerEndpoint.Resolve(
            new ConnectionRequest { ComputerName = Path.GetTempPath() + "none", UserName = "alice" },
            "app",
            _ => { },
            Unset
        );
        Assert.Equal(CryoBackupError.ConnectionFailed, Dump(endpoint).Error);
        Assert.Equal(CryoBackupError.ConnectionFailed, Sql(endpoint, "SELECT 1").Error);
    }

    [PostgresFact]
    public void ConnectionTerminated()
    {
        ServerEndpoint endpoint = server.CreateDatabase("failure");
        server.Execute("failure", "CREATE TABLE t (id int)");
        using NpgsqlConnection holder = server.Open("failure");
        using NpgsqlTransaction transaction = holder.BeginTransaction();
        using (var take = new NpgsqlCommand("LOCK TABLE t IN ACCESS EXCLUSIVE MODE", holder, transaction))
        {
            take.ExecuteNonQuery();
        }

        // It waits for the lock, so that it is certainly there to be ended.
        using var environment = new LibpqEnvironment(endpoint, "CryoBackup to be ended");
        Task<(int ExitCode, IReadOnlyList<string> Errors)> dumping = Task.Run(() => RunDump(environment, []));
        const string End =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'CryoBackup to be ended' AND "
            + "wait_event_type = 'Lock'";
        Assert.True(SpinWait.SpinUntil(() => (long)server.Scalar("postgres", End)! > 0 || dumping.IsCompleted, TimeSpan.FromSeconds(60)));
        (int exitCode, IReadOnlyList<string> errors) = dumping.Result;
        Assert.NotEqual(0, exitCode);
        Assert.Equal(
            CryoBackupError.ConnectionFailed,
            DumpDiagnostics.Explain("pg_dump", exitCode, errors, CryoBackupError.DumpFailed, endpoint).Error
        );

        Assert.Equal(CryoBackupError.ConnectionFailed, Sql(endpoint, "SELECT pg_terminate_backend(pg_backend_pid())").Error);
    }

    [PostgresFact]
    public void AnythingElseKeepsTheVerbsOwnName()
    {
        CryoBackupException e = Sql(server.Endpoint, "SELECT 1/0", CryoBackupError.RestoreFailed);
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("22012", e.Message, StringComparison.Ordinal);
        Assert.Equal(CryoBackupError.DumpFailed, Dump(server.Endpoint, "--table=nosuch").Error);
    }

    [Fact]
    public void OwnFailuresPassAndCancellationIsNamed()
    {
        var endpoint = ServerEndpoint.Resolve(
            new ConnectionRequest { ComputerName = "db.example", UserName = "alice" },
            "app",
            _ => { },
            Unset
        );
        var own = new CryoBackupException(CryoBackupError.DiskFull, "full");
        Assert.Same(own, NpgsqlErrors.Translate(own, endpoint));
        Assert.Equal(CryoBackupError.Cancelled, NpgsqlErrors.Translate(new OperationCanceledException(), endpoint).Error);
        Assert.Equal(
            CryoBackupError.ConnectionFailed,
            NpgsqlErrors.Translate(new SocketException((int)SocketError.HostNotFound), endpoint).Error
        );
    }

    private static PostgresEnvironment Unset { get; } = new(name => name == "PGPASSFILE" ? PgPassFile.None : null);

    private static CryoBackupException Dump(ServerEndpoint endpoint, params string[] arguments)
    {
        using var environment = new LibpqEnvironment(endpoint, "test");
        (int exitCode, IReadOnlyList<string> errors) = RunDump(environment, arguments);
        Assert.NotEqual(0, exitCode);
        CryoBackupException e = DumpDiagnostics.Explain("pg_dump", exitCode, errors, CryoBackupError.DumpFailed, endpoint);
        Assert.StartsWith("pg_dump failed with exit code 1 on database '" + endpoint.Database, e.Message, StringComparison.Ordinal);
        Assert.Equal(errors, e.StandardError);
        return e;
    }

    private static (int ExitCode, IReadOnlyList<string> Errors) RunDump(LibpqEnvironment environment, string[] arguments)
    {
        ClientTool tool = ClientTools.Find("pg_dump", 0, CancellationToken.None);
        (int exitCode, string _, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(tool.Path, ["-w", "-Fc", "-Z0", .. arguments]) { Environment = environment.Variables },
            CancellationToken.None
        );
        return (exitCode, errors);
    }

    private static CryoBackupException Sql(ServerEndpoint endpoint, string sql, CryoBackupError fallback = CryoBackupError.DumpFailed)
    {
        using var connection = new NpgsqlConnection(endpoint.ToNpgsql("test").ConnectionString);
        Exception thrown = Assert.ThrowsAny<Exception>(() =>
        {
            connection.Open();
            using var command = new NpgsqlCommand(sql, connection);
            command.ExecuteNonQuery();
        });
        return NpgsqlErrors.Translate(thrown, endpoint, fallback);
    }

    private static bool Fails(ServerEndpoint endpoint)
    {
        using var connection = new NpgsqlConnection(endpoint.ToNpgsql("test").ConnectionString);
        try
        {
            connection.Open();
            return false;
        }
        catch (NpgsqlException)
        {
            return true;
        }
    }

    private ServerEndpoint As(string role, string? password)
    {
        ConnectionRequest connection = server.Connection with { UserName = role, Password = password };
        return ServerEndpoint.Resolve(connection, "postgres", _ => { }, Unset);
    }

    private ServerEndpoint AsRole(string role, string sql)
    {
        server.CreateDatabase("failure");
        server.Execute(
            "postgres",
            $"DROP ROLE IF EXISTS {role}; CREATE ROLE {role} LOGIN"
                + (server.Connection.Password is { } password ? $" PASSWORD '{password}'" : "")
        );
        server.Execute("failure", sql);
        return As(role, server.Connection.Password).WithDatabase("failure");
    }
}
