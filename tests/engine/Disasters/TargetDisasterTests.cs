using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Tests.Restore;
using Npgsql;

namespace CryoBackup.Tests.Disasters;

/// <summary>What a role or a server cannot do is found before anything changes, with what to do; what stands already is kept;
/// the state that is told is true.</summary>
[Collection("disasters")]
[Trait("Runs", "Once")]
public sealed class TargetDisasterTests(ZooServer server)
{
    [PostgresFact(Since = 15)]
    public void ASettingThatOnlyASuperuserMayMake()
    {
        string backup = BackUp(
            "f09",
            "09-superuser-setting",
            "ALTER ROLE f09_app IN DATABASE f09 SET work_mem = '8MB'; ALTER DATABASE f09 SET work_mem = '16MB'"
        );
        CryoBackupException e = server.Fail(backup, "f09_new", request => As("f09_app", request) with { Create = true });
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Equal("log_min_duration_statement", e.Target);
        Assert.Contains("setting log_min_duration_statement, which the backup's has", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("work_mem", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        Assert.Contains("GRANT SET ON PARAMETER", e.Remedy, StringComparison.Ordinal);
        Assert.Equal(
            e.Message,
            server.Fail(backup, "f09_new", request => As("f09_app", request) with { Create = true, PlanOnly = true }).Message
        );

        // The two ways that the remedy shows.
        server.Execute("postgres", "CREATE DATABASE f09_new OWNER f09_app TEMPLATE template0");
        Assert.Equal(RestoreStatus.Restored, server.Restore(backup, "f09_new", request => As("f09_app", request)).Status);
        server.Drop("f09_new");
        server.Execute("postgres", "GRANT SET ON PARAMETER log_min_duration_statement TO f09_app");
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f09_new", request => As("f09_app", request) with { Create = true }).Status
        );
        Assert.Equal("100ms", server.Scalar("f09_new", "SHOW log_min_duration_statement"));
        server.Execute("postgres", "REVOKE SET ON PARAMETER log_min_duration_statement FROM f09_app");
        server.Drop("f09_new");

        // What is said of another role's sessions is that role's, or its administrator's.
        server.Execute(
            "f09",
            "ALTER DATABASE f09 RESET log_min_duration_statement; ALTER ROLE postgres IN DATABASE f09 SET work_mem = '8MB'"
        );
        e = server.Fail(server.BackUp("f09"), "f09_new", request => As("f09_app", request) with { Create = true });
        Assert.Contains("settings for the role postgres, which the role 'f09_app' may not change", e.Message, StringComparison.Ordinal);
        server.Drop("f09");
    }

    [PostgresFact]
    public void RowSecurityThatBindsTheOwner()
    {
        string backup = BackUp(
            "f10",
            "10-force-rls",
            "CREATE TABLE free (a int); ALTER TABLE free OWNER TO f10_app; INSERT INTO free VALUES (1)"
        );
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f10_new", request => As("f10_app", request) with { Create = true }).Status
        );
        Assert.Equal(2L, server.Scalar("f10_new", "SELECT count(*) FROM t"));
        Assert.Equal(true, server.Scalar("f10_new", "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE relname = 't'"));
        Assert.Equal(false, server.Scalar("f10_new", "SELECT relforcerowsecurity FROM pg_class WHERE relname = 'free'"));

        // Where others look on, it is not lifted; that is found before.
        server.Execute("f10_new", "INSERT INTO t VALUES (3, 'c')");
        foreach (
            Func<RestoreRequest, RestoreRequest> how in (Func<RestoreRequest, RestoreRequest>[])
                [request => request with { Clean = true }, request => request with { DataOnly = true }]
        )
        {
            CryoBackupException e = server.Fail(backup, "f10_new", request => how(As("f10_app", request)));
            Assert.Contains("Row security is forced on the owners too", e.Message, StringComparison.Ordinal);
            Assert.Contains("TABLE public.t.", e.Message, StringComparison.Ordinal);
            Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
            Assert.Contains("BYPASSRLS", e.Remedy, StringComparison.Ordinal);
        }

        Assert.Equal(3L, server.Scalar("f10_new", "SELECT count(*) FROM t"));
        server.Drop("f10_new");
        server.Drop("f10");
    }

    [PostgresFact]
    public void AnOwnerWhoMayNotReadItsTable()
    {
        string backup = BackUp(
            "f10",
            "10-force-rls",
            "CREATE TABLE mute (a int); ALTER TABLE mute OWNER TO f10_app; REVOKE SELECT ON mute FROM f10_app"
        );
        CryoBackupException e = server.Fail(backup, "f10_new", request => As("f10_app", request) with { Create = true });
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Contains("keep the owners from reading tables of the backup", e.Message, StringComparison.Ordinal);
        Assert.Contains("TABLE mute", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f10_new", request => As("f10_app", request) with { Create = true, NoPrivileges = true }).Status
        );
        server.Drop("f10_new");
        server.Drop("f10");
    }

    [PostgresFact(UnixOnly = true)]
    public void AnExtensionThatSomebodyElseMakes()
    {
        string backup = BackUp("f11", "11-managed-extension");
        CryoBackupException e = server.Fail(backup, "f11_new", request => As("f11_app", request) with { Create = true });
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Contains("Only a superuser may create the extension pg_stat_statements", e.Message, StringComparison.Ordinal);
        Assert.Contains("CREATE EXTENSION pg_stat_statements, then restore into it without -Create", e.Remedy, StringComparison.Ordinal);

        // The way that the remedy shows.
        server.Execute("postgres", "CREATE DATABASE f11_new OWNER f11_app TEMPLATE template0");
        server.Execute("f11_new", "CREATE EXTENSION pg_stat_statements");
        object? made = server.Scalar("f11_new", "SELECT oid FROM pg_extension WHERE extname = 'pg_stat_statements'");
        RestoreResult result = server.Restore(backup, "f11_new", request => As("f11_app", request));
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Contains("EXTENSION pg_stat_statements: the target has it, and it is kept as it is there", result.LeftOut);
        Assert.Equal(10L, server.Scalar("f11_new", "SELECT count(*) FROM t"));

        // What replaces the objects of a backup leaves extensions alone, whoever restores.
        server.Execute("f11_new", "INSERT INTO t VALUES (11)");
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f11_new", request => As("f11_app", request) with { Clean = true }).Status
        );
        Assert.Equal(10L, server.Scalar("f11_new", "SELECT count(*) FROM t"));
        Assert.Equal(RestoreStatus.Restored, server.Restore(backup, "f11_new", request => request with { Clean = true }).Status);
        Assert.Equal(made, server.Scalar("f11_new", "SELECT oid FROM pg_extension WHERE extname = 'pg_stat_statements'"));

        // Anything of a user's own makes a database not empty all the same.
        server.Drop("f11_new");
        server.CreateDatabase("f11_new");
        server.Execute(
            "f11_new",
            "CREATE SCHEMA apart; CREATE EXTENSION pg_stat_statements SCHEMA apart; CREATE EXTENSION hstore; CREATE TYPE mine AS (a int)"
        );
        Assert.Contains("mine", server.Fail(backup, "f11_new", request => request).Message, StringComparison.Ordinal);
        server.Drop("f11_new");
        server.Drop("f11");
    }

    [PostgresFact]
    public void APreparedTransactionThatWasLeftOver()
    {
        Load("f12", "12-prepared");
        try
        {
            using var folder = new TemporaryFolder();
            CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
                BackupWriter.Run(
                    Requests.Backup(server.Connection, "f12", folder.Path) with
                    {
                        LockTimeout = TimeSpan.FromMilliseconds(200),
                    },
                    static _ => { },
                    CancellationToken.None
                )
            );
            Assert.Equal(CryoBackupError.LockTimeout, e.Error);
            Assert.Contains(
                "public.t (held by the prepared transaction 'left over' of postgres since ",
                e.Message,
                StringComparison.Ordinal
            );
            Assert.Contains("ROLLBACK PREPARED 'left over'", e.Remedy, StringComparison.Ordinal);

            string backup = BackUp("f12_other", "14-read-only-target");
            e = server.Fail(backup, "f12", request => request with { Swap = true, Force = true });
            Assert.Contains("has prepared transactions, so it cannot be renamed: 'left over'", e.Message, StringComparison.Ordinal);
            Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        }
        finally
        {
            server.Execute("f12", "ROLLBACK PREPARED 'left over'");
        }

        server.Drop("f12");
        server.Drop("f12_other");
    }

    [PostgresFact]
    public void TooFewSessions()
    {
        server.Execute("postgres", "DROP DATABASE IF EXISTS f16");
        server.Execute("postgres", "DROP ROLE IF EXISTS f16_app");
        server.Psql(server.Endpoint, "-f", Path.Combine(TestData.Folder("disasters"), "16-connection-limit", "setup.sql"));
        server.Execute("f16", "SET ROLE f16_app; CREATE TABLE t AS SELECT 1 AS a");
        string backup = server.BackUp("f16");
        using var folder = new TemporaryFolder();
        var mine = new RestoreRequest();
        CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
            BackupWriter.Run(Requests.Backup(As("f16_app", mine).Connection, "f16", folder.Path), static _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains("The run needs 2 sessions", e.Message, StringComparison.Ordinal);
        Assert.Contains("the CONNECTION LIMIT of the role f16_app leaves 0", e.Message, StringComparison.Ordinal);
        Assert.Contains("ALTER ROLE f16_app CONNECTION LIMIT", e.Remedy, StringComparison.Ordinal);

        server.Drop("f16_new");
        e = server.Fail(backup, "f16_new", request => As("f16_app", request) with { Create = true });
        Assert.Contains("CONNECTION LIMIT", e.Remedy, StringComparison.Ordinal);
        server.Execute("postgres", "ALTER ROLE f16_app CONNECTION LIMIT 3");
        e = server.Fail(backup, "f16_new", request => As("f16_app", request) with { Create = true });
        Assert.Contains("The run needs 4 sessions", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        Assert.Contains("-Jobs 1", e.Remedy, StringComparison.Ordinal);

        // With what is needed it comes back, however many sessions the comparison would have liked.
        server.Execute("postgres", "ALTER ROLE f16_app CONNECTION LIMIT 4");
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f16_new", request => As("f16_app", request) with { Create = true, Jobs = 1 }).Status
        );
        server.Drop("f16_new");

        // Nobody said how many: with fewer sessions than cores it comes back as well, one that was asked for is told of.
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "f16_new", request => As("f16_app", request) with { Create = true }).Status
        );
        e = server.Fail(backup, "f16_other", request => As("f16_app", request) with { Create = true, Jobs = 2 });
        Assert.Contains("The run needs 5 sessions", e.Message, StringComparison.Ordinal);
        server.Execute("postgres", "ALTER DATABASE f16_new CONNECTION LIMIT 1");
        e = server.Fail(backup, "f16_new", request => As("f16_app", request) with { Clean = true });
        Assert.Contains("the CONNECTION LIMIT of the database f16_new leaves 1", e.Message, StringComparison.Ordinal);
        server.Drop("f16_new");
        server.Drop("f16");
    }

    /// <summary>Those of a run just before, which the server shows for a moment yet.</summary>
    [PostgresFact]
    public async Task SessionsThatAreAboutToEndAreWaitedFor()
    {
        server.Execute("postgres", "DROP DATABASE IF EXISTS f16");
        server.Execute("postgres", "DROP ROLE IF EXISTS f16_app");
        server.Psql(server.Endpoint, "-f", Path.Combine(TestData.Folder("disasters"), "16-connection-limit", "setup.sql"));
        server.Execute("f16", "SET ROLE f16_app; CREATE TABLE t AS SELECT 1 AS a");
        using var folder = new TemporaryFolder();
        BackupInfo backup = await WhileOneEnds(
            2,
            () => BackupWriter.Run(Requests.Backup(Mine, "f16", folder.Path) with { Jobs = 1 }, static _ => { }, CancellationToken.None)
        );
        RestoreResult restored = await WhileOneEnds(
            4,
            () => server.Restore(backup.Path, "f16_new", request => As("f16_app", request) with { Create = true, Jobs = 1 })
        );
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        server.Drop("f16_new");
        server.Drop("f16");
    }

    private ConnectionRequest Mine => As("f16_app", new RestoreRequest()).Connection;

    /// <summary>Does what needs every session that the role may have, while another of them lasts until it is counted.</summary>
    private async Task<T> WhileOneEnds<T>(int limit, Func<T> act)
    {
        server.Execute("postgres", $"ALTER ROLE f16_app CONNECTION LIMIT {limit}");
        var other = new NpgsqlConnectionStringBuilder(server.Endpoint.ToNpgsql("test").ConnectionString)
        {
            Username = "f16_app",
            Database = "postgres",
            Pooling = false,
        };
        var session = new NpgsqlConnection(other.ConnectionString);
        await session.OpenAsync();
        await using var passing = new PassingSession(session, "SELECT limits.name");
        return act();
    }

    private string BackUp(string database, string disaster, string more = "")
    {
        Load(database, disaster);
        server.Drop(database + "_new");
        if (more.Length > 0)
        {
            server.Execute(database, more);
        }

        return server.BackUp(database);
    }

    private void Load(string database, string disaster)
    {
        string role = database + "_app";
        server.Drop(database);
        server.Execute("postgres", $"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$");
        server.Execute("postgres", $"ALTER ROLE {role} CREATEDB PASSWORD 'secret'");
        server.Psql(
            server.CreateDatabase(database, $"OWNER {role}"),
            "-f",
            Path.Combine(TestData.Folder("disasters"), disaster, "setup.sql")
        );
    }

    private RestoreRequest As(string role, RestoreRequest request) =>
        request with
        {
            Connection = server.Connection with { UserName = role, Password = "secret" },
        };
}
