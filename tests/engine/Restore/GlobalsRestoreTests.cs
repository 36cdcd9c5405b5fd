using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Restore;

/// <summary>-IncludeGlobals makes the roles that are missing, and touches no other.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class GlobalsRestoreTests(ZooServer server) : IDisposable
{
    private const string Roles = "globals_owner, globals_reader, \"Globals; 'Guest'\", globals_group, globals_other";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void OnlyTheMissingRolesAreMade()
    {
        string backup = BackUp();
        server.Execute("postgres", $"DROP ROLE {Roles}; CREATE ROLE globals_reader NOLOGIN");

        CryoBackupException without = server.Fail(backup, "globals_target", request => request with { Create = true });
        Assert.Equal(CryoBackupError.ObjectNotFound, without.Error);
        Assert.Contains(
            "lacks roles that the backup names: Globals; 'Guest', globals_group, globals_owner.",
            without.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("-IncludeGlobals would create those", without.Remedy, StringComparison.Ordinal);
        Assert.Contains("-NoOwner would leave to 'postgres' the objects of globals_owner.", without.Remedy, StringComparison.Ordinal);
        Assert.Contains("-NoPrivileges would leave out the privileges of globals_group.", without.Remedy, StringComparison.Ordinal);
        Assert.Contains("name Globals; 'Guest'; neither", without.Remedy, StringComparison.Ordinal);

        RestoreResult plan = server.Restore(
            backup,
            "globals_target",
            request => request with { Create = true, IncludeGlobals = true, PlanOnly = true }
        );
        Assert.Equal(["Globals; 'Guest'", "globals_group", "globals_owner"], plan.Roles.Order(StringComparer.Ordinal));
        Assert.Equal(1L, CountRoles());

        RestoreResult done = server.Restore(backup, "globals_target", request => request with { Create = true, IncludeGlobals = true });
        Assert.Equal(plan.Roles, done.Roles);
        Assert.Equal(4L, CountRoles());
        Assert.Equal("globals_owner", server.Scalar("globals_target", "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'"));

        // With all they have: password, attributes, settings, comment, memberships among them; and the one that was there is as it was.
        Assert.Equal(
            true,
            server.Scalar(
                "postgres",
                "SELECT rolpassword LIKE 'SCRAM-SHA-256$%' AND rolcanlogin AND rolconnlimit = 3 AND NOT rolsuper FROM pg_authid WHERE "
                    + "rolname = 'globals_owner'"
            )
        );
        Assert.Equal(
            "{\"search_path=a, b\"}",
            server.Scalar(
                "postgres",
                "SELECT setconfig::text FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = 'globals_owner'::regrole"
            )
        );
        Assert.Equal(
            "It's; a \\ guest\nof ours",
            server.Scalar("postgres", "SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname = 'Globals; ''Guest'''")
        );
        Assert.Equal(
            "globals_owner in globals_group",
            server.Scalar(
                "postgres",
                "SELECT string_agg(member::regrole || ' in ' || roleid::regrole, ', ') "
                    + "FROM pg_auth_members WHERE member::regrole::text LIKE '%lobals%'"
            )
        );
        Assert.Equal(false, server.Scalar("postgres", "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'globals_reader'"));
    }

    [PostgresFact]
    public void AreDroppedAgainWhenTheRestoreFails()
    {
        string backup = BackUp("CREATE TABLE picky (id int CHECK (current_database() = 'globals_source')); INSERT INTO picky VALUES (1)");
        server.Drop("globals_source");
        server.Execute("postgres", $"DROP ROLE {Roles}");
        CryoBackupException e = server.Fail(backup, "globals_target", request => request with { Create = true, IncludeGlobals = true });
        Assert.Contains(
            "it had created: 'Globals; 'Guest'', 'globals_group', 'globals_owner', 'globals_reader'; they were dropped again.",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(0L, CountRoles());

        // What a database that was there before keeps of the backup, its roles must own.
        server.CreateDatabase("globals_target");
        e = server.Fail(backup, "globals_target", request => request with { IncludeGlobals = true, Jobs = 1 });
        Assert.Contains("'globals_target' was empty before and now holds a part of the backup.", e.Message, StringComparison.Ordinal);
        Assert.Contains("they are still there (", e.Message, StringComparison.Ordinal);
        Assert.Equal(4L, CountRoles());
    }

    [PostgresFact]
    public void MustBeThoseOfTheManifest()
    {
        string backup = BackUp();
        server.Execute("postgres", $"DROP ROLE {Roles}");
        string globals = backup + ".globals.sql.gz";
        byte[] bytes = File.ReadAllBytes(globals);
        bytes[^1] ^= 1;
        File.WriteAllBytes(globals, bytes);
        foreach (bool skip in (bool[])[false, true])
        {
            CryoBackupException e = server.Fail(
                backup,
                "globals_target",
                request => request with { Create = true, IncludeGlobals = true, SkipVerification = skip, Force = skip }
            );
            Assert.Equal(CryoBackupError.HashMismatch, e.Error);
        }

        Assert.Equal(0L, CountRoles());
        CryoBackupException none = server.Fail(
            server.BackUp("globals_source"),
            "globals_target",
            request => request with { Create = true, IncludeGlobals = true }
        );
        Assert.Equal(CryoBackupError.BackupNotFound, none.Error);
        Assert.Contains("it was made without them", none.Message, StringComparison.Ordinal);
    }

    [AgeServerFact]
    public void EncryptedOnesAreOpenedWithTheIdentity()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        string backup = BackUp(recipients: [recipient]);
        server.Execute("postgres", $"DROP ROLE {Roles}");
        server.Restore(backup, "globals_target", request => request with { Create = true, IncludeGlobals = true, Identities = [identity] });
        Assert.Equal(4L, CountRoles());
    }

    [PostgresFact]
    public void AreMadeByARoleThatIsNoSuperuser()
    {
        string backup = BackUp();
        server.Execute(
            "postgres",
            $"DROP ROLE {Roles}; DROP ROLE IF EXISTS globals_maker; CREATE ROLE globals_maker LOGIN CREATEDB PASSWORD 'secret'"
        );
        ConnectionRequest connection = server.Connection with { UserName = "globals_maker", Password = "secret" };
        RestoreRequest Choose(RestoreRequest request) =>
            request with
            {
                Connection = connection,
                Create = true,
                IncludeGlobals = true,
                NoOwner = true,
            };
        CryoBackupException e = server.Fail(backup, "globals_target", Choose);
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Contains("CREATEROLE", e.Remedy, StringComparison.Ordinal);
        Assert.Equal(0L, CountRoles());

        server.Execute("postgres", "ALTER ROLE globals_maker CREATEROLE");
        server.Restore(backup, "globals_target", Choose);
        Assert.Equal(3L, CountRoles());
        server.Drop("globals_target");
        server.Execute("postgres", "DROP ROLE globals_maker");
    }

    [Theory]
    [InlineData(
        "CREATE ROLE a;\nALTER ROLE a WITH NOSUPERUSER INHERIT NOREPLICATION NOBYPASSRLS PASSWORD 'NOSUPERUSER ; "
            + "x' VALID UNTIL 'infinity';",
        "CREATE ROLE a|ALTER ROLE a WITH INHERIT PASSWORD 'NOSUPERUSER ; x' VALID UNTIL 'infinity'"
    )]
    [InlineData(
        "\\restrict x;y\nCREATE ROLE a; -- ; no\nCOMMENT ON ROLE a IS E'\\\\'';';",
        "CREATE ROLE a|COMMENT ON ROLE a IS E'\\\\'';'"
    )]
    [InlineData("CREATE ROLE a;\nCREATE ROLE b;\nGRANT b TO a WITH ADMIN OPTION GRANTED BY \"x y\";", "CREATE ROLE a")]
    [InlineData(
        "CREATE ROLE a;\nGRANT a TO a WITH ADMIN TRUE, INHERIT FALSE GRANTED BY x;\nDROP DATABASE a;\nALTER ROLE a SET s TO 'GRANT';",
        "CREATE ROLE a|ALTER ROLE a SET s TO 'GRANT'|GRANT a TO a WITH ADMIN TRUE, INHERIT FALSE"
    )]
    public void OfTheScriptOnlyWhatMakesRolesIsTaken(string script, string expected) =>
        Assert.Equal(expected.Split('|'), new GlobalsScript(script).StatementsFor(["a"]));

    private long CountRoles() =>
        (long)server.Scalar("postgres", "SELECT count(*) FROM pg_roles WHERE rolname ILIKE 'globals%' AND rolname <> 'globals_maker'")!;

    private string BackUp(string more = "", string[]? recipients = null)
    {
        foreach (string database in (string[])["globals_source", "globals_target"])
        {
            server.Drop(database);
        }

        server.Execute(
            "postgres",
            $"""
            DROP ROLE IF EXISTS {Roles};
            SET password_encryption = 'scram-sha-256';
            CREATE ROLE globals_owner LOGIN PASSWORD 'secret' CONNECTION LIMIT 3; CREATE ROLE globals_reader LOGIN; CREATE ROLE "Globals; 'Guest'"; CREATE ROLE globals_group; CREATE ROLE globals_other;
            ALTER ROLE globals_owner SET search_path TO a, b; GRANT globals_group TO globals_owner; GRANT globals_reader TO globals_owner; GRANT globals_other TO globals_owner;
            COMMENT ON ROLE "Globals; 'Guest'" IS E'It''s; a \\ guest\nof ours';
            """
        );
        server.CreateDatabase("globals_source");
        server.Execute(
            "globals_source",
            $"""
            CREATE TABLE t (id int); ALTER TABLE t OWNER TO globals_owner; GRANT SELECT ON t TO globals_reader, globals_group;
            CREATE POLICY p ON t TO globals_reader, "Globals; 'Guest'" USING (true); {more}
            """
        );
        BackupInfo info = BackupWriter.Run(
            Requests.Backup(server.Connection, "globals_source", _folder.Path) with
            {
                IncludeGlobals = true,
                Recipients = recipients ?? [],
            },
            static _ => { },
            CancellationToken.None
        );

        // Else the roles could not be dropped.
        server.Drop("globals_source");
        server.CreateDatabase("globals_source");
        return info.Path;
    }
}
