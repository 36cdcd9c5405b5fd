using System.Globalization;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>Rows by several sessions, definitions and indexes by pg_restore: what comes back is what pg_dump finds at the source.</summary>
[Collection("zoo")]
public sealed class ParallelRestoreTests(ZooServer server) : IDisposable
{
    private const string Source = "parallel_source";
    private const string Target = "parallel_target";

    // More than a few blocks of rows, a row that is longer than several blocks, rows that are empty lines.
    private const string Sql = """
        CREATE TABLE large (id int PRIMARY KEY, name text, twice int GENERATED ALWAYS AS (id * 2) STORED);
        INSERT INTO large SELECT n, repeat('größe ', 10) || n FROM generate_series(1, 40000) n;
        CREATE INDEX by_name ON large (name);
        CREATE TABLE wide (id int, value text); INSERT INTO wide SELECT n, repeat('x' || n, 900000) FROM generate_series(1, 3) n;
        CREATE TABLE lines (line text); INSERT INTO lines SELECT '' FROM generate_series(1, 10); INSERT INTO lines VALUES ('\'), ('.'), ('\.'), (E'a\nb'), (NULL);
        CREATE TABLE none (); CREATE TABLE counted (); INSERT INTO counted DEFAULT VALUES; INSERT INTO counted DEFAULT VALUES;
        CREATE TABLE child (id int REFERENCES large); INSERT INTO child SELECT n FROM generate_series(1, 1000) n;
        CREATE MATERIALIZED VIEW summed AS SELECT l.id, l.name FROM large l GROUP BY l.id;
        CREATE UNIQUE INDEX ON summed (id);
        CREATE SEQUENCE numbers START 17; SELECT nextval('numbers');
        SELECT lo_from_bytea(4711, repeat('large object', 100000)::bytea); SELECT lo_from_bytea(4712, '');
        COMMENT ON LARGE OBJECT 4711 IS 'with a comment';
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData("UTF8")]
    [InlineData("LATIN1")]
    [InlineData("SQL_ASCII")]
    public void WhatComesBackIsTheSource(string encoding)
    {
        Make(encoding);
        string backup = server.BackUp(Source);
        foreach (int jobs in (int[])[2, 5])
        {
            server.Drop(Target);
            RestoreResult result = server.Restore(backup, Target, request => request with { Create = true, Jobs = jobs });
            Assert.Empty(result.Warnings);
            Assert.All(result.Tables, table => Assert.True(table.Matches && table.FoundRows is not null));
            Assert.Equal(server.Dump(Source), server.Dump(Target));
        }

        // Into an empty database, and only a part.
        server.Drop(Target);
        server.Execute("postgres", $"CREATE DATABASE {Target} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'");
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, Target, request => request with { Jobs = 3, Table = ["child"] }).Status
        );
        Assert.Equal(1000L, server.Scalar(Target, "SELECT count(*) FROM child"));
    }

    /// <summary>pg_dump compresses each table within the archive, where nothing else does.</summary>
    [PostgresFact]
    public void AForeignArchive()
    {
        Make("UTF8");
        string archive = Path.Combine(_folder.Path, "foreign.dump");
        File.WriteAllBytes(archive, StockDump.ToPipe(server, Source, "-Z5"));
        server.Drop(Target);
        server.Restore(archive, Target, request => request with { Create = true, Jobs = 3 });
        Assert.Equal(server.Dump(Source), server.Dump(Target));
    }

    /// <summary>Beyond 32 MB a table is shared: by several sessions, and so several transactions, and nothing of it is lost.</summary>
    [PostgresFact]
    public void AHugeTableIsShared()
    {
        server.Drop(Source);
        server.CreateDatabase(Source);
        server.Execute(Source, "CREATE TABLE huge AS SELECT n, repeat(md5(n::text), 32) AS text FROM generate_series(1, 60000) n");
        string backup = server.BackUp(Source);
        server.Drop(Target);
        RestoreResult result = server.Restore(backup, Target, request => request with { Create = true, Jobs = 3 });
        Assert.True(Assert.Single(result.Tables).Matches);
        Assert.Equal(60000L, server.Scalar(Target, "SELECT count(*) FROM huge"));
        Assert.InRange((long)server.Scalar(Target, "SELECT count(DISTINCT xmin::text) FROM huge")!, 2, 3);
    }

    [PostgresFact]
    public void AnEndedSessionEndsAllAndIsTold()
    {
        Make("UTF8");
        server.Execute(
            Source,
            """
            CREATE FUNCTION ends(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                IF $1 = 39999 AND pg_catalog.current_database() LIKE 'cryobackup\_restore%' THEN
                    PERFORM pg_catalog.pg_terminate_backend(pg_catalog.pg_backend_pid());
                END IF;
                RETURN true; END $$;
            ALTER TABLE large ADD CHECK (public.ends(id));
            """
        );
        string backup = server.BackUp(Source);
        server.Drop(Target);
        CryoBackupException e = server.Fail(backup, Target, request => request with { Create = true, Jobs = 3 });
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains("was dropped again", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.CountTemporary());
        Assert.Equal(0L, server.Scalar("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname LIKE 'cryobackup\\_restore%'"));
    }

    private void Make(string encoding)
    {
        server.Drop(Source);
        server.Execute(
            "postgres",
            string.Create(
                CultureInfo.InvariantCulture,
                $"CREATE DATABASE {Source} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        );
        server.Execute(Source, Sql);
    }
}
