using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Restore;

/// <summary>By several sessions everything comes after what it needs, through however many others it needs it.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class EntryOrderTests(ZooServer server)
{
    [PostgresFact(Since = 14)]
    public void WhatNeedsAPrimaryKeyComesAfterIt()
    {
        // Which columns a query may show hangs on the key, so that what has such a query comes after the data,
        // and what hangs on that later still.
        const string Sql = """
            CREATE TABLE item (id int PRIMARY KEY, name text, price int); INSERT INTO item SELECT n, 'i' || n, n FROM generate_series(1, 50) n;
            CREATE MATERIALIZED VIEW sums AS SELECT id, name, sum(price) AS total FROM item GROUP BY id;
            CREATE UNIQUE INDEX sums_id ON sums (id); CREATE INDEX sums_name ON sums (name);
            CREATE VIEW named AS SELECT id, name FROM item GROUP BY id;
            CREATE MATERIALIZED VIEW tops AS SELECT * FROM sums WHERE total > 10; CREATE INDEX tops_total ON tops (total);
            CREATE FUNCTION dearest() RETURNS text BEGIN ATOMIC SELECT name FROM item GROUP BY id ORDER BY price DESC LIMIT 1; END;
            CREATE FUNCTION constant(int) RETURNS text IMMUTABLE BEGIN ATOMIC SELECT CASE WHEN false THEN name ELSE 'x' END FROM item WHERE id = $1 GROUP BY id; END;
            CREATE TABLE other (id int PRIMARY KEY); INSERT INTO other SELECT generate_series(1, 50);
            CREATE INDEX other_constant ON other (constant(id));
            CREATE RULE nothing AS ON DELETE TO named DO INSTEAD NOTHING;
            COMMENT ON INDEX tops_total IS 'late'; COMMENT ON MATERIALIZED VIEW sums IS 'late too';
            """;
        server.Drop("order_home");
        server.Psql(server.CreateDatabase("order_home"), "-c", Sql);
        string backup = server.BackUp("order_home");
        string before = server.Dump("order_home");
        foreach (int? jobs in (int?[])[null, 1, 2, 4])
        {
            server.Drop("order_new");
            Assert.Equal(
                RestoreStatus.Restored,
                server.Restore(backup, "order_new", request => request with { Create = true, Jobs = jobs }).Status
            );
            Assert.Equal(before, server.Dump("order_new"));
        }

        server.Drop("order_new");
        server.Drop("order_home");
    }

    /// <summary>pg_restore closes its input behind the last rows that it wants, with much of the archive still to come.</summary>
    [PostgresFact]
    public void AnEarlyTableOfALargeArchive()
    {
        server.Drop("order_home");
        server.Drop("order_new");
        server.CreateDatabase("order_home");
        server.Execute(
            "order_home",
            "CREATE TABLE a AS SELECT 1 AS n; CREATE TABLE b AS SELECT repeat(md5(n::text), 40) AS t FROM generate_series(1, 12000) n"
        );
        string backup = server.BackUp("order_home");
        RestoreResult result = server.Restore(backup, "order_new", request => request with { Create = true, Table = ["a"], Jobs = 1 });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(1L, Assert.Single(result.Tables).FoundRows);
        server.Drop("order_new");
        server.Drop("order_home");
    }

    /// <summary>Into a file that is appended to, pg_dump writes its table of contents a second time,
    /// where it meant to correct the first.</summary>
    [PostgresFact(UnixOnly = true)]
    public void AnArchiveThatWasAppendedToAFile()
    {
        server.Drop("appended");
        server.CreateDatabase("appended");
        server.Execute("appended", "CREATE TABLE t AS SELECT generate_series(1, 7) AS a; CREATE INDEX ON t (a)");
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "appended.dump");
        using (var environment = new LibpqEnvironment(server.Endpoint.WithDatabase("appended"), "CryoBackup tests"))
        {
            ClientTool tool = ClientTools.Find("pg_dump", server.Cluster.Major, CancellationToken.None);
            var command = new ToolCommand("/bin/sh", "-c", $"'{tool.Path}' -Fc -w >> '{file}'") { Environment = environment.Variables };
            Assert.Equal(0, ToolProcess.Run(command, CancellationToken.None).ExitCode);
        }

        VerificationResult proven = BackupVerifier.Run(new VerificationRequest { Path = file }, static _ => { }, CancellationToken.None);
        Assert.Contains(
            proven.Checks,
            check => check.Name == "backup_format" && check.Detail.Contains("a second time at its end", StringComparison.Ordinal)
        );
        foreach (int jobs in (int[])[1, 2])
        {
            server.Drop("appended_new");
            Assert.Equal(
                RestoreStatus.Restored,
                server.Restore(file, "appended_new", request => request with { Create = true, Jobs = jobs }).Status
            );
            Assert.Equal(7L, server.Scalar("appended_new", "SELECT count(*) FROM public.t"));
        }

        // Anything else behind the data is damage.
        File.AppendAllText(file, "x");
        Assert.Equal(CryoBackupError.ArchiveCorrupt, server.Fail(file, "appended_other", request => request with { Create = true }).Error);
        server.Drop("appended_new");
        server.Drop("appended");
    }

    [Fact]
    public void ForeignKeysOfPartitionedTablesWaitInArchivesOfOldToo()
    {
        TocEntry[] entries =
        [
            new()
            {
                DumpId = 1,
                Kind = "TABLE",
                Name = "p",
                Section = TocSection.PreData,
                Definition = "CREATE TABLE p (\n    a int\n)\nPARTITION BY LIST (a);\n",
            },
            new()
            {
                DumpId = 2,
                Kind = "TABLE",
                Name = "p1",
                Section = TocSection.PreData,
                Definition = "CREATE TABLE p1 (\n    a int\n);\nALTER TABLE ONLY p ATTACH PARTITION p1 FOR VALUES IN (1);\n",
                Dependencies = [1],
            },
            new()
            {
                DumpId = 3,
                Kind = "TABLE",
                Name = "t",
                Section = TocSection.PreData,
                Definition = "CREATE TABLE t (\n    a int\n);\n",
            },
            new()
            {
                DumpId = 4,
                Kind = "CONSTRAINT",
                Name = "t t_pkey",
                Section = TocSection.PostData,
                Definition = "ALTER TABLE ONLY t ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n",
                Dependencies = [3],
            },
            new()
            {
                DumpId = 5,
                Kind = "FK CONSTRAINT",
                Name = "p p_fkey",
                Section = TocSection.PostData,
                Definition = "ALTER TABLE p ADD …",
                Dependencies = [1, 3, 4],
            },
            new()
            {
                DumpId = 6,
                Kind = "FK CONSTRAINT",
                Name = "t t_fkey",
                Section = TocSection.PostData,
                Definition = "ALTER TABLE ONLY t ADD …",
                Dependencies = [3, 4],
            },
            new()
            {
                DumpId = 7,
                Kind = "CONSTRAINT",
                Name = "t t_a",
                Section = TocSection.PostData,
                Definition = "ALTER TABLE t ADD CONSTRAINT t_a NOT NULL a NOT VALID;\n",
                Dependencies = [3],
            },
        ];
        Assert.Equal([5, 7], ParallelEntries.Split(entries, entries).After.Select(entry => entry.DumpId));

        // What waits takes with it what needs it; what is not restored is not waited for.
        TocEntry[] more =
        [
            .. entries,
            new()
            {
                DumpId = 8,
                Kind = "INDEX",
                Name = "t_b",
                Section = TocSection.PostData,
                Dependencies = [9],
            },
            new()
            {
                DumpId = 9,
                Kind = "STATISTICS",
                Section = TocSection.PostData,
                Dependencies = [3],
            },
        ];
        Assert.Equal([5, 7, 8, 9], ParallelEntries.Split(more, more).After.Select(entry => entry.DumpId));
        Assert.Equal([5, 7], ParallelEntries.Split([.. more.Where(entry => entry.DumpId != 9)], more).After.Select(entry => entry.DumpId));
    }
}
