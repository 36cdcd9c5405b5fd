using CryoBackup.Verification;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>A rehearsal on a server that the user names: a scratch database, dropped after.</summary>
[Collection("rehearsed and encrypted")]
public sealed class NamedServerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PostgresServer _server;
    private readonly string _backup;

    public NamedServerTests(PostgresServer server)
    {
        _server = server;
        server.Execute(
            "postgres",
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rehearser') "
                + "THEN CREATE ROLE rehearser LOGIN CREATEDB PASSWORD 'x'; END IF; END $$"
        );
        _backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_named",
            """
            CREATE EXTENSION hstore; CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 10); GRANT SELECT ON t TO PUBLIC;
            CREATE PUBLICATION p FOR TABLE t; COMMENT ON TABLE t IS 'c';
            """
        );
    }

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void PassesAndDropsTheScratchDatabase()
    {
        // One that died before left a database, and one that was kept another.
        _server.Execute("postgres", "CREATE DATABASE cryobackup_rehearsal_20260101_000000_1_1");
        _server.Execute("postgres", "CREATE DATABASE cryobackup_rehearsal_20260101_000000_1_2");
        _server.Execute(
            "postgres",
            "COMMENT ON DATABASE cryobackup_rehearsal_20260101_000000_1_2 IS 'Kept'; ALTER DATABASE "
                + "cryobackup_rehearsal_20260101_000000_1_1 OWNER TO rehearser; ALTER DATABASE "
                + "cryobackup_rehearsal_20260101_000000_1_2 OWNER TO rehearser"
        );
        VerificationResult result = Rehearse.Run(_backup, request => Name(request, "rehearser", force: true));
        Rehearse.AssertPassed(result);
        Assert.Contains(result.LeftOut, line => line.StartsWith("PUBLICATION p", StringComparison.Ordinal));
        Assert.Contains(result.LeftOut, line => line.StartsWith("ACL public.TABLE t", StringComparison.Ordinal));
        Assert.Equal(
            "cryobackup_rehearsal_20260101_000000_1_2",
            _server.Scalar("postgres", "SELECT string_agg(datname, ' ') FROM pg_database WHERE datname LIKE 'cryobackup\\_rehearsal\\_%'")
        );
        _server.Execute("postgres", "DROP DATABASE cryobackup_rehearsal_20260101_000000_1_2");
    }

    [PostgresFact]
    public void KeepsTheScratchDatabaseWhereToldTo()
    {
        VerificationResult result = Rehearse.Run(_backup, request => Name(request, "rehearser", force: true) with { Keep = true });
        Rehearse.AssertPassed(result);
        string database = (string)
            _server.Scalar("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'cryobackup\\_rehearsal\\_%'")!;
        Assert.EndsWith($"-U rehearser {database}", result.Kept, StringComparison.Ordinal);
        Assert.Equal(10L, _server.Scalar(database, "SELECT count(*) FROM t"));

        // Nor does the next one remove it.
        Rehearse.AssertPassed(Rehearse.Run(_backup, request => Name(request, "rehearser", force: true)));
        Assert.Equal(
            database,
            _server.Scalar("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'cryobackup\\_rehearsal\\_%'")
        );
        _server.Execute("postgres", $"DROP DATABASE {database}");
    }

    [PostgresFact]
    public void IsRefusedOnTheBackupsOwnServerAndForASuperuser()
    {
        VerificationResult own = Rehearse.Run(_backup, request => Name(request, "rehearser", force: false));
        Assert.Equal(Verdict.Inconclusive, own.Verdict);
        Assert.Contains("the server that the backup came from", own.Reason, StringComparison.Ordinal);
        VerificationResult superuser = Rehearse.Run(_backup, request => Name(request, "postgres", force: true));
        Assert.Equal(Verdict.Inconclusive, superuser.Verdict);
        Assert.Contains("is a superuser", superuser.Reason, StringComparison.Ordinal);
    }

    private VerificationRequest Name(VerificationRequest request, string role, bool force) =>
        request with
        {
            Connection = _server.Connection with { UserName = role, Password = role == "rehearser" ? "x" : _server.Connection.Password },
            Force = force,
        };
}
