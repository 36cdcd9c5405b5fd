namespace CryoBackup.Tests.Rehearsal;

/// <summary>A rehearsal on the server programs of a newer version answers whether an upgrade would bring the data over.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class UpgradeRehearsalTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [NewerServerTheory]
    [InlineData(17)]
    [InlineData(18)]
    public void ComesBackOnANewerServer(int major)
    {
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_upgrade",
            """
            CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, tags text[] DEFAULT '{}');
            CREATE TABLE purchase (id bigserial PRIMARY KEY, customer int REFERENCES customer, at timestamptz) PARTITION BY RANGE (id);
            CREATE TABLE purchase_1 PARTITION OF purchase FOR VALUES FROM (0) TO (1000);
            INSERT INTO customer (name) SELECT 'n' || n FROM generate_series(1, 100) n;
            INSERT INTO purchase (customer, at) SELECT 1 + n % 100, '2026-01-01Z'::timestamptz + n * interval '1 day' FROM generate_series(1, 900) n;
            CREATE MATERIALIZED VIEW totals AS SELECT customer, count(*) FROM purchase GROUP BY customer;
            CREATE FUNCTION f(int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN $1; END';
            SELECT lo_from_bytea(99, 'abc');
            """
        );
        VerificationResult result = Rehearse.Run(backup, request => request with { ServerPath = NewerServers.Programs(major) });
        Assert.StartsWith($"PostgreSQL {major}", result.ServerVersion, StringComparison.Ordinal);
        if (major < server.Cluster.Major)
        {
            // No upgrade: an older server proves nothing.
            Assert.NotEqual(Verdict.Passed, result.Verdict);
            return;
        }

        Assert.NotEqual(Verdict.Failed, result.Verdict);
        foreach (string check in (string[])["restore", "restored_rows", "large_objects", "objects", "state"])
        {
            Assert.True(Rehearse.Check(result, check).Passed, $"{check}: {result.Reason}");
        }

        // Definitions need a pg_dump of that version: without one nothing is claimed.
        CheckResult schema = Rehearse.Check(result, "schema");
        Assert.Equal(schema.Passed ? Verdict.Passed : Verdict.Inconclusive, result.Verdict);
        if (!schema.Passed)
        {
            Assert.Contains($"pg_dump {major}", result.Reason, StringComparison.Ordinal);
            Assert.Contains($"postgresql-client-{major}", result.Remedy, StringComparison.Ordinal);
        }
    }
}
