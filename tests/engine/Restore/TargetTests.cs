using System.Diagnostics;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>What is wrong with the target, or goes wrong there, has its own error, and the error tells the target's state truly.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class TargetTests(ZooServer server)
{
    [PostgresFact]
    public void AnotherEncoding()
    {
        string backup = server.Backup;
        server.CreateDatabase("target_latin", "ENCODING 'LATIN1' LOCALE 'C'");
        CryoBackupException e = server.Fail(backup, "target_latin", request => request);
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("LATIN1", e.Message, StringComparison.Ordinal);
        Assert.Contains("UTF8", e.Message, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        Assert.Contains("-Create", e.Remedy, StringComparison.Ordinal);
    }

    /// <summary>The backup of a template makes one, which is dropped again all the same.</summary>
    [PostgresFact]
    public async Task ATemplateThatAFailedRestoreMadeIsDropped()
    {
        server.CreateDatabase("target_template", "IS_TEMPLATE true");
        Assert.Null(await TargetDatabase.TryDropAsync(server.Endpoint.WithDatabase("target_template"), "CryoBackup tests"));
        Assert.Equal(0L, server.Scalar("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'target_template'"));
    }

    [PostgresFact]
    public void AnotherEncodingByForce()
    {
        server.CreateDatabase("target_words");
        server.Execute("target_words", "CREATE TABLE word (t text); INSERT INTO word VALUES ('Bär')");
        string backup = server.BackUp("target_words");
        server.CreateDatabase("target_latin", "ENCODING 'LATIN1' LOCALE 'C'");
        Assert.Equal(RestoreStatus.Restored, server.Restore(backup, "target_latin", request => request with { Force = true }).Status);

        server.Execute("target_words", "INSERT INTO word VALUES ('€')");
        backup = server.BackUp("target_words");
        server.CreateDatabase("target_latin", "ENCODING 'LATIN1' LOCALE 'C'");
        CryoBackupException e = server.Fail(backup, "target_latin", request => request with { Force = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("no equivalent in encoding \"LATIN1\"", e.Message, StringComparison.Ordinal);
        Assert.Contains("'target_latin' was empty before and now holds a part of the backup", e.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void SmallerEncodingsFitIntoLargerOnes()
    {
        server.CreateDatabase("target_words", "ENCODING 'LATIN1' LOCALE 'C'");
        server.Execute("target_words", "CREATE TABLE word (t text); INSERT INTO word VALUES ('Bär')");
        string backup = server.BackUp("target_words");
        server.CreateDatabase("target_utf8");
        server.Restore(backup, "target_utf8", request => request);
        Assert.Equal("Bär", server.Scalar("target_utf8", "SELECT t FROM word"));
    }

    [PostgresFact(UnixOnly = true)]
    public void ExtensionsAndRolesAreMissing()
    {
        const string Roles =
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'target_gone') THEN CREATE ROLE target_gone; END IF; END $$";
        server.CreateDatabase("target_lacking");
        server.Execute("target_lacking", Roles);
        server.Execute(
            "target_lacking",
            "CREATE EXTENSION unaccent; CREATE TABLE t (id int); ALTER TABLE t OWNER TO target_gone; GRANT SELECT ON t TO pg_monitor; "
                + "CREATE TABLE u (id int)"
        );
        string backup = server.BackUp("target_lacking");
        server.Drop("target_lacking");
        server.Execute("postgres", "DROP ROLE target_gone");

        using (server.Installation.Without("unaccent"))
        {
            CryoBackupException both = server.Fail(backup, "target_new", request => request with { Create = true });
            Assert.Equal(CryoBackupError.ObjectNotFound, both.Error);
            Assert.Contains("target_gone", both.Message, StringComparison.Ordinal);
            Assert.Contains("unaccent", both.Message, StringComparison.Ordinal);
            Assert.Contains("-NoOwner", both.Remedy, StringComparison.Ordinal);
            Assert.Contains("postgresql-contrib", both.Remedy, StringComparison.Ordinal);

            // What is not asked for is not needed.
            server.Drop("target_new");
            server.Restore(backup, "target_new", request => request with { Create = true, Table = ["u"] });
        }

        server.Drop("target_new");
        server.Restore(backup, "target_new", request => request with { Create = true, NoOwner = true });
        Assert.Equal("postgres", server.Scalar("target_new", "SELECT relowner::regrole::text FROM pg_class WHERE relname = 't'"));
    }

    [FullDiskFact]
    public void TheDiskIsFull()
    {
        using var folder = new TemporaryFolder();
        using SmallDisk disk = SmallDisk.TryMount(folder.Path, 12)!;
        string space = Directory.CreateDirectory(folder.Path + "/space").FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                folder.Path,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.OtherRead
                    | UnixFileMode.OtherExecute
            );
            UnixAccount.ForServer()!.Own(space);
        }

        server.Execute("postgres", $"CREATE TABLESPACE target_small LOCATION '{space}'");
        try
        {
            server.CreateDatabase("target_large");
            server.Execute(
                "target_large",
                "CREATE TABLE t (id int, filler text) TABLESPACE target_small; INSERT INTO t SELECT n, repeat('x', 90) "
                    + "FROM generate_series(1, 60000) n"
            );
            string backup = server.BackUp("target_large");
            CryoBackupException e = server.Fail(backup, "target_new2", request => request with { Create = true, Jobs = 1 });
            Assert.Equal(CryoBackupError.DiskFull, e.Error);
            Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
            Assert.Contains("There is no database 'target_new2'.", e.Message, StringComparison.Ordinal);
            Assert.Contains("was dropped again", e.Message, StringComparison.Ordinal);

            server.CreateDatabase("target_empty");
            e = server.Fail(backup, "target_empty", request => request with { Jobs = 1 });
            Assert.Equal(CryoBackupError.DiskFull, e.Error);
            Assert.Contains("now holds a part of the backup", e.Message, StringComparison.Ordinal);
            Assert.Equal(0, server.CountTemporary());
        }
        finally
        {
            server.Drop("target_large");
            server.Drop("target_empty");
            server.Drop("target_new2");
            server.Execute("postgres", "DROP TABLESPACE target_small");
        }
    }

    [PostgresFact]
    public async Task TheConnectionToAnEmptyDatabaseIsLost()
    {
        using var slow = new SlowRestore(server, server.BackUp);
        server.CreateDatabase("target_lost");
        CryoBackupException e = await LoseAsync(slow, Moment.Rows, "target_lost", request => request);
        Assert.Contains("'target_lost' was empty before and now holds a part of the backup", e.Message, StringComparison.Ordinal);
        Assert.Equal(1000L, server.Scalar("target_lost", "SELECT count(*) FROM a"));
    }

    /// <summary>What was not compared to the end is not said to differ.</summary>
    [PostgresFact]
    public async Task TheConnectionIsLostDuringTheComparison()
    {
        using var slow = new SlowRestore(server, server.BackUp);
        server.CreateDatabase("target_lost");
        CryoBackupException e = await LoseAsync(slow, Moment.Comparison, "target_lost", request => request);
        Assert.Contains("'target_lost' has what was restored, but was not compared to the end.", e.Message, StringComparison.Ordinal);
        slow.Release();
        Assert.Equal(1000L, server.Scalar("target_lost", "SELECT count(*) FROM a"));
    }

    /// <summary>The next restore removes what one that died has left, and says so, wherever it goes.</summary>
    [PostgresFact]
    public void WhatADeadOneHasLeftIsRemoved()
    {
        server.CreateDatabase("target_small");
        server.Execute("target_small", "CREATE TABLE a AS SELECT 1 AS id");
        string backup = server.BackUp("target_small");
        server.CreateDatabase("target_empty");
        foreach (bool clean in (bool[])[false, true])
        {
            server.CreateDatabase("cryobackup_restore_0123456789abcdef");
            RestoreResult result = server.Restore(backup, "target_empty", request => request with { Clean = clean });
            Assert.Contains(
                "Removed the database 'cryobackup_restore_0123456789abcdef', which a restore that died had left.",
                result.Warnings
            );
            Assert.Equal(0, server.CountTemporary());
        }
    }

    [PostgresFact]
    public async Task TheConnectionIsLostDuringClean()
    {
        using var slow = new SlowRestore(server, server.BackUp);
        server.Execute("slow", "DELETE FROM a WHERE id > 5");
        foreach (Moment moment in (Moment[])[Moment.Rows, Moment.Index])
        {
            CryoBackupException e = await LoseAsync(slow, moment, "slow", request => request with { Clean = true });
            Assert.Contains("'slow' is as it was before: the restore was one transaction", e.Message, StringComparison.Ordinal);
            Assert.Equal(5L, server.Scalar("slow", "SELECT count(*) FROM a"));
        }
    }

    [PostgresFact]
    public async Task TheConnectionIsLostWhileRowsComeIn()
    {
        using var slow = new SlowRestore(server, server.BackUp);
        server.Execute("slow", "TRUNCATE a, b, c");
        CryoBackupException e = await LoseAsync(slow, Moment.Rows, "slow", request => request with { DataOnly = true });
        Assert.Contains("'slow' is as it was before", e.Message, StringComparison.Ordinal);
        Assert.Equal(0L, server.Scalar("slow", "SELECT count(*) FROM a"));
    }

    [PostgresFact(UnixOnly = true)]
    public async Task TheServerDies()
    {
        using var mortal = new ZooServer();
        mortal.CreateDatabase("old");
        using var slow = new SlowRestore(mortal, mortal.BackUp);
        Task<CryoBackupException> failing = Task.Run(() =>
            mortal.Fail(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 })
        );
        slow.MeetAt(Moment.Index);

        // One backend's violent death takes all others with it, and the server starts anew.
        int backend = (int)
            mortal.Scalar(
                "postgres",
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND query LIKE 'CREATE INDEX %'"
            )!;
        using (var process = Process.GetProcessById(backend))
        {
            process.Kill();
        }

        CryoBackupException e = await failing;
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains("The database 'old' serves on as it was.", e.Message, StringComparison.Ordinal);
        Assert.True(SpinWait.SpinUntil(() => Answers(mortal), TimeSpan.FromSeconds(60)));
        slow.AssertOldOneServes();

        // Dropped, or told to be there and removed by the next run.
        bool left = mortal.CountTemporary() == 1;
        Assert.Equal(left, e.Message.Contains("the next restore on this server removes it", StringComparison.Ordinal));
        mortal.Restore(slow.Backup, "next", request => request with { Create = true, SchemaOnly = true });
        Assert.Equal(0, mortal.CountTemporary());
    }

    /// <summary>Terminated whenever it may be, a restore is whole, or it says truly what is there.</summary>
    [PostgresFact]
    public async Task TheConnectionIsLostAtRandom()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        string backup = server.Backup;
        server.LoadZoo("target_cleaned");
        server.Execute("target_cleaned", "DELETE FROM zoo.value");
        string before = server.Dump("target_cleaned");
        foreach (RestoreMode mode in (RestoreMode[])[RestoreMode.Create, RestoreMode.Empty, RestoreMode.Clean, RestoreMode.Empty])
        {
            server.Drop("target_random");
            if (mode == RestoreMode.Empty)
            {
                server.CreateDatabase("target_random");
            }

            string target = mode == RestoreMode.Clean ? "target_cleaned" : "target_random";
            Task<RestoreResult> restoring = Task.Run(() =>
                server.Restore(
                    backup,
                    target,
                    request =>
                        request with
                        {
                            Create = mode == RestoreMode.Create,
                            Clean = mode == RestoreMode.Clean,
                            Jobs = mode == RestoreMode.Create ? 2 : 1,
                        }
                )
            );
            string where = $"{mode}, seed {seed}";
            Assert.True(
                SpinWait.SpinUntil(
                    () =>
                        restoring.IsCompleted
                        || server.Scalar(
                            "postgres",
                            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'pg_restore' OR (application_name LIKE "
                                + "'CryoBackup %-%' AND query ~ '^(CREATE|ALTER|DROP|COPY)')"
                        )
                            is not null,
                    TimeSpan.FromMinutes(1)
                ),
                where
            );
            await Task.Delay(random.Next(400));
            server.Execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%'"
            );
            try
            {
                Assert.Equal(RestoreStatus.Restored, (await restoring).Status);
            }
            catch (CryoBackupException exception)
            {
                Assert.True(
                    exception.Error is CryoBackupError.ConnectionFailed or CryoBackupError.RestoreFailed,
                    $"{where}: {exception.Error} {exception.Message}"
                );
                Assert.Equal(0, server.CountTemporary());
                bool exists = server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{target}'") is not null;
                string claim = mode switch
                {
                    RestoreMode.Create => exists ? $"'{target}' is the restored one all the same" : $"There is no database '{target}'.",
                    RestoreMode.Clean => server.Dump(target) == before ? $"'{target}' is as it was before" : $"'{target}' has ",
                    _ => server.Scalar(target, "SELECT 1 FROM pg_namespace WHERE nspname = 'zoo'") is null
                        ? $"'{target}' is as it was before: empty."
                        : $"'{target}' ",
                };
                Assert.True(
                    exception.Message.Contains(claim, StringComparison.Ordinal),
                    $"{where}: not \"{claim}\" but: {exception.Message}"
                );
            }
        }
    }

    /// <summary>Trap M17: the refresh runs with an empty search_path.</summary>
    [PostgresFact]
    public void AMaterializedViewThatCannotBeRefreshed()
    {
        server.CreateDatabase("target_views");
        server.Execute(
            "target_views",
            """
            CREATE TABLE item (n int); INSERT INTO item VALUES (1), (2);
            CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM public.item); END';
            CREATE MATERIALIZED VIEW good AS SELECT 1 AS one; CREATE MATERIALIZED VIEW summary AS SELECT total();
            CREATE OR REPLACE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM item); END';
            """
        );
        string backup = server.BackUp("target_views");
        server.Drop("target_new");
        CryoBackupException e = server.Fail(backup, "target_new", request => request with { Create = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Equal("MATERIALIZED VIEW DATA public.summary", e.Target);
        Assert.Contains("relation \"item\" does not exist (SQLSTATE 42P01)", e.Message, StringComparison.Ordinal);
        Assert.Contains("search_path", e.Remedy, StringComparison.Ordinal);

        // The way that the remedy shows.
        server.Restore(backup, "target_new", request => request with { Create = true, SchemaOnly = true });
        server.Execute("target_new", "ALTER FUNCTION total() SET search_path TO public");
        server.Restore(backup, "target_new", request => request with { DataOnly = true });
        Assert.Equal(2L, server.Scalar("target_new", "SELECT total FROM summary"));
        server.Drop("target_new");
    }

    private static bool Answers(ZooServer server)
    {
        try
        {
            return server.Scalar("postgres", "SELECT 1") is 1;
        }
        catch (Npgsql.NpgsqlException)
        {
            return false;
        }
    }

    private async Task<CryoBackupException> LoseAsync(
        SlowRestore slow,
        Moment moment,
        string database,
        Func<RestoreRequest, RestoreRequest> change
    )
    {
        Task<CryoBackupException> failing = Task.Run(() => server.Fail(slow.Backup, database, change));
        slow.MeetAt(moment);
        server.Execute(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND state = 'active'"
        );
        CryoBackupException e = await failing;
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        slow.AssertNoSessionIsLeft();
        return e;
    }
}
