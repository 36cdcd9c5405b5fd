using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;
using Npgsql;

namespace CryoBackup.Tests.Security;

/// <summary>
/// Whoever may create in a database, or owns it, gains nothing when a superuser backs it up, proves it or restores it: nothing of that
/// database is called by our sessions (the kind of CVE-2018-1058).
/// </summary>
[Collection("watched")]
[Trait("Runs", "Once")]
public sealed class HostileDatabaseTests : IDisposable
{
    private const string Database = "hostile";
    private readonly TemporaryFolder _folder = new();
    private readonly WatchedServer _server;
    private int _read;

    public HostileDatabaseTests(WatchedServer server)
    {
        _server = server;
        server.Watch();
        HostileDatabase.Create(server, Database);
        _read = server.Log().Length;
    }

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void TheTrapsAreRealOnes()
    {
        // What a session without care meets.
        foreach (
            string sql in (string[])
                [
                    "SELECT count(*) FROM pg_catalog.pg_proc",
                    "SELECT d.datname || 'x'::text FROM pg_catalog.pg_database d",
                    "SELECT 1 FROM pg_class LIMIT 1",
                    "SELECT 'x'::text",
                    "SELECT current_database()",
                    "SELECT to_jsonb(d) FROM pg_catalog.pg_database d",
                ]
        )
        {
            _server.Execute("postgres", $"ALTER ROLE {HostileDatabase.Owner} NOSUPERUSER");
            using (NpgsqlConnection careless = PostgresServer.Open(_server.Endpoint.WithDatabase(Database)))
            {
                try
                {
                    using var command = new NpgsqlCommand(sql, careless);
                    command.ExecuteScalar();
                }
                catch (PostgresException)
                {
                    // A trap may answer what the query cannot use.
                }
            }

            Assert.True((bool)_server.Scalar("postgres", $"SELECT rolsuper FROM pg_roles WHERE rolname = '{HostileDatabase.Owner}'")!, sql);
        }

        _server.Execute("postgres", $"ALTER ROLE {HostileDatabase.Owner} NOSUPERUSER");
    }

    [PostgresFact]
    public async Task NothingIsCalledByBackups()
    {
        BackUp();
        AssertQuiet("New");
        using (NpgsqlConnection holder = PostgresServer.Open(_server.Endpoint.WithDatabase(Database)))
        {
            using var hold = new NpgsqlCommand(
                "SET search_path = pg_catalog; BEGIN; LOCK TABLE public.orders IN ACCESS EXCLUSIVE MODE",
                holder
            );
            hold.ExecuteNonQuery();
            Assert.Throws<CryoBackupException>(() => BackUp(request => request with { LockTimeout = TimeSpan.FromSeconds(1) }));
            AssertQuiet("New, locked out");
        }

        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Task.Run(() => BackupWriter.Run(Request(), message => CancelAtRows(message, cancellation), cancellation.Token))
        );
        AssertQuiet("New, cancelled");
        Assert.Throws<CryoBackupException>(() => BackUp(request => request with { ExcludeTable = ["public.customers", "public.nothing"] }));
        Assert.Throws<CryoBackupException>(() => BackUp(request => request with { Timeout = TimeSpan.FromMilliseconds(1) }));
        BackUp(request => request with { ExcludeTable = ["public.customers"] });
        AssertQuiet("New, failing");

        Assert.Contains(Database, DatabaseNames.TryList(_server.Connection, TimeSpan.FromMinutes(1)));
        Assert.Equal(
            [Database],
            DatabaseList.Read(
                new DatabaseSelection { Include = [Database] },
                _server.Connection,
                Database,
                static _ => { },
                CancellationToken.None
            )
        );
        AssertQuiet("the list of databases");
    }

    [PostgresFact]
    public void NothingIsCalledByRehearsals()
    {
        string backup = BackUp().Path;
        foreach (
            VerificationResult result in (VerificationResult[])
                [
                    Rehearse.Run(backup),
                    Rehearse.Run(backup, request => request with { Connection = _server.Connection, Force = true, AllowSuperuser = true }),
                ]
        )
        {
            // What else is compared is others' business.
            Assert.Equal(CheckOutcome.Passed, Rehearse.Check(result, "restored_rows").Outcome);
            Assert.Equal(CheckOutcome.Passed, Rehearse.Check(result, "state").Outcome);
        }

        AssertQuiet("Test");
    }

    [PostgresFact]
    public async Task NothingIsCalledByRestores()
    {
        string backup = BackUp().Path;
        Drop("hostile_copy");
        RestoreEach(backup, "hostile_copy", request => request with { Create = true });
        AssertQuiet("Restore -Create");
        Assert.Throws<CryoBackupException>(() => Restore(backup, "hostile_copy", request => request with { Create = true }));
        Assert.Throws<CryoBackupException>(() => Restore(backup, "hostile_copy", static request => request));
        Assert.Throws<CryoBackupException>(() => Restore(backup, "hostile_copy", request => request with { DataOnly = true }));
        AssertQuiet("Restore, refused");

        RestoreEach(backup, "hostile_copy", request => request with { Clean = true, Force = true });
        RestoreEach(backup, "hostile_copy", request => request with { Clean = true, Force = true, Table = ["public.orders"] });
        AssertQuiet("Restore -Clean");
        _server.Execute("hostile_copy", "SET search_path = pg_catalog; CREATE VIEW public.mine AS SELECT id FROM public.orders");
        Assert.Throws<CryoBackupException>(() => Restore(backup, "hostile_copy", request => request with { Clean = true, Force = true }));
        AssertQuiet("Restore -Clean, failing");

        RestoreEach(backup, "hostile_copy", request => request with { Swap = true, Force = true });
        AssertQuiet("Restore -Swap");
        _server.Execute("hostile_copy", "SET search_path = pg_catalog; TRUNCATE public.customers, public.orders");
        RestoreEach(
            backup,
            "hostile_copy",
            request => request with { DataOnly = true, Force = true, Table = ["public.customers", "public.orders"] }
        );
        AssertQuiet("Restore -DataOnly");

        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Task.Run(() =>
                BackupRestorer.Run(
                    Wish(backup, "hostile_copy", request => request with { Swap = true, Force = true }),
                    message => CancelAtRows(message, cancellation),
                    cancellation.Token
                )
            )
        );
        AssertQuiet("Restore -Swap, cancelled");
    }

    /// <summary>Not even the loading of types, nor the reset of a pooled session: what comes first empties the path.</summary>
    [PostgresFact]
    public void NoSessionSendsAnythingBeforeItsSearchPathIsEmpty()
    {
        string backup = BackUp().Path;
        Rehearse.Run(backup, request => request with { Connection = _server.Connection, Force = true, AllowSuperuser = true });
        Drop("hostile_copy");
        Restore(backup, "hostile_copy", request => request with { Create = true });
        IReadOnlyList<(string Application, string Sql)> first = _server.FirstStatements("CryoBackup ");
        Assert.True(first.Count(session => session.Application.Contains('-', StringComparison.Ordinal)) > 8, "too few sessions were seen");
        Assert.All(
            first,
            session => Assert.StartsWith("SELECT pg_catalog.set_config('search_path', '', false)", session.Sql, StringComparison.Ordinal)
        );
        AssertQuiet("all");
    }

    private static void CancelAtRows(EngineMessage message, CancellationTokenSource cancellation)
    {
        if (message is ProgressMessage)
        {
            cancellation.Cancel();
        }
    }

    private BackupInfo BackUp(Func<BackupRequest, BackupRequest>? change = null)
    {
        BackupRequest request = Request();
        request = change?.Invoke(request) ?? request;
        return BackupWriter.Run(request, static _ => { }, CancellationToken.None);
    }

    private BackupRequest Request() =>
        new()
        {
            Connection = _server.Connection,
            Database = Database,
            Folder = _folder.Path,
            IncludeGlobals = true,
        };

    /// <summary>The plan, then the deed.</summary>
    private void RestoreEach(string backup, string database, Func<RestoreRequest, RestoreRequest> change)
    {
        Restore(backup, database, request => change(request) with { PlanOnly = true });
        Restore(backup, database, change);
    }

    private void Restore(string backup, string database, Func<RestoreRequest, RestoreRequest> change) =>
        BackupRestorer.Run(Wish(backup, database, change), static _ => { }, CancellationToken.None);

    private RestoreRequest Wish(string backup, string database, Func<RestoreRequest, RestoreRequest> change)
    {
        RestoreRequest request = Requests.Restore(_server.Connection, backup, database);
        return change(request);
    }

    private void Drop(string database) => _server.Execute("postgres", $"DROP DATABASE IF EXISTS {database} WITH (FORCE)");

    private void AssertQuiet(string what)
    {
        Assert.False(
            (bool)_server.Scalar("postgres", $"SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = '{HostileDatabase.Owner}'")!,
            what
        );
        string log = _server.Log();
        string[] sprung =
        [
            .. log[_read..]
                .Split('\n')
                .Where(line =>
                    line.Contains(HostileDatabase.Trace, StringComparison.Ordinal) && line.Contains("|LOG:  ", StringComparison.Ordinal)
                )
                .Take(3),
        ];
        Assert.True(sprung.Length == 0, $"{what}: {string.Join('\n', sprung)}");
        _read = log.Length;
    }
}
