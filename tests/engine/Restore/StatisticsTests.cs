using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests.Restore;

/// <summary>The planner's statistics are never a reason to discard a restore,
/// and neither they nor anything else makes a restore speak to a foreign server.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class StatisticsTests(ZooServer server)
{
    [PostgresFact(Since = 14)]
    public void AFunctionThatFailsInAnalyzeIsAWarning()
    {
        string backup = BackUp("f07", "07-analyze-statistics", "CREATE TABLE app.other AS SELECT 1 AS a;");
        RestoreResult result = server.Restore(backup, "f07_new", request => request with { Create = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        string warning = Assert.Single(result.Warnings);
        Assert.Contains("ANALYZE of app.person failed", warning, StringComparison.Ordinal);
        Assert.Contains("function norm(text) does not exist", warning, StringComparison.Ordinal);
        Assert.Contains("search_path", warning, StringComparison.Ordinal);
        Assert.Equal(300L, server.Scalar("f07_new", "SELECT count(*) FROM app.person"));
        Assert.Equal(1f, server.Scalar("f07_new", "SELECT reltuples FROM pg_class WHERE oid = 'app.other'::regclass"));
        server.Drop("f07_new");
    }

    [PostgresFact]
    public void AnIndexWhoseExpressionFailsInAnalyzeIsAWarning()
    {
        server.Drop("f07_index");
        server.CreateDatabase("f07_index");
        server.Execute(
            "f07_index",
            """
            CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 100);
            CREATE FUNCTION picky(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN IF pg_catalog.current_setting('application_name') LIKE 'CryoBackup %-%'
                AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid() AND query ~ '^CREATE INDEX') THEN RAISE 'not now'; END IF; RETURN i; END $$;
            CREATE INDEX ON t (picky(id));
            """
        );
        string backup = server.BackUp("f07_index");
        server.Drop("f07_new");
        RestoreResult result = server.Restore(backup, "f07_new", request => request with { Create = true });
        Assert.Contains("not now", Assert.Single(result.Warnings), StringComparison.Ordinal);

        // Within one transaction too, where only what was restored is looked at.
        result = server.Restore(backup, "f07_new", request => request with { Clean = true });
        Assert.Contains("ANALYZE of public.t failed", Assert.Single(result.Warnings), StringComparison.Ordinal);
        server.Drop("f07_new");
        server.Drop("f07_index");
    }

    [PostgresFact]
    public void NoForeignServerIsAsked()
    {
        using var far = new FarServer();
        string backup = BackUp(
            "f27",
            "27-foreign-child",
            """
            CREATE TABLE plain AS SELECT generate_series(1, 5) AS id;
            CREATE VIEW all_of_it AS SELECT id FROM base UNION ALL SELECT id FROM part;
            CREATE MATERIALIZED VIEW near AS SELECT * FROM plain;
            CREATE MATERIALIZED VIEW remote AS SELECT * FROM all_of_it WITH NO DATA;
            CREATE MATERIALIZED VIEW remote_still AS SELECT * FROM remote WITH NO DATA;
            CREATE FUNCTION fetched() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT id FROM public.part; END $$;
            CREATE MATERIALIZED VIEW remote_called AS SELECT * FROM fetched() AS id WITH NO DATA;
            -- Filled at the source, as far as the catalog knows.
            UPDATE pg_class SET relispopulated = true WHERE relname IN ('remote', 'remote_still', 'remote_called');
            """,
            text => text.Replace("port '1'", string.Create(CultureInfo.InvariantCulture, $"port '{far.Port}'"), StringComparison.Ordinal)
        );
        VerificationResult rehearsal = Rehearse.Run(backup, request => request with { AllowSuperuser = true });
        Rehearse.AssertPassed(rehearsal);
        Assert.Contains(rehearsal.LeftOut, item => item.Contains("MATERIALIZED VIEW DATA public.remote:", StringComparison.Ordinal));
        Assert.Contains(rehearsal.LeftOut, item => item.Contains("MATERIALIZED VIEW DATA public.remote_called:", StringComparison.Ordinal));

        RestoreResult result = server.Restore(backup, "f27_new", request => request with { Create = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Contains(
            result.Warnings,
            warning => warning.Contains("No statistics were collected of public.base, public.part,", StringComparison.Ordinal)
        );
        Assert.Contains(
            result.Warnings,
            warning => warning.Contains("MATERIALIZED VIEW DATA public.remote is left out", StringComparison.Ordinal)
        );
        Assert.Contains(
            result.Warnings,
            warning => warning.Contains("MATERIALIZED VIEW DATA public.remote_still is left out", StringComparison.Ordinal)
        );
        Assert.Contains(
            result.Warnings,
            warning => warning.Contains("MATERIALIZED VIEW DATA public.remote_called is left out", StringComparison.Ordinal)
        );
        Assert.Equal(5f, server.Scalar("f27_new", "SELECT reltuples FROM pg_class WHERE relname = 'plain'"));
        Assert.Equal(1f, server.Scalar("f27_new", "SELECT reltuples FROM pg_class WHERE relname = 'part_new'"));
        Assert.Equal(5L, server.Scalar("f27_new", "SELECT count(*) FROM near"));
        Assert.Equal(1L, server.Scalar("f27_new", "SELECT count(*) FROM ONLY base"));

        result = server.Restore(backup, "f27_new", request => request with { Clean = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(0, far.Visits);
        server.Drop("f27_new");
        server.Drop("f27");
    }

    private string BackUp(string name, string disaster, string more, Func<string, string>? change = null)
    {
        string sql = File.ReadAllText(Path.Combine(TestData.Folder("disasters"), disaster, "setup.sql"));
        server.Drop(name);
        server.Drop(name + "_new");
        server.CreateDatabase(name);
        server.Execute(name, "SET allow_system_table_mods = on; " + (change?.Invoke(sql) ?? sql) + more);
        return server.BackUp(name);
    }

    /// <summary>Counts who comes to it, and talks to nobody.</summary>
    private sealed class FarServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private int _visits;

        public FarServer()
        {
            _listener.Start();
            _ = AcceptAsync();
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Visits => _visits;

        public void Dispose() => _listener.Stop();

        private async Task AcceptAsync()
        {
            try
            {
                while (true)
                {
                    using Socket visitor = await _listener.AcceptSocketAsync();
                    Interlocked.Increment(ref _visits);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                // It was stopped.
            }
        }
    }
}
