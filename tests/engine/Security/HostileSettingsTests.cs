using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;
using Npgsql;

namespace CryoBackup.Tests.Security;

/// <summary>Whatever ALTER ROLE and ALTER DATABASE say, our sessions begin with our own settings, and the programs' too.</summary>
[Collection("watched")]
[Trait("Runs", "Once")]
public sealed class HostileSettingsTests : IDisposable
{
    private const string Role = "hampered";
    private readonly TemporaryFolder _folder = new();
    private readonly WatchedServer _server;

    public HostileSettingsTests(WatchedServer server)
    {
        _server = server;
        server.Watch();
        server.CreateDatabase("settled");
        server.Execute(
            "settled",
            """
            CREATE TABLE "Odd" (id int PRIMARY KEY, path text DEFAULT 'C:\data', parts text[], at timestamptz, took interval, doc xml);
            INSERT INTO "Odd" SELECT n, 'a\\b', ARRAY['x', NULL, 'NULL'], timestamptz '2024-08-06 05:34:12.5+00', interval '1 mon 2 days', '<a/>' FROM generate_series(1, 200) AS n;
            CREATE TABLE child (id int REFERENCES "Odd"); CREATE VIEW seen AS SELECT id, path FROM "Odd" WHERE path <> 'x\y';
            """
        );
        server.Execute(
            "postgres",
            $"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{Role}') "
                + $"THEN CREATE ROLE {Role} LOGIN SUPERUSER PASSWORD 'h'; CREATE ROLE powerless; END IF; END $$"
        );
    }

    public void Dispose()
    {
        _server.Execute("postgres", $"ALTER ROLE {Role} RESET ALL");
        _folder.Dispose();
    }

    [PostgresTheory]
    [InlineData("statement_timeout", "1ms")]
    [InlineData("lock_timeout", "1ms")]
    [InlineData("idle_session_timeout", "50ms")]
    [InlineData("idle_in_transaction_session_timeout", "50ms")]
    [InlineData("transaction_timeout", "50ms")]
    [InlineData("default_transaction_isolation", "serializable")]
    [InlineData("default_transaction_read_only", "on")]
    [InlineData("role", "powerless")]
    public void OneSettingOfTheRoleHindersNothing(string name, string value)
    {
        if (_server.Scalar("postgres", $"SELECT name FROM pg_settings WHERE name = '{name}'") is null && name != "role")
        {
            // A setting of later versions.
            return;
        }

        _server.Execute("postgres", $"ALTER ROLE {Role} SET {name} = '{value}'");
        GoesTheWholeWay();
    }

    [PostgresFact]
    public void AllSettingsThatChangeTextHinderNothing()
    {
        foreach (
            (string name, string value) in new[]
            {
                ("quote_all_identifiers", "on"),
                ("DateStyle", "German"),
                ("IntervalStyle", "iso_8601"),
                ("TimeZone", "Asia/Tokyo"),
                ("standard_conforming_strings", "off"),
                ("array_nulls", "off"),
                ("transform_null_equals", "on"),
                ("xmloption", "document"),
                ("search_path", "nowhere"),
                ("bytea_output", "escape"),
                ("extra_float_digits", "0"),
                ("client_encoding", "LATIN1"),
                ("default_transaction_deferrable", "on"),
                ("row_security", "off"),
            }
        )
        {
            _server.Execute("postgres", $"ALTER ROLE {Role} SET {name} = '{value}'");
            _server.Execute("postgres", $"ALTER DATABASE settled SET {name} = '{value}'");
        }

        GoesTheWholeWay();
    }

    [PostgresFact]
    public async Task TheUsersOwnOptionsStillChooseTheRole()
    {
        _server.Execute("postgres", $"ALTER ROLE {Role} SET role = 'powerless'");
        Assert.Equal((Role, ""), await AskAsync(null));
        Assert.Equal(("powerless", ""), await AskAsync("-c role=powerless -c search_path=public"));

        async Task<(string, string)> AskAsync(string? options)
        {
            var endpoint = ServerEndpoint.Resolve(
                Connection(),
                "postgres",
                static _ => { },
                new PostgresEnvironment(name => name == "PGOPTIONS" ? options : null)
            );
            await using NpgsqlConnection session = await ServerConnection.OpenAsync(endpoint, "test", null, CancellationToken.None);
            await using var command = new NpgsqlCommand(
                "SELECT CURRENT_USER::text || ' ' || pg_catalog.current_setting('search_path')",
                session
            );
            string[] answer = ((string)(await command.ExecuteScalarAsync())!).Split(' ');
            return (answer[0], answer[1].Trim('"'));
        }
    }

    /// <summary>A role or database that is set read-only is a habit; a server that is, has a reason.</summary>
    [PostgresFact]
    public async Task AServerThatIsReadOnlyAsAWholeStaysSo()
    {
        _server.Execute("postgres", $"ALTER ROLE {Role} SET default_transaction_read_only = on");
        Assert.Equal(("off", false), await AskAsync());
        _server.Execute("postgres", $"ALTER ROLE {Role} RESET ALL");
        _server.Execute("postgres", "ALTER SYSTEM SET default_transaction_read_only = on");
        try
        {
            _server.Execute("postgres", "SELECT pg_reload_conf()");
            Assert.True(SpinWait.SpinUntil(() => AskAsync().GetAwaiter().GetResult() == ("on", true), TimeSpan.FromSeconds(30)));
        }
        finally
        {
            _server.Execute("postgres", "ALTER SYSTEM RESET default_transaction_read_only");
            _server.Execute("postgres", "SELECT pg_reload_conf()");
            Assert.True(SpinWait.SpinUntil(() => AskAsync().GetAwaiter().GetResult() == ("off", false), TimeSpan.FromSeconds(30)));
        }

        async Task<(string?, bool)> AskAsync()
        {
            var endpoint = ServerEndpoint.Resolve(Connection(), "postgres", static _ => { }, new PostgresEnvironment(static _ => null));
            await using NpgsqlConnection session = await ServerConnection.OpenAsync(endpoint, "test", null, CancellationToken.None);
            await using var command = new NpgsqlCommand("SELECT pg_catalog.current_setting('default_transaction_read_only')", session);
            using var programs = new LibpqEnvironment(endpoint, "test");
            Assert.Equal(
                endpoint.Server.IsReadOnly,
                !programs.Variables["PGOPTIONS"]!.Contains("default_transaction_read_only", StringComparison.Ordinal)
            );
            return ((string?)await command.ExecuteScalarAsync(), endpoint.Server.IsReadOnly);
        }
    }

    private void GoesTheWholeWay()
    {
        string backup = BackupWriter
            .Run(Requests.Backup(Connection(), "settled", _folder.Path), static _ => { }, CancellationToken.None)
            .Path;
        _server.Execute("postgres", "DROP DATABASE IF EXISTS settled_copy WITH (FORCE)");
        RestoreRequest restore = Requests.Restore(Connection(), backup, "settled_copy") with { Create = true, Jobs = 2 };
        RestoreResult result = BackupRestorer.Run(restore, static _ => { }, CancellationToken.None);
        Assert.Equal(200, Assert.Single(result.Tables, table => table.Name == "Odd").FoundRows);
        restore = restore with { Create = false, Clean = true, Force = true, Jobs = null };
        BackupRestorer.Run(restore, static _ => { }, CancellationToken.None);
        VerificationResult rehearsed = Rehearse.Run(
            backup,
            request => request with { Connection = Connection(), Force = true, AllowSuperuser = true }
        );
        Assert.True(rehearsed.Verdict == Verdict.Passed, rehearsed.Reason + " " + string.Join(" | ", rehearsed.Differences));
    }

    private ConnectionRequest Connection()
    {
        ConnectionRequest connection = _server.Connection with { UserName = Role, Password = "h" };
        return connection;
    }
}
