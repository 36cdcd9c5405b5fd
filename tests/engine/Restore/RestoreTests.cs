using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Tests.Backup;

namespace CryoBackup.Tests.Restore;

/// <summary>A whole backup back into a database, and every reason not to.</summary>
[Collection("postgres")]
public sealed class RestoreTests : IDisposable
{
    private const string Source = "restore_source";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _folder = new();

    public RestoreTests(PostgresServer server)
    {
        _server = server;
        if (
            ServerPrograms.ReasonToSkip is null
            && server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Source}'") is null
        )
        {
            server.CreateDatabase(Source);
            server.Execute(
                Source,
                """
                CREATE FUNCTION nap(int) RETURNS boolean LANGUAGE sql VOLATILE
                    AS $$ SELECT pg_catalog.pg_sleep(coalesce(pg_catalog.current_setting('nap.seconds', true), '0')::float8) IS NOT NULL $$;
                CREATE TABLE people (id serial PRIMARY KEY, name text NOT NULL);
                INSERT INTO people (name) SELECT 'person ' || i FROM generate_series(1, 1000) AS i;
                CREATE TABLE visits (person int REFERENCES people, at timestamptz, CHECK (public.nap(person)));
                INSERT INTO visits SELECT i, to_timestamp(i) FROM generate_series(1, 300) AS i;
                """
            );
        }
    }

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void IntoANewDatabase()
    {
        BackupInfo backup = BackUp();
        _server.Execute("postgres", "DROP DATABASE IF EXISTS restore_new");
        RestoreResult result = Run(backup.Path, "restore_new", create: true);
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Equal(Source, result.SourceDatabase);
        Assert.Equal([("people", 1000L), ("visits", 300L)], result.Tables.Select(table => (table.Name, table.FoundRows!.Value)).Order());
        Assert.All(result.Tables, table => Assert.True(table.Matches));
        Assert.Contains("TABLE public.people", result.Objects);
        Assert.Equal(1300L, _server.Scalar("restore_new", "SELECT (SELECT count(*) FROM people) + (SELECT count(*) FROM visits)"));
        _server.Execute("restore_new", "INSERT INTO people (name) VALUES ('next')");
        Assert.Equal(1001, _server.Scalar("restore_new", "SELECT max(id) FROM people"));
    }

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(3)]
    public void IntoAnEmptyDatabase(int jobs)
    {
        BackupInfo backup = BackUp();
        _server.CreateDatabase("restore_empty");
        RestoreResult result = BackupRestorer.Run(
            Requests.Restore(_server.Connection, backup.Path, "restore_empty") with
            {
                Jobs = jobs,
            },
            _ => { },
            CancellationToken.None
        );
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.All(result.Tables, table => Assert.True(table.Matches));
    }

    [PostgresFact]
    public void ExistingDatabaseIsNotMadeAgain()
    {
        BackupInfo backup = BackUp();
        _server.CreateDatabase("restore_exists");
        CryoBackupException failure = Fails(backup.Path, "restore_exists", create: true);
        Assert.Equal(CryoBackupError.DatabaseExists, failure.Error);
        Assert.Contains("nothing was changed", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0L, _server.Scalar("restore_exists", "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"));
    }

    [PostgresTheory]
    [InlineData("CREATE TABLE present ()", "public.present")]
    [InlineData("CREATE VIEW present AS SELECT 1", "public.present")]
    [InlineData("CREATE FUNCTION present() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.present()")]
    [InlineData("CREATE TYPE present AS ENUM ('a')", "type public.present")]
    [InlineData("CREATE SCHEMA present", "schema present")]
    [InlineData("SELECT lo_create(4711)", "large object 4711")]
    public void DatabaseWithAnythingInItIsRefused(string sql, string found)
    {
        BackupInfo backup = BackUp();
        _server.CreateDatabase("restore_filled");
        _server.Execute("restore_filled", sql);
        CryoBackupException failure = Fails(backup.Path, "restore_filled", create: false);
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, failure.Error);
        Assert.Contains($"(it has {found})", failure.Message, StringComparison.Ordinal);
        Assert.Null(_server.Scalar("restore_filled", "SELECT to_regclass('people')::text"));
    }

    [PostgresFact]
    public void MissingDatabaseIsNotMadeUnasked()
    {
        CryoBackupException failure = Fails(BackUp().Path, "restore_missing", create: false);
        Assert.Equal(CryoBackupError.DatabaseNotFound, failure.Error);
        Assert.Contains("-Create", failure.Remedy, StringComparison.Ordinal);
        Assert.Null(_server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'restore_missing'"));
    }

    /// <summary>What speaks against the backup is found before anything is changed.</summary>
    [PostgresFact]
    public void DamagedBackupDoesNotReachTheServer()
    {
        BackupInfo backup = BackUp();
        byte[] bytes = File.ReadAllBytes(backup.Path);
        bytes[bytes.Length / 2] ^= 0x10;
        File.WriteAllBytes(backup.Path, bytes);
        Assert.Equal(CryoBackupError.HashMismatch, Fails(backup.Path, "restore_damaged", create: true).Error);
        Assert.Equal(CryoBackupError.BackupNotFound, Fails(backup.Path + ".gone", "restore_damaged", create: true).Error);
        Assert.Null(_server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'restore_damaged'"));
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void PlanChangesNothing(bool create)
    {
        BackupInfo backup = BackUp();
        if (!create)
        {
            _server.CreateDatabase("restore_planned");
        }

        RestoreRequest request = Requests.Restore(_server.Connection, backup.Path, "restore_planned") with
        {
            Create = create,
            PlanOnly = true,
        };
        RestoreResult plan = BackupRestorer.Run(request, _ => { }, CancellationToken.None);
        Assert.Equal(RestoreStatus.Planned, plan.Status);
        Assert.Contains("TABLE DATA public.visits", plan.Objects);
        Assert.All(plan.Tables, table => Assert.True(table.ExpectedRows > 0 && table.FoundRows is null));
        Assert.Equal(create ? 0L : 1L, _server.Scalar("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'restore_planned'"));
        if (!create)
        {
            Assert.Equal(
                0L,
                _server.Scalar("restore_planned", "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
            );
            _server.Execute("postgres", "DROP DATABASE restore_planned");
        }
    }

    [PostgresTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task CancelledInTheMiddle(bool byTimeLimit)
    {
        BackupInfo backup = BackUp();
        using var user = new CancellationTokenSource();
        ConnectionRequest connection = _server.Connection;
        _server.Execute("postgres", "ALTER ROLE CURRENT_USER SET nap.seconds = '0.1'");
        try
        {
            Task<RestoreResult> restore = Task.Run(() =>
                BackupRestorer.Run(
                    Requests.Restore(connection, backup.Path, "restore_cancelled") with
                    {
                        Create = true,
                        Timeout = byTimeLimit ? TimeSpan.FromSeconds(10) : null,
                    },
                    _ => { },
                    user.Token
                )
            );
            Assert.True(SpinWait.SpinUntil(() => IsCopying() || restore.IsCompleted, TimeSpan.FromSeconds(60)));
            if (byTimeLimit)
            {
                CryoBackupException failure = await Assert.ThrowsAsync<CryoBackupException>(() => restore);
                Assert.Equal(CryoBackupError.Cancelled, failure.Error);
                Assert.Contains("dropped again", failure.Message, StringComparison.Ordinal);
            }
            else
            {
                await user.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restore);
            }
        }
        finally
        {
            _server.Execute("postgres", "ALTER ROLE CURRENT_USER RESET nap.seconds");
        }

        Assert.Null(
            _server.Scalar(
                "postgres",
                "SELECT 1 FROM pg_database WHERE datname = 'restore_cancelled' OR datname LIKE 'cryobackup\\_restore\\_%'"
            )
        );
        await Leftovers.AssertNoneAsync(_server, "restore_cancelled");

        bool IsCopying() =>
            _server.Scalar(
                "postgres",
                "SELECT 1 FROM pg_stat_activity WHERE datname LIKE 'cryobackup\\_restore\\_%' AND query LIKE 'COPY public.visits%'"
            )
                is not null;
    }

    /// <summary>Trap M8: pg_restore's exit code is 1 for everything; the entry that failed is what the administrator must know.</summary>
    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void FailureNamesItsObject(int jobs)
    {
        CryoBackupException failure = FailStrictly(
            """
            CREATE TABLE picky (id int CHECK (public.is_allowed(id)));
            INSERT INTO picky VALUES (7);
            """,
            jobs
        );
        Assert.Equal("TABLE DATA public.picky", failure.Target);
        Assert.Contains(", at TABLE DATA public.picky: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            "violates check constraint \"picky_id_check\" (SQLSTATE 23514; Failing row contains (7)).",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(" The statement: COPY public.picky (id) FROM stdin.", failure.Message, StringComparison.Ordinal);
    }

    [PostgresTheory]
    [InlineData(1)]
    [InlineData(2)]
    public void FailureTellsAllThatTheServerSaid(int jobs)
    {
        CryoBackupException failure = FailStrictly(
            """
            CREATE FUNCTION refuse(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
                IF NOT public.is_allowed(id) THEN RAISE 'not here' USING ERRCODE = 'CB123', DETAIL = 'It is elsewhere.', HINT = 'Go there.'; END IF;
                RETURN id; END $$;
            CREATE TABLE indexed (id int);
            INSERT INTO indexed VALUES (7);
            CREATE INDEX by_refusal ON indexed (public.refuse(id));
            """,
            jobs
        );
        Assert.Equal("INDEX public.by_refusal", failure.Target);
        Assert.Contains(
            "ERROR:  not here (SQLSTATE CB123; It is elsewhere). PostgreSQL's hint: Go there.",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            " The statement: CREATE INDEX by_refusal ON public.indexed USING btree (public.refuse(id)).",
            failure.Message,
            StringComparison.Ordinal
        );
    }

    /// <summary>A restored table that differs is a failure, although pg_restore was content.</summary>
    [PostgresFact]
    public void RowsThatSomebodyChangesAreFoundOut()
    {
        _server.CreateDatabase("restore_meddled");
        _server.Execute("restore_meddled", "CREATE TABLE meddled AS SELECT i AS id FROM generate_series(1, 5) AS i");
        BackupInfo backup = BackUp("restore_meddled");
        _server.CreateDatabase("restore_changed");

        // A trigger of the target's own, on every table that is made in it: what no backup can foresee.
        _server.Execute(
            "restore_changed",
            """
            CREATE FUNCTION pg_catalog.meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 3 THEN NEW.id := 33; END IF; RETURN NEW; END $$;
            CREATE FUNCTION pg_catalog.on_table() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                IF to_regclass('public.meddled') IS NOT NULL THEN CREATE TRIGGER meddle BEFORE INSERT ON public.meddled FOR EACH ROW EXECUTE FUNCTION pg_catalog.meddle(); END IF; END $$;
            CREATE EVENT TRIGGER on_table ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION pg_catalog.on_table();
            """
        );
        CryoBackupException failure = Fails(backup.Path, "restore_changed", create: false);
        Assert.Equal(CryoBackupError.RestoreFailed, failure.Error);
        Assert.Equal("public.meddled", failure.Target);
        Assert.Contains("public.meddled has 5 rows (fingerprint ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("has what was restored, but it is not what was expected", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>Restores a database with what is allowed nowhere else.</summary>
    private CryoBackupException FailStrictly(string sql, int jobs)
    {
        _server.CreateDatabase("restore_strict");
        _server.Execute(
            "restore_strict",
            """
            CREATE TABLE harmless AS SELECT 1 AS id;
            CREATE FUNCTION is_allowed(int) RETURNS boolean LANGUAGE sql AS $$ SELECT pg_catalog.current_database() = 'restore_strict' $$;
            """ + sql
        );
        BackupInfo backup = BackUp("restore_strict");
        _server.Execute("postgres", "DROP DATABASE IF EXISTS restore_failing");
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupRestorer.Run(
                Requests.Restore(_server.Connection, backup.Path, "restore_failing") with
                {
                    Create = true,
                    Jobs = jobs,
                },
                _ => { },
                CancellationToken.None
            )
        );
        Assert.Equal(CryoBackupError.RestoreFailed, failure.Error);
        Assert.Contains("was dropped again", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.StandardError);
        Assert.Null(_server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'restore_failing'"));
        return failure;
    }

    private BackupInfo BackUp(string database = Source) =>
        BackupWriter.Run(Requests.Backup(_server.Connection, database, _folder.Path), _ => { }, CancellationToken.None);

    private RestoreResult Run(string path, string target, bool create) =>
        BackupRestorer.Run(Requests.Restore(_server.Connection, path, target) with { Create = create }, _ => { }, CancellationToken.None);

    private CryoBackupException Fails(string path, string target, bool create) =>
        Assert.Throws<CryoBackupException>(() => Run(path, target, create));
}
