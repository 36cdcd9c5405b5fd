using CryoBackup.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>Archives of PostgreSQL 13 and before tell of partitions only in the partitions' own definitions.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class OldPartitionTests(ZooServer server) : IDisposable
{
    private const string Odd = "odd.Schema.a.\"b\"";

    private readonly TemporaryFolder _folder = new();

    private string Archive
    {
        get
        {
            string path = Path.Combine(_folder.Path, "p13_20260101_000000_full.dump");
            File.WriteAllBytes(path, TestData.Read("pg_dump-13-partitions.dump"));
            return path;
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("ALTER TABLE ONLY s.parent ATTACH PARTITION s.child FOR VALUES IN (1);", true)]
    [InlineData("ALTER TABLE \"s\".parent ATTACH /* ; */ PARTITION s.\"child\" DEFAULT;", true)]
    [InlineData("CREATE TABLE s.child PARTITION OF s.parent (a NOT NULL) FOR VALUES IN (1);", true)]
    [InlineData("CREATE FOREIGN TABLE s.child PARTITION OF s.parent FOR VALUES IN (1) SERVER x;", true)]
    [InlineData("CREATE TABLE s.child (a text DEFAULT ';ALTER TABLE ONLY s.parent ATTACH PARTITION s.child DEFAULT;');", false)]
    [InlineData("CREATE TABLE s.child (a text); -- ALTER TABLE ONLY s.parent ATTACH PARTITION s.child DEFAULT;", false)]
    [InlineData("ALTER TABLE ONLY s.\"Parent\" ATTACH PARTITION s.child DEFAULT;", false)]
    [InlineData("ALTER TABLE ONLY s.parent ATTACH PARTITION s.other DEFAULT;", false)]
    [InlineData("ALTER TABLE ONLY s.parent DETACH PARTITION s.child;", false)]
    [InlineData("ALTER TABLE ONLY s.parent ATTACH PARTITION", false)]
    public void IsFoundInTheDefinition(string sql, bool isPartition)
    {
        TocEntry[] entries =
        [
            new()
            {
                DumpId = 1,
                Kind = "TABLE",
                Schema = "s",
                Name = "parent",
                Definition = "CREATE TABLE s.parent (a int) PARTITION BY LIST (a);",
            },
            new()
            {
                DumpId = 2,
                Kind = "TABLE",
                Schema = "s",
                Name = "child",
                Definition = "CREATE TABLE s.child (\n    a int\n);\n" + sql,
                Dependencies = [1],
            },
        ];
        Assert.Equal(isPartition ? [(2, 1)] : [], EmbeddedPartitions.Parents(entries).Select(pair => (pair.Key, pair.Value)));
    }

    [PostgresFact]
    public void PartitionedTableComesWithItsRows()
    {
        server.Drop("p13");
        RestoreResult result = server.Restore(
            Archive,
            "p13",
            request => request with { Create = true, NoOwner = true, Table = ["public.orders", Odd] }
        );
        Assert.Equal(4, result.Tables.Length);
        Assert.Equal(50L, server.Scalar("p13", "SELECT count(*) FROM public.orders"));
        Assert.Equal(2L, server.Scalar("p13", "SELECT count(*) FROM \"odd.Schema\".\"a.\"\"b\"\"\""));
        Assert.Null(server.Scalar("p13", "SELECT to_regclass('public.lonely')::text"));
        Assert.Equal(
            5L,
            server.Scalar("p13", "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE c.relkind IN ('r', 'p')")
        );
    }

    [PostgresFact]
    public void OnePartitionComesWithItsParentsDefinitions()
    {
        server.Drop("p13");
        RestoreResult result = server.Restore(
            Archive,
            "p13",
            request => request with { Create = true, NoOwner = true, Table = ["orders_2024_a"] }
        );
        Assert.Equal("public.orders_2024_a", Assert.Single(result.Tables).ToString());
        Assert.Equal(3L, server.Scalar("p13", "SELECT count(*) FROM public.orders"));
    }

    /// <summary>The rows were gone before: the partitions fell with the table, and did not come back.</summary>
    [PostgresFact]
    public void CleanBringsTheRowsBack()
    {
        server.Drop("p13");
        server.Restore(Archive, "p13", request => request with { Create = true, NoOwner = true });
        server.Execute("p13", "UPDATE orders SET note = 'changed'; DELETE FROM orders WHERE id > 40");
        RestoreResult result = server.Restore(
            Archive,
            "p13",
            request => request with { Clean = true, NoOwner = true, Table = ["public.orders"] }
        );
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(50L, server.Scalar("p13", "SELECT count(*) FROM public.orders WHERE note <> 'changed'"));
        Assert.Equal(7L, server.Scalar("p13", "SELECT count(*) FROM lonely"));
    }
}
