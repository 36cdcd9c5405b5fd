using CryoBackup.Archive;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>What an archive says of its database is said of the target, and of no other database, whatever words stand in it.</summary>
[Collection("zoo")]
public sealed class DatabaseStatementTests(ZooServer server)
{
    [Theory]
    [InlineData(
        "COMMENT ON DATABASE f05 IS 'Copy of DATABASE \"f05\" on the old host';\n",
        "COMMENT ON DATABASE \"t\" IS 'Copy of DATABASE \"f05\" on the old host'"
    )]
    [InlineData(
        "COMMENT ON DATABASE f05 IS 'DATABASE f05;\n DATABASE f05';\n",
        "COMMENT ON DATABASE \"t\" IS 'DATABASE f05;\n DATABASE f05'"
    )]
    [InlineData("ALTER DATABASE f05 SET \"app.x\" TO 'DATABASE f05';\n", "ALTER DATABASE \"t\" SET \"app.x\" TO 'DATABASE f05'")]
    [InlineData(
        "ALTER ROLE database IN DATABASE f05 SET work_mem TO '1MB';\n",
        "ALTER ROLE database IN DATABASE \"t\" SET work_mem TO '1MB'"
    )]
    [InlineData("ALTER ROLE \"DATABASE f05\" IN DATABASE f05 RESET x;\n", "ALTER ROLE \"DATABASE f05\" IN DATABASE \"t\" RESET x")]
    [InlineData(
        "GRANT CREATE,CONNECT ON DATABASE f05 TO \"ON DATABASE f05 TO x\";\n",
        "GRANT CREATE,CONNECT ON DATABASE \"t\" TO \"ON DATABASE f05 TO x\""
    )]
    [InlineData("REVOKE GRANT OPTION FOR ALL ON DATABASE \"f05\" FROM a;", "REVOKE GRANT OPTION FOR ALL ON DATABASE \"t\" FROM a")]
    [InlineData(
        "SECURITY LABEL FOR database ON DATABASE f05 IS 'ON DATABASE f05';",
        "SECURITY LABEL FOR database ON DATABASE \"t\" IS 'ON DATABASE f05'"
    )]
    [InlineData(
        "SET SESSION AUTHORIZATION a;\nGRANT ALL ON DATABASE f05 TO b;\nRESET SESSION AUTHORIZATION;\n\n",
        "SET SESSION AUTHORIZATION a|GRANT ALL ON DATABASE \"t\" TO b|RESET SESSION AUTHORIZATION"
    )]
    [InlineData(
        "ALTER DATABASE f05 CONNECTION LIMIT = 5;\n\nALTER DATABASE F05 IS_TEMPLATE = true;\n",
        "ALTER DATABASE \"t\" CONNECTION LIMIT = 5|ALTER DATABASE \"t\" IS_TEMPLATE = true"
    )]
    [InlineData(
        "COMMENT /* DATABASE f05 */ ON DATABASE f05 -- f05\nIS NULL",
        "COMMENT /* DATABASE f05 */ ON DATABASE \"t\" -- f05\nIS NULL"
    )]
    public void NameIsPutAtItsPlace(string definition, string expected) =>
        Assert.Equal(expected, string.Join('|', Read(definition).Select(statement => statement.For("t"))));

    [Theory]
    [InlineData("COMMENT ON DATABASE other IS 'x'")]
    [InlineData("COMMENT ON DATABASE \"F05\" IS 'x'")]
    [InlineData("ALTER DATABASE f05 SET a TO 'b'; DROP DATABASE other")]
    [InlineData("GRANT CONNECT ON DATABASE f05, other TO a")]
    [InlineData("GRANT pg_execute_server_program TO a")]
    [InlineData("GRANT ALL ON SCHEMA f05 TO a")]
    [InlineData("SET SESSION AUTHORIZATION a, b")]
    [InlineData("ALTER ROLE a SUPERUSER")]
    [InlineData("COMMENT ON DATABASE 'f05' IS 'x'")]
    [InlineData("ALTER DATABASE")]
    public void WhatIsSaidOfAnythingElseIsRefused(string definition)
    {
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Read(definition));
        Assert.Equal(CryoBackupError.ArchiveCorrupt, e.Error);
        Assert.Contains("its own database 'f05'", e.Message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData("f05", "'Copy of DATABASE \"f05\" on the old host'")]
    [InlineData("f06", "E'Owner: operations;\\nPager: see the handbook;\\n'")]
    [InlineData("f06 \"is\"; database", "E'COMMENT ON DATABASE \"f06 \"\"is\"\"; database\" IS ''x'';\\n-- $$ /* \\\\'")]
    [InlineData("database", "'DATABASE database ON DATABASE'")]
    public void OnlyTheTargetChanges(string database, string comment)
    {
        string quoted = PostgresServer.Quote(database);
        server.CreateDatabase(database);
        server.Execute(database, "CREATE TABLE t AS SELECT 1 AS a");
        server.Execute("postgres", "CREATE ROLE database");
        server.Execute(
            "postgres",
            $"COMMENT ON DATABASE {quoted} IS {comment}; ALTER DATABASE {quoted} SET \"app.note\" TO {comment}; "
                + $"ALTER ROLE database IN DATABASE {quoted} SET \"app.note\" TO {comment};"
                + $" ALTER DATABASE {quoted} OWNER TO database; GRANT CREATE ON DATABASE {quoted} TO pg_monitor"
        );
        string backup = server.BackUp(database);
        string before = Said(database);
        server.Execute("postgres", $"COMMENT ON DATABASE {quoted} IS 'changed since'");
        string changed = Said(database);
        Assert.NotEqual(before, changed);

        server.Drop("f05_target");
        server.Restore(backup, "f05_target", request => request with { Create = true });
        try
        {
            AssertOnlyTheTargetChanged(backup, database, before, changed);
        }
        finally
        {
            server.Drop("f05_target");
            server.Drop(database);
            server.Execute("postgres", "DROP ROLE database");
        }
    }

    private void AssertOnlyTheTargetChanged(string backup, string database, string before, string changed)
    {
        Assert.Equal(before, Said("f05_target"));
        Assert.Equal(changed, Said(database));

        server.Execute("postgres", "COMMENT ON DATABASE f05_target IS 'mine'");
        RestoreResult swapped = server.Restore(backup, "f05_target", request => request with { Swap = true });
        Assert.Equal(before, Said("f05_target"));
        Assert.Equal(changed, Said(database));
        Assert.Equal(
            "mine",
            server.Scalar(
                "postgres",
                $"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{swapped.PreviousDatabase}'"
            )
        );
        server.Drop(swapped.PreviousDatabase!);
    }

    /// <summary>The setting changes how pg_dump spells strings; they are read back as they were written.</summary>
    [PostgresFact]
    public void BackslashesComeBackWhateverTheStringsSettingIs()
    {
        server.CreateDatabase("f23");
        server.Execute(
            "postgres",
            @"COMMENT ON DATABASE f23 IS E'a\\b''c;\n\\'; ALTER DATABASE f23 SET standard_conforming_strings TO off"
        );
        string backup = server.BackUp("f23");
        server.Drop("f23_target");
        server.Restore(backup, "f23_target", request => request with { Create = true });
        Assert.Equal(Said("f23"), Said("f23_target"));
    }

    private string Said(string database) =>
        (string)
            server.Scalar(
                "postgres",
                $"""
                SELECT concat_ws('|', shobj_description(d.oid, 'pg_database'), d.datacl, pg_get_userbyid(d.datdba),
                    (SELECT string_agg(s.setrole || ':' || s.setconfig::text, '|' ORDER BY s.setrole) FROM pg_db_role_setting s WHERE s.setdatabase = d.oid))
                FROM pg_database d WHERE d.datname = '{database}'
                """
            )!;

    private static IReadOnlyList<DatabaseStatement> Read(string definition) =>
        DatabaseStatement.Read(
            new TocEntry
            {
                Kind = "DATABASE PROPERTIES",
                Name = "f05",
                Definition = definition,
            },
            "f05",
            standardStrings: true
        );
}
