namespace CryoBackup.Tests.Restore;

/// <summary>A materialized view that is chosen without the tables that it reads would be computed from no rows:
/// it comes back without any, and that is told.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class LonelyViewTests(ZooServer server)
{
    private const string Sql = """
        CREATE TABLE src (id int); INSERT INTO src SELECT generate_series(1, 7);
        CREATE VIEW between AS SELECT id FROM src WHERE id > 1;
        CREATE MATERIALIZED VIEW mv AS SELECT * FROM src;
        CREATE MATERIALIZED VIEW far AS SELECT * FROM between;
        CREATE MATERIALIZED VIEW farther AS SELECT * FROM far;
        CREATE MATERIALIZED VIEW alone AS SELECT 1 AS n;
        """;

    [PostgresTheory]
    [InlineData("mv", "TABLE public.src")]
    [InlineData("far", "TABLE public.src")]
    [InlineData("farther", "MATERIALIZED VIEW public.far")]
    public void ComesBackWithoutRowsAndThatIsTold(string view, string reads)
    {
        string backup = BackUp();
        server.Drop("lonely_copy");
        RestoreResult result = server.Restore(backup, "lonely_copy", request => request with { Create = true, Table = [view] });
        string told =
            $"MATERIALIZED VIEW DATA public.{view}: it would be computed from no rows: of {reads} only the definition is restored";
        Assert.Contains(result.LeftOut, line => line.StartsWith(told, StringComparison.Ordinal));
        Assert.Contains(
            result.Warnings,
            line => line.Contains($"public.{view} is left out: it would be computed from no rows", StringComparison.Ordinal)
        );
        Assert.Equal(false, server.Scalar("lonely_copy", $"SELECT relispopulated FROM pg_class WHERE relname = '{view}'"));
    }

    [PostgresFact]
    public void IsFilledWhereItsRowsAre()
    {
        string backup = BackUp();
        server.Drop("lonely_copy");
        RestoreResult result = server.Restore(
            backup,
            "lonely_copy",
            request => request with { Create = true, Table = ["far", "farther", "src", "alone"] }
        );
        Assert.Empty(result.Warnings);
        Assert.Equal(
            13L,
            server.Scalar(
                "lonely_copy",
                "SELECT (SELECT count(*) FROM far) + (SELECT count(*) FROM farther) + (SELECT count(*) FROM alone)"
            )
        );

        // The target's own rows, where it is one among other objects.
        server.Execute("lonely", "DELETE FROM src WHERE id > 5");
        Assert.Empty(server.Restore(backup, "lonely", request => request with { Clean = true, Table = ["mv"] }).Warnings);
        Assert.Equal(5L, server.Scalar("lonely", "SELECT count(*) FROM mv"));
    }

    private string BackUp()
    {
        server.CreateDatabase("lonely");
        server.Execute("lonely", Sql);
        return server.BackUp("lonely");
    }
}
