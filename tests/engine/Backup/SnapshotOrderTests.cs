using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>Traps M11 and M26, rules of truth 1 and 4: what the order of locks and snapshot is for.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class SnapshotOrderTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    [PostgresFact]
    public void SnapshotBeforeLocksIsAConsistentLie()
    {
        ServerEndpoint endpoint = CreateFilled("naive");
        using NpgsqlConnection holder = server.Open("naive");
        Execute(holder, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
        string snapshot = (string)Scalar(holder, "SELECT pg_export_snapshot()")!;

        // The naive order leaves this gap.
        server.Execute("naive", "TRUNCATE filled");

        using var environment = new LibpqEnvironment(endpoint, "naive");
        (int exitCode, string archive, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(ClientTools.Find("pg_dump", 0, CancellationToken.None).Path, "-Fp", "--data-only", "--snapshot=" + snapshot)
            {
                Environment = environment.Variables,
            },
            CancellationToken.None
        );

        Assert.Equal(0, exitCode);
        Assert.Empty(errors);
        Assert.DoesNotContain("witness", archive, StringComparison.Ordinal);
        Assert.Equal(0L, Scalar(holder, "SELECT count(*) FROM filled"));
    }

    [PostgresFact]
    public async Task TruncateWaitsForTheLocksOfTheSnapshot()
    {
        ServerEndpoint endpoint = CreateFilled("ordered");
        await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(
            endpoint,
            "ordered",
            Request("ordered"),
            CancellationToken.None
        );
        await snapshot.TakeAsync(CancellationToken.None);

        var truncate = Task.Run(() => server.Execute("ordered", "TRUNCATE filled"));
        WaitForWaiter("ordered", "TRUNCATE");
        DumpTable table = Assert.Single(snapshot.Tables.Values);
        long[] rows = await snapshot.CountAsync([table, table], CancellationToken.None);
        Assert.Equal([1000, 1000], rows);

        await snapshot.ReleaseAsync(CancellationToken.None);
        await truncate;
    }

    [PostgresFact]
    public async Task SnapshotIsTakenAfterTheLastLock()
    {
        ServerEndpoint endpoint = CreateFilled("late");
        server.Execute("late", "CREATE TABLE gate ()");
        using NpgsqlConnection blocker = server.Open("late");
        Execute(blocker, "BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE");

        await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(endpoint, "late", Request("late"), CancellationToken.None);
        Task take = snapshot.TakeAsync(CancellationToken.None);
        WaitForWaiter("late", "LOCK");
        server.Execute("late", "INSERT INTO filled VALUES ('committed while the backup waited for its locks')");
        Execute(blocker, "COMMIT");
        await take;

        DumpTable table = Assert.Single(snapshot.Tables.Values, table => table.Name == "filled");
        long[] rows = await snapshot.CountAsync([table], CancellationToken.None);
        Assert.Equal([1001], rows);
    }

    [PostgresFact]
    public async Task TableMadeWhileWaitingForLocksIsLockedToo()
    {
        ServerEndpoint endpoint = CreateFilled("made");
        server.Execute("made", "CREATE TABLE gate ()");
        using NpgsqlConnection blocker = server.Open("made");
        Execute(blocker, "BEGIN; LOCK TABLE gate IN ACCESS EXCLUSIVE MODE");

        await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(endpoint, "made", Request("made"), CancellationToken.None);
        Task take = snapshot.TakeAsync(CancellationToken.None);
        WaitForWaiter("made", "LOCK");
        server.Execute("made", "CREATE TABLE young AS SELECT 1 AS id");
        Execute(blocker, "COMMIT");
        await take;

        DumpTable young = Assert.Single(snapshot.Tables.Values, table => table.Name == "young");
        Assert.Equal(
            1L,
            server.Scalar("made", $"SELECT count(*) FROM pg_locks WHERE relation = {young.Oid} AND mode = 'AccessShareLock' AND granted")
        );
    }

    [PostgresFact]
    public void TableWhoseLockIsNotGrantedIsNamedWithItsHolder()
    {
        CreateFilled("locked");
        using NpgsqlConnection blocker = server.Open("locked");
        Execute(blocker, "BEGIN; LOCK TABLE filled IN ACCESS EXCLUSIVE MODE");
        BackupRequest request = Request("locked");
        request = request with { LockTimeout = TimeSpan.FromMilliseconds(300) };

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
        Assert.Equal(CryoBackupError.LockTimeout, failure.Error);
        Assert.Contains($"public.filled (held by process {blocker.ProcessID})", failure.Message, StringComparison.Ordinal);
        Assert.Contains("within 0.3s", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    [PostgresFact]
    public async Task WhoWaitsInFrontIsNamedToo()
    {
        CreateFilled("queued");
        using NpgsqlConnection reader = server.Open("queued");
        Execute(reader, "BEGIN; SELECT count(*) FROM filled");
        using NpgsqlConnection waiter = server.Open("queued");
        int id = waiter.ProcessID;
        var alter = Task.Run(() => Execute(waiter, "ALTER TABLE filled ADD COLUMN extra int"));
        WaitForWaiter("queued", "ALTER");
        BackupRequest request = Request("queued");
        request = request with { LockTimeout = TimeSpan.FromMilliseconds(300) };

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
        Assert.Equal(CryoBackupError.LockTimeout, failure.Error);
        Assert.Contains($"public.filled (awaited by process {id})", failure.Message, StringComparison.Ordinal);
        Execute(reader, "ROLLBACK");
        await alter;
    }

    /// <summary>
    /// A writer that comes between our locks and pg_dump's waits for us, and pg_dump behind it: it would last until a lock time-out,
    /// which pg_dump reports as a statement time-out (trap M26). The writer is let through instead, and the backup begins anew.
    /// </summary>
    [PostgresFact(UnixOnly = true)]
    public async Task WriterThatWaitsForOurLocksIsLetThrough()
    {
        CreateFilled("between");
        using var wrapped = new WrappedPgDump(
            """
            if [ ! -e "$MARKS/paused" ]; then touch "$MARKS/paused"; while [ ! -e "$MARKS/go" ]; do sleep 0.05; done; fi
            exec "$PG_DUMP" "$@"
            """
        );
        using var backup = new RunningBackup(Request("between"));
        wrapped.WaitFor("paused");
        var truncate = Task.Run(() =>
            server.Execute("between", "TRUNCATE filled; INSERT INTO filled VALUES ('after'), ('the'), ('truncate')")
        );
        WaitForWaiter("between", "TRUNCATE");
        wrapped.Set("go");

        BackupInfo info = await backup.ResultAsync();
        await truncate;
        Assert.Equal(3, info.RowCount);
        Assert.Contains(
            backup.Messages,
            message => message is VerboseMessage { Text: var text } && text.Contains("statement timeout", StringComparison.Ordinal)
        );
    }

    /// <summary>Rule 4: a pg_dump that saw another moment than the count is found out.</summary>
    [PostgresFact(UnixOnly = true)]
    public void DumpOfAnotherMomentIsFoundOut()
    {
        CreateFilled("other_moment");

        // A row goes at each attempt: on a busy server pg_dump's first may have had no luck with its locks.
        using var wrapped = new WrappedPgDump(
            """
            "${PG_DUMP%pg_dump}psql" -X -q -c "DELETE FROM filled WHERE ctid = (SELECT min(ctid) FROM filled)" >&2
            for argument; do shift; case $argument in --snapshot=*) ;; *) set -- "$@" "$argument" ;; esac; done
            exec "$PG_DUMP" "$@"
            """
        );

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupWriter.Run(Request("other_moment"), _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        long left = (long)server.Scalar("other_moment", "SELECT count(*) FROM filled")!;
        Assert.Equal(
            string.Create(CultureInfo.InvariantCulture, $"public.filled has {left + 1} rows in the snapshot, and pg_dump wrote {left}."),
            failure.Message
        );
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>Nor may there be more rows than the count: a line break that comes into a value makes two of one.</summary>
    [PostgresFact(UnixOnly = true)]
    public void MoreRowsThanWereCountedAreFoundOut()
    {
        CreateFilled("more_rows");
        using var wrapped = new WrappedPgDump(
            """
            "$PG_DUMP" "$@" > "$MARKS/archive" || exit 1
            LC_ALL=C sed 's/witness 500$/witness\n500/' "$MARKS/archive"
            """
        );

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupWriter.Run(Request("more_rows"), _ => { }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        Assert.Equal("public.filled has 1000 rows in the snapshot, and pg_dump wrote 1001.", failure.Message);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>A pg_dump that leaves out a table which the snapshot shows is found out, even where no row is counted.</summary>
    [PostgresFact(UnixOnly = true)]
    public void DumpWithoutATableIsFoundOut()
    {
        CreateFilled("without");
        using var wrapped = new WrappedPgDump("""exec "$PG_DUMP" "$@" --exclude-table=filled""");
        BackupRequest request = Request("without");
        request = request with { SkipRowCount = true };

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        Assert.Equal("The rows of public.filled cannot be proven: the snapshot shows it, and pg_dump left it out.", failure.Message);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    private ServerEndpoint CreateFilled(string database)
    {
        ServerEndpoint endpoint = server.CreateDatabase(database);
        server.Execute(database, "CREATE TABLE filled AS SELECT 'witness ' || i AS words FROM generate_series(1, 1000) AS i");
        return endpoint;
    }

    private BackupRequest Request(string database) =>
        new()
        {
            Connection = server.Connection,
            Database = database,
            Folder = _destination.Path,
        };

    private void WaitForWaiter(string database, string statement) =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    server.Scalar(
                        "postgres",
                        $"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}' AND wait_event_type = 'Lock' AND query ILIKE "
                            + $"'{statement}%'"
                    )
                        is not null,
                TimeSpan.FromSeconds(60)
            ),
            $"No {statement} waits for a lock."
        );

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private static object? Scalar(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }
}
