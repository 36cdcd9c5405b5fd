using CryoBackup.Tests.Rehearsal;
using CryoBackup.Tests.Restore;

namespace CryoBackup.Tests.Strangers;

/// <summary>What the strangers found, each in the smallest form.</summary>
[Collection("strangers")]
[Trait("Runs", "Once")]
public sealed class FoundByStrangersTests(ZooServer server)
{
    /// <summary>Its entry neither makes nor drops it, so nothing granted on it is lost.</summary>
    [PostgresFact(Since = 15)]
    public void CleanKeepsThePublicSchemaOfAnotherOwner()
    {
        string backup = BackUp("found_public", "CREATE TABLE t (id int); ALTER SCHEMA public OWNER TO pg_monitor");
        RestoreResult result = server.Restore(backup, "found_public", request => request with { Clean = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Empty(result.AlsoDropped);
        Assert.Equal(true, server.Scalar("found_public", "SELECT has_schema_privilege('public', 'public', 'USAGE')"));
    }

    /// <summary>What was made before the default privileges does not have them, and is not given them where -Clean makes it anew.</summary>
    [PostgresFact]
    public void CleanGivesNoDefaultPrivileges()
    {
        string backup = BackUp(
            "found_defaults",
            """
            CREATE TABLE t (id int); CREATE SCHEMA "Größe"; CREATE TABLE "Größe".t (id int);
            CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE SEQUENCE s; CREATE TYPE y AS (a int);
            ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES REVOKE ALL ON TYPES FROM PUBLIC;
            ALTER DEFAULT PRIVILEGES GRANT SELECT, UPDATE ON TABLES TO pg_monitor WITH GRANT OPTION;
            ALTER DEFAULT PRIVILEGES IN SCHEMA "Größe" GRANT SELECT ON TABLES TO PUBLIC;
            ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor REVOKE ALL ON SEQUENCES FROM pg_monitor
            """
        );
        string before = server.Dump("found_defaults");
        server.Restore(backup, "found_defaults", request => request with { Clean = true });
        Assert.Equal(before.Split('\n'), server.Dump("found_defaults").Split('\n'));
    }

    /// <summary>Neither the key of a partition nor the plain index of the whole that it became a part of can be dropped alone.</summary>
    [PostgresFact]
    public void CleanDropsNoIndexThatAKeyOfAPartitionBelongsTo()
    {
        string backup = BackUp(
            "found_key",
            """
            CREATE TABLE p (a int NOT NULL, b int) PARTITION BY LIST (b);
            CREATE TABLE p1 PARTITION OF p (PRIMARY KEY (a)) FOR VALUES IN (1);
            CREATE TABLE p2 PARTITION OF p (UNIQUE (a)) FOR VALUES IN (2) PARTITION BY LIST (a);
            CREATE TABLE p21 PARTITION OF p2 FOR VALUES IN (1);
            CREATE INDEX whole ON p (a); CREATE TABLE r (a int REFERENCES p1);
            INSERT INTO p VALUES (1, 1), (2, 1), (1, 2); INSERT INTO r VALUES (2)
            """
        );
        string before = server.Dump("found_key");
        RestoreResult result = server.Restore(backup, "found_key", request => request with { Clean = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(before.Split('\n'), server.Dump("found_key").Split('\n'));
    }

    /// <summary>A check that a table has of its own and inherits as well cannot be dropped alone, and was never validated here.</summary>
    [PostgresFact]
    public void CleanDropsNoCheckThatIsInherited()
    {
        string backup = BackUp(
            "found_check",
            """
            CREATE TABLE base (a int); CREATE TABLE child () INHERITS (base); CREATE TABLE grandchild () INHERITS (child);
            ALTER TABLE base ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
            ALTER TABLE child NO INHERIT base; ALTER TABLE child INHERIT base;
            CREATE TABLE apex (a int); CREATE TABLE middle () INHERITS (apex); CREATE TABLE low () INHERITS (middle);
            ALTER TABLE apex ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE low NO INHERIT middle; ALTER TABLE low INHERIT middle;
            CREATE TABLE p (a int) PARTITION BY LIST (a); ALTER TABLE p ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
            CREATE TABLE p1 (a int); ALTER TABLE p1 ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
            ALTER TABLE p ATTACH PARTITION p1 FOR VALUES IN (1); INSERT INTO p VALUES (1)
            """
        );
        string before = server.Dump("found_check");
        RestoreResult result = server.Restore(backup, "found_check", request => request with { Clean = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(before.Split('\n'), server.Dump("found_check").Split('\n'));
    }

    /// <summary>The same value would be given out twice.</summary>
    [PostgresTheory]
    [InlineData("SELECT setval('s', 5, false)", Verdict.Failed)]
    [InlineData("SELECT setval('s', 4)", Verdict.Failed)]
    [InlineData("SELECT setval('s', 6, false)", Verdict.Passed)]
    public void ASequenceThatRepeatsItsValueIsBehind(string sql, Verdict verdict)
    {
        string backup = BackUp("found_sequence", "CREATE SEQUENCE s; SELECT setval('s', 5)");
        VerificationResult result = Rehearse.Run(backup, restored: endpoint => Rehearse.Execute(endpoint, sql));
        Assert.Equal(verdict, result.Verdict);
        Assert.Equal(verdict == Verdict.Failed, result.Reason.Contains("behind the recorded 5", StringComparison.Ordinal));
    }

    /// <summary>Whom a table with a line break in its name is granted to is a role of the backup like any other.</summary>
    [PostgresFact]
    public void GrantsOnNamesWithLineBreaksAreRead()
    {
        server.Execute("postgres", "DO $$ BEGIN CREATE ROLE found_reader; EXCEPTION WHEN duplicate_object THEN END $$");
        string backup = BackUp(
            "found_break",
            """
            CREATE TABLE "line
            break" (id int); GRANT SELECT, TRIGGER ON "line
            break" TO found_reader; ALTER TABLE "line
            break" ENABLE ROW LEVEL SECURITY; CREATE POLICY "p TO q" ON "line
            break" TO found_reader
            """
        );
        Rehearse.AssertPassed(Rehearse.Run(backup));
    }

    /// <summary>A role's name is the same bytes in every database, whatever that database takes them for.</summary>
    [PostgresTheory]
    [InlineData("SQL_ASCII", "Größe", "Größe")]
    [InlineData("LATIN1", "Größe", "Grosse")]
    [InlineData("WIN1251", "Заказ", "Zakaz")]
    [InlineData("EUC_JP", "注文髙丂ã", "Chumon")]
    [InlineData("EUC_TW", "注文", "Chumon")]
    public void NamesOfEveryEncodingAreFound(string encoding, string name, string role)
    {
        server.Execute("postgres", $"DO $$ BEGIN CREATE ROLE \"{role}\"; EXCEPTION WHEN duplicate_object THEN END $$");
        string backup = BackUp(
            "found_encoding",
            $"""
            CREATE SCHEMA "{name}" AUTHORIZATION "{role}"; CREATE TABLE "{name}"."{name}" ("{name}" serial PRIMARY KEY);
            INSERT INTO "{name}"."{name}" VALUES (1); ALTER TABLE "{name}"."{name}" OWNER TO "{role}";
            CREATE MATERIALIZED VIEW "{name}".v AS SELECT * FROM "{name}"."{name}"; GRANT SELECT ON "{name}".v TO "{role}";
            CREATE POLICY p ON "{name}"."{name}" TO "{role}"; CREATE EXTENSION citext SCHEMA "{name}";
            ALTER DEFAULT PRIVILEGES FOR ROLE "{role}" GRANT SELECT ON TABLES TO PUBLIC;
            ALTER ROLE "{role}" IN DATABASE found_encoding SET work_mem = '5MB'; GRANT CREATE ON DATABASE found_encoding TO "{role}";
            COMMENT ON DATABASE found_encoding IS '{name}'
            """,
            $"ENCODING '{encoding}' LOCALE 'C'"
        );

        // Before 14 none but a superuser reads what belongs to others, as the owner of the view does here.
        Rehearse.AssertPassed(Rehearse.Run(backup, request => request with { AllowSuperuser = server.Cluster.Major < 14 }));
        server.Drop("found_encoding_copy");
        RestoreResult made = server.Restore(backup, "found_encoding_copy", request => request with { Create = true });
        Assert.Equal(RestoreStatus.Restored, made.Status);
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "found_encoding_copy", request => request with { Clean = true }).Status
        );
    }

    /// <summary>The failed statement is sent once more for its SQLSTATE, also to a database that takes every byte.</summary>
    [PostgresFact]
    public void AFailureInADatabaseOfAnyBytesIsTold()
    {
        string backup = BackUp(
            "found_failure",
            """
            CREATE FUNCTION "Проверка"(int) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 < nirgends.f(); END';
            CREATE SCHEMA nirgends; CREATE FUNCTION nirgends.f() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 5'; CREATE TABLE t (id int);
            INSERT INTO t VALUES (1); CREATE INDEX "Индекс" ON t ("Проверка"(id)); ALTER FUNCTION nirgends.f() RENAME TO g
            """,
            "ENCODING 'SQL_ASCII' LOCALE 'C'"
        );
        server.Drop("found_failure_copy");
        CryoBackupException failure = server.Fail(backup, "found_failure_copy", request => request with { Create = true });
        Assert.Equal(CryoBackupError.RestoreFailed, failure.Error);
        Assert.Contains("42883", failure.Message, StringComparison.Ordinal);
    }

    private string BackUp(string database, string sql, string options = "")
    {
        server.Drop(database);
        server.CreateDatabase(database, options);
        server.Execute(database, sql);
        return server.BackUp(database);
    }
}
