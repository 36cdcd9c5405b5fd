using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>What most backups are: nothing in them needs a superuser.</summary>
[Collection("rehearsed and encrypted")]
public sealed class OrdinaryRehearsalTests(PostgresServer server) : IDisposable
{
    // Owners, privileges by grantees, row security that binds owners, a view over others' tables,
    // extensions that only a superuser may create.
    private const string Sql = """
        DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rehearsal_owner') THEN
                CREATE ROLE rehearsal_owner; CREATE ROLE "Rehearsal Reader"; CREATE ROLE rehearsal_writer;
            END IF;
        END $$;
        CREATE SCHEMA app AUTHORIZATION rehearsal_owner;
        CREATE EXTENSION ltree; CREATE EXTENSION bloom; CREATE EXTENSION dblink;
        CREATE TABLE app.customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL CHECK (name <> ''), path ltree);
        CREATE TABLE app.purchase (id int PRIMARY KEY, customer int NOT NULL REFERENCES app.customer, amount numeric DEFAULT 1);
        INSERT INTO app.customer (name, path) SELECT 'customer ' || n, 'a.b' FROM generate_series(1, 200) n;
        INSERT INTO app.purchase SELECT n, 1 + n % 200, n FROM generate_series(1, 1000) n;
        CREATE INDEX ON app.purchase USING bloom (customer, id);
        CREATE VIEW app.big AS SELECT customer, sum(amount) AS total FROM app.purchase GROUP BY customer;
        CREATE FUNCTION app.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
        CREATE MATERIALIZED VIEW app.totals AS SELECT customer, app.twice(customer) AS twice, total FROM app.big;
        ALTER TABLE app.customer OWNER TO rehearsal_owner;
        ALTER TABLE app.customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY own ON app.customer TO rehearsal_writer, "Rehearsal Reader" USING (name = current_user);
        REVOKE ALL ON FUNCTION app.twice(int) FROM PUBLIC;
        GRANT USAGE ON SCHEMA app TO "Rehearsal Reader" WITH GRANT OPTION;
        GRANT SELECT ON app.purchase TO "Rehearsal Reader" WITH GRANT OPTION;
        SET SESSION AUTHORIZATION "Rehearsal Reader";
        GRANT SELECT ON app.purchase TO rehearsal_writer;
        RESET SESSION AUTHORIZATION;
        ALTER DEFAULT PRIVILEGES FOR ROLE rehearsal_owner IN SCHEMA app GRANT SELECT ON TABLES TO "Rehearsal Reader";
        SELECT lo_from_bytea(4711, 'abc');
        GRANT SELECT ON LARGE OBJECT 4711 TO rehearsal_writer;
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void ANameThatReadsAsAStatementIsNone()
    {
        const string Name = "\"a\nSET SESSION AUTHORIZATION x;\nRESET SESSION AUTHORIZATION;\"";
        string more =
            $"CREATE TABLE app.{Name} (id int); GRANT SELECT ON app.{Name} TO \"Rehearsal Reader\" WITH GRANT OPTION; "
            + $"SET SESSION AUTHORIZATION \"Rehearsal Reader\"; GRANT SELECT ON app.{Name} TO rehearsal_writer; RESET SESSION AUTHORIZATION;";
        Rehearse.AssertPassed(Rehearse.Run(Rehearse.BackUp(server, _folder.Path, "rehearsal_statement", Sql + more)));
    }

    [PostgresFact]
    public void PassesAsAnOrdinaryRoleWithOwnersAndPrivileges()
    {
        VerificationResult result = Rehearse.Run(
            Rehearse.BackUp(server, _folder.Path, "rehearsal_app", Sql),
            request => request with { MaxAge = TimeSpan.FromHours(26), MaxRestoreTime = TimeSpan.FromHours(4) }
        );
        Rehearse.AssertPassed(result);
        Assert.Equal(
            ["age", "restore_time"],
            result.Checks.Where(check => check.Name is "age" or "restore_time" && check.Passed).Select(check => check.Name).Order()
        );
        Assert.StartsWith("PostgreSQL ", result.ServerVersion, StringComparison.Ordinal);
        Assert.Equal(2, result.Tables.Count(table => table.Matches));
    }

    [PostgresFact]
    public void PassesWithAnEmptyDatabaseAndOneOfAnotherEncoding()
    {
        Rehearse.AssertPassed(Rehearse.Run(Rehearse.BackUp(server, _folder.Path, "rehearsal_empty", "")));
        string latin = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_latin1",
            "CREATE TABLE \"größe\" (name text); INSERT INTO \"größe\" VALUES ('Käse')",
            "ENCODING 'LATIN1' LOCALE 'C'"
        );
        Rehearse.AssertPassed(Rehearse.Run(latin));
    }

    /// <summary>Nobody is made a member of PostgreSQL's own roles, which may have power over files and programs.</summary>
    [PostgresFact]
    public void WhatPostgresOwnRolesOwnNeedsASuperuser()
    {
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_owned",
            "CREATE TABLE t AS SELECT 1 AS n; ALTER TABLE t OWNER TO pg_monitor; GRANT SELECT ON t TO pg_read_server_files"
        );
        VerificationResult result = Rehearse.Run(backup);
        Assert.True(result.Verdict == Verdict.Inconclusive, result.Reason);
        Assert.Contains("-AllowSuperuser", result.Remedy, StringComparison.Ordinal);
        Rehearse.AssertPassed(Rehearse.Run(backup, request => request with { AllowSuperuser = true }));
    }

    [PostgresFact]
    public void FailsPromisesThatDoNotHold()
    {
        string backup = Rehearse.BackUp(server, _folder.Path, "rehearsal_late", "CREATE TABLE t (id int)");
        VerificationResult late = Rehearse.Run(backup, request => request with { MaxRestoreTime = TimeSpan.FromTicks(1) });
        Assert.Equal(Verdict.Failed, late.Verdict);
        Assert.Equal(CheckOutcome.Failed, Rehearse.Check(late, "restore_time").Outcome);
        Assert.True(Rehearse.Check(late, "schema").Passed);

        var request = new VerificationRequest
        {
            Path = backup,
            Level = VerificationLevel.Hash,
            MaxAge = TimeSpan.FromTicks(1),
        };
        VerificationResult old = BackupVerifier.Run(request, static _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Failed, old.Verdict);
        Assert.Contains("too old", old.Reason, StringComparison.Ordinal);
        File.Delete(backup + ".meta.json");
        Assert.Equal(
            Verdict.Inconclusive,
            BackupVerifier
                .Run(new VerificationRequest { Path = backup, MaxAge = TimeSpan.FromDays(1) }, static _ => { }, CancellationToken.None)
                .Verdict
        );
    }

    [PostgresFact]
    public void ListensOnNoPortAndLeavesNothing()
    {
        string? folder = null;
        UnixFileMode mode = 0;
        VerificationResult result = Rehearse.Run(
            Rehearse.BackUp(server, _folder.Path, "rehearsal_quiet", "CREATE TABLE t (id int)"),
            restored: endpoint =>
            {
                if (OperatingSystem.IsWindows())
                {
                    return;
                }

                folder = endpoint.Host;
                mode = File.GetUnixFileMode(folder);
                using NpgsqlConnection connection = PostgresServer.Open(endpoint);
                using var command = new Npgsql.NpgsqlCommand("SHOW listen_addresses", connection);
                Assert.Equal("", command.ExecuteScalar());
            }
        );
        Rehearse.AssertPassed(result);
        if (folder is not null)
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, mode);
            Assert.False(Directory.Exists(folder));
        }
    }

    [PostgresFact]
    public void IsInconclusiveWithoutPrograms()
    {
        string backup = Rehearse.BackUp(server, _folder.Path, "rehearsal_bare", "CREATE TABLE t (id int)");
        VerificationResult result = Rehearse.Run(backup, request => request with { ServerPath = _folder.Path });
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("holds no initdb", result.Reason, StringComparison.Ordinal);
        Assert.NotNull(result.Remedy);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "schema").Outcome);
    }

    [PostgresFact(UnixOnly = true)]
    public void KeepsTheServerAndSaysHowToConnectAndRemove()
    {
        VerificationResult result = Rehearse.Run(
            Rehearse.BackUp(server, _folder.Path, "rehearsal_kept", "CREATE TABLE t AS SELECT 42 AS n"),
            request => request with { Keep = true }
        );
        Rehearse.AssertPassed(result);
        string[] ways = result.Kept!.Split(". Remove: ");
        ScratchFolder.RemoveAbandoned();
        (int code, string output, _) = ToolProcess.Run(
            new ToolCommand("/bin/sh", "-c", ways[0].Replace("Connect: ", "", StringComparison.Ordinal) + " -XAtc 'SELECT n FROM t'"),
            CancellationToken.None
        );
        Assert.Equal((0, "42"), (code, output.Trim()));
        Assert.Equal(0, ToolProcess.Run(new ToolCommand("/bin/sh", "-c", ways[1]), CancellationToken.None).ExitCode);
        Assert.False(Directory.Exists(ways[1].Split(' ')[^1]));
    }
}
