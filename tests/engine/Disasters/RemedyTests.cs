using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;
using CryoBackup.Tests.Restore;

namespace CryoBackup.Tests.Disasters;

/// <summary>What cannot come back says what it is, why, and what to do;
/// what could only not come back in the archive's order comes back in another.</summary>
[Collection("disasters")]
[Trait("Runs", "Once")]
public sealed class RemedyTests(ZooServer server)
{
    [PostgresFact]
    public void FunctionsWithoutASearchPath()
    {
        string backup = BackUp("f19", "19-no-remedy");
        VerificationResult rehearsal = Rehearse.Run(backup);
        Assert.Equal(Verdict.Failed, rehearsal.Verdict);
        Assert.Contains("relation \"dict\" does not exist", rehearsal.Reason, StringComparison.Ordinal);
        Assert.Contains("ALTER FUNCTION … SET search_path", rehearsal.Remedy, StringComparison.Ordinal);

        CryoBackupException e = server.Fail(backup, "f19_new", request => request with { Create = true });
        Assert.Equal("TABLE DATA public.data", e.Target);
        Assert.Contains("relation \"dict\" does not exist", e.Message, StringComparison.Ordinal);
        Assert.Contains("ALTER FUNCTION … SET search_path", e.Remedy, StringComparison.Ordinal);
        Assert.Contains("-SchemaOnly", e.Remedy, StringComparison.Ordinal);

        // The way that the remedy shows.
        server.Restore(backup, "f19_new", request => request with { Create = true, SchemaOnly = true });
        server.Execute("f19_new", "ALTER FUNCTION known SET search_path = public");

        // Its check looks at another table's rows, which therefore go first.
        foreach (string table in (string[])["dict", "data"])
        {
            server.Restore(backup, "f19_new", request => request with { DataOnly = true, Table = [table] });
        }

        server.Drop("f19_new");
        server.Drop("f19");
    }

    [PostgresFact]
    public void OrphanedAndDoubleRows()
    {
        string backup = BackUp(
            "f19",
            "14-read-only-target",
            """
            CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent);
            SET session_replication_role = replica; INSERT INTO child VALUES (7); RESET session_replication_role
            """
        );
        CryoBackupException e = server.Fail(backup, "f19_new", request => request with { Create = true });
        Assert.Equal("FK CONSTRAINT public.child child_id_fkey", e.Target);
        Assert.Contains("Key (id)=(7) is not present in table \"parent\"", e.Message, StringComparison.Ordinal);
        Assert.Contains("(SQLSTATE 23503;", e.Message, StringComparison.Ordinal);
        Assert.Contains("NOT VALID", e.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("search_path", e.Remedy, StringComparison.Ordinal);
        server.Drop("f19");
    }

    [PostgresFact]
    public void AGuardAgainstChangesComesLast()
    {
        string backup = BackUp(
            "f18",
            "18-ddl-guard",
            "COMMENT ON EVENT TRIGGER guard IS 'asks for app.allow_ddl'",
            "SET app.allow_ddl = 'yes'; "
        );
        Rehearse.AssertPassed(Rehearse.Run(backup));
        foreach (int jobs in (int[])[1, 2])
        {
            server.Drop("f18_new");
            Assert.Equal(
                RestoreStatus.Restored,
                server.Restore(backup, "f18_new", request => request with { Create = true, Jobs = jobs }).Status
            );
            Assert.Equal(10L, server.Scalar("f18_new", "SELECT count FROM mv"));
            Assert.Equal("O", server.Scalar("f18_new", "SELECT evtenabled::text FROM pg_event_trigger WHERE evtname = 'guard'"));
        }

        // One that stands in the target stops a restore into it, and is named for what it is.
        CryoBackupException e = server.Fail(backup, "f18_new", request => request with { Table = ["t"] });
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, e.Error);
        server.Execute(
            "f18_new",
            "ALTER EVENT TRIGGER guard DISABLE; ALTER EVENT TRIGGER guard RENAME TO other; ALTER EVENT TRIGGER other ENABLE"
        );
        e = server.Fail(backup, "f18_new", request => request with { Clean = true, Table = ["t"] });
        Assert.Contains("DDL is forbidden here", e.Message, StringComparison.Ordinal);
        Assert.Contains("rolled back", e.Message, StringComparison.Ordinal);
        server.Drop("f18_new");
        server.Drop("f18");
    }

    /// <summary>The value takes half a gigabyte of memory several times over.</summary>
    [PostgresFact]
    public void AValueThatIsTooLargeToBeDumped()
    {
        if (!Thoroughness.Of(false, true))
        {
            // What pg_dump says of it is taken apart in DumpDiagnosticsTests.
            return;
        }

        Load("f15", "15-pg-dump-detail");
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => server.BackUp("f15"));
        Assert.Contains("invalid memory alloc request size", e.Message, StringComparison.Ordinal);
        Assert.Contains("-ExcludeTableData", e.Remedy, StringComparison.Ordinal);
        server.Drop("f15");
    }

    [PostgresFact]
    public void WhatTheBodyOfAFunctionNamesIsBroughtAlong()
    {
        string backup = BackUp(
            "f24",
            "24-function-body",
            """
            CREATE FUNCTION other.deep() RETURNS int LANGUAGE plpgsql AS $$ DECLARE n int; BEGIN EXECUTE 'SELECT count(*) FROM "other"."Log", other.unread' INTO n; RETURN n; END $$;
            CREATE FUNCTION other.far(t text) RETURNS text LANGUAGE sql AS 'SELECT other.clean($1) || other.deep()';
            CREATE FUNCTION m.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM other.far('x'); RETURN NEW; END $$;
            CREATE TRIGGER touch BEFORE UPDATE ON m.t FOR EACH ROW EXECUTE FUNCTION m.touch();
            CREATE TABLE other."Log" (a int); CREATE TABLE other.unread (a int); CREATE FUNCTION other.unused() RETURNS int LANGUAGE sql AS 'SELECT 1';
            """
        );
        foreach (
            Func<RestoreRequest, RestoreRequest> choose in (Func<RestoreRequest, RestoreRequest>[])
                [request => request with { Table = ["m.t"] }, request => request with { Schema = ["m"] }]
        )
        {
            server.Drop("f24_new");
            RestoreResult result = server.Restore(backup, "f24_new", request => choose(request with { Create = true }));
            Assert.Equal("x", server.Scalar("f24_new", "SELECT n FROM m.t"));
            Assert.Equal(
                "clean,deep,far",
                server.Scalar(
                    "f24_new",
                    "SELECT string_agg(proname, ',' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'other'::regnamespace"
                )
            );
            Assert.Contains(
                result.LeftOut,
                item => item.StartsWith("TABLE other.Log: the body of FUNCTION other.deep() names it", StringComparison.Ordinal)
            );
            Assert.Contains(result.LeftOut, item => item.StartsWith("TABLE other.unread: ", StringComparison.Ordinal));
        }

        server.Drop("f24_new");
        server.Drop("f24");
    }

    private string BackUp(string database, string disaster, string more = "", string first = "")
    {
        Load(database, disaster);
        server.Drop(database + "_new");
        if (more.Length > 0)
        {
            server.Execute(database, first + more);
        }

        return server.BackUp(database);
    }

    private void Load(string database, string disaster)
    {
        server.Drop(database);
        server.Psql(server.CreateDatabase(database), "-f", Path.Combine(TestData.Folder("disasters"), disaster, "setup.sql"));
    }
}
