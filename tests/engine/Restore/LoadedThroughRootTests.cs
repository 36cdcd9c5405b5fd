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
        VerificationResult result = Rehearse.Run(
            server.BackUp("root_source"),
            restored: endpoint => Rehearse.Execute(endpoint, "UPDATE public.p SET v = 10 WHERE v = 9 AND k = 'ok'")
        );
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.StartsWith("public.p has 36 rows (fingerprint ", Assert.Single(result.Differences), StringComparison.Ordinal);
    }

    /// <summary>Stock pg_dump does so with every partitioned table if asked; where partitions have their columns in other orders,
    /// their rows are not compared.</summary>
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
        Assert.Contains(result.Warnings, warning => warning.Contains("public.r in a form", StringComparison.Ordinal));
        Assert.Equal(19L, server.Scalar("root_copy", "SELECT count(*) FROM r"));
        VerificationResult rehearsed = Rehearse.Run(archive);
        Assert.Equal(Verdict.Inconclusive, rehearsed.Verdict);
        Assert.Contains("public.r", rehearsed.Reason, StringComparison.Ordinal);
    }

    private static void AssertRoot(RestoreResult result)
    {
        TableComparison root = Assert.Single(result.Tables, table => table.ToString() == "public.p");
        Assert.True(root.Matches);
        Assert.Equal(36, root.FoundRows);
    }
}
