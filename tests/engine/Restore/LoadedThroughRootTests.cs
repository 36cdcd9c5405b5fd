using CryoBackup.Archive;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests.Restore;

/// <summary>Rows that an archive loads through the root of their partitions are compared there, in every mode.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class LoadedThroughRootTests(ZooServer server) : IDisposable
{
    // The hash of an enum's value hangs on its OID, which is another in every database.
    private const string Sql = """
        CREATE TYPE mood AS ENUM ('ok', 'bad', 'so so', 'fine');
        CREATE TABLE p (k mood, v int) PARTITION BY HASH (k);
        CREATE TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 0);
        CREATE TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 1);
        CREATE TABLE "P 2" PARTITION OF p FOR VALUES WITH (MODULUS 3, REMAINDER 2);
        INSERT INTO p SELECT k, v FROM unnest(enum_range(NULL::mood)) k, generate_series(1, 9) v;
        CREATE TABLE r (id int, name text) PARTITION BY RANGE (id);
        CREATE TABLE r1 PARTITION OF r FOR VALUES FROM (0) TO (10);
        CREATE TABLE other (name text, id int); ALTER TABLE r ATTACH PARTITION other FOR VALUES FROM (10) TO (20);
        INSERT INTO r SELECT n, 'r' || n FROM generate_series(1, 19) n;
        CREATE TABLE m (k mood, "a, b" text, v int) PARTITION BY HASH (k);
        CREATE TABLE m0 (gone int, v int, k mood, "a, b" text);
        ALTER TABLE m0 DROP COLUMN gone;
        ALTER TABLE m ATTACH PARTITION m0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE m1 ("a, b" text, v int, k mood);
        ALTER TABLE m ATTACH PARTITION m1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        INSERT INTO m SELECT k, nullif(E'a\tb\n\\.' || v, E'a\tb\n\\.3'), v FROM unnest(enum_range(NULL::mood)) k, generate_series(1, 9) v;
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void InEveryMode()
    {
        server.Drop("root_source");
        server.CreateDatabase("root_source");
        server.Execute("root_source", Sql);
        string backup = server.BackUp("root_source");
        Rehearse.AssertPassed(Rehearse.Run(backup));
        server.Drop("root_copy");
        AssertRoot(server.Restore(backup, "root_copy", request => request with { Create = true }));
        AssertRoot(server.Restore(backup, "root_copy", request => request with { Clean = true }));
        AssertRoot(server.Restore(backup, "root_copy", request => request with { Swap = true }));
        AssertRoot(server.Restore(backup, "root_copy", request => request with { Clean = true, Table = ["p"] }));
        server.Drop("root_copy");
        server.Restore(backup, "root_copy", request => request with { Create = true, SchemaOnly = true });
        AssertRoot(server.Restore(backup, "root_copy", request => request with { DataOnly = true }));
    }

    [PostgresFact]
    public void ARowThatIsMissingIsFound()
    {
        server.Drop("root_source");
        server.CreateDatabase("root_source");
        server.Execute("root_source", Sql);
        string backup = server.BackUp("root_source");
        foreach (string table in (string[])["p", "m"])
        {
            VerificationResult result = Rehearse.Run(
                backup,
                restored: endpoint => Rehearse.Execute(endpoint, $"UPDATE public.{table} SET v = 10 WHERE v = 9 AND k = 'ok'")
            );
            Assert.Equal(Verdict.Failed, result.Verdict);
            Assert.StartsWith($"public.{table} has 36 rows (fingerprint ", Assert.Single(result.Differences), StringComparison.Ordinal);
        }
    }

    /// <summary>Stock pg_dump does so with every partitioned table if asked, also where partitions have their columns in other orders.
    /// </summary>
    [PostgresFact]
    public void FromAnArchiveOfStockPgDump()
    {
        server.CreateDatabase("root_stock");
        server.Execute("root_stock", Sql);
        string archive = Path.Combine(_folder.Path, "root.dump");
        StockDump.ToFile(server, "root_stock", archive, ["-Z0", "--load-via-partition-root"]);
        server.Drop("root_copy");
        RestoreResult result = server.Restore(archive, "root_copy", request => request with { Create = true });
        AssertRoot(result);
        Assert.DoesNotContain(result.Warnings, warning => warning.Contains("not compared", StringComparison.Ordinal));
        TableComparison mixed = Assert.Single(result.Tables, table => table.ToString() == "public.r");
        Assert.True(mixed.Matches);
        Assert.Equal(19, mixed.FoundRows);
        Rehearse.AssertPassed(Rehearse.Run(archive));
    }

    /// <summary>A block may come in any pieces.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(1000)]
    public void FieldsAreReordered(int piece)
    {
        byte[] text = "1\tb\t\\N\n2\t\tlong\nodd\n\\.\n"u8.ToArray();
        RootRows rows = RootRows.Of([Entry(7, "p1", "z, \"a, b\", c"), Entry(8, "p2", "c, z, \"a, b\"")])[8];
        foreach (byte[] part in text.Chunk(piece))
        {
            rows.Append(part);
        }

        var expected = new TableFingerprint();
        expected.Append("b\t\\N\t1\n\tlong\t2\nodd\n\\.\n"u8);
        Assert.Equal(expected.Text, rows.Fingerprint.Text);
        Assert.Equal(3, rows.Fingerprint.Rows);
        Assert.True(rows.Fingerprint.Terminated);
        Assert.Equal("COPY public.p (z, \"a, b\", c) FROM stdin;", rows.CopyStatement);
    }

    [Fact]
    public void OneOrderNeedsNone() => Assert.Empty(RootRows.Of([Entry(7, "p1", "a, b"), Entry(8, "p2", "a, b"), Entry(9, "p", "b, a")]));

    private static TocEntry Entry(int id, string table, string columns) =>
        new()
        {
            DumpId = id,
            Kind = "TABLE DATA",
            Schema = "public",
            Name = table,
            CopyStatement = $"COPY public.p ({columns}) FROM stdin;",
        };

    private static void AssertRoot(RestoreResult result)
    {
        Assert.All(
            result.Tables.Where(table => table.ToString() is "public.p" or "public.m"),
            root =>
            {
                Assert.True(root.Matches);
                Assert.Equal(36, root.FoundRows);
            }
        );
        Assert.Contains(result.Tables, table => table.ToString() == "public.p");
    }
}
