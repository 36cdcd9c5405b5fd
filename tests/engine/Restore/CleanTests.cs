namespace CryoBackup.Tests.Restore;

/// <summary>-Clean is one transaction: all or nothing, and nobody else's object is lost.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class CleanTests(ZooServer server)
{
    private const string Shop = """
        CREATE TABLE customer (id int PRIMARY KEY, name text); INSERT INTO customer SELECT n, 'c' || n FROM generate_series(1, 50) n;
        CREATE TYPE state AS ENUM ('open', 'paid');
        CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
        CREATE TABLE "order" (id serial PRIMARY KEY, customer int REFERENCES customer, state state DEFAULT 'open'); INSERT INTO "order" (customer) SELECT n FROM generate_series(1, 50) n;
        CREATE TRIGGER stamp BEFORE INSERT ON "order" FOR EACH ROW EXECUTE FUNCTION stamp();
        """;

    [PostgresFact]
    public void AViewOfTheUsersStandsInTheWay()
    {
        string backup = BackUpShop("clean_view");
        server.Execute("clean_view", "CREATE VIEW mine AS SELECT * FROM customer; DELETE FROM \"order\" WHERE id > 10");
        string before = server.Dump("clean_view");

        CryoBackupException e = server.Fail(backup, "clean_view", request => request with { Clean = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("view public.mine depends on", e.Message, StringComparison.Ordinal);
        Assert.Contains("'clean_view' is as it was before", e.Message, StringComparison.Ordinal);
        Assert.Contains("-Swap", e.Remedy, StringComparison.Ordinal);
        Assert.Equal(before, server.Dump("clean_view"));
    }

    [PostgresFact]
    public void OneTableComesBackAmongTheOthers()
    {
        string backup = BackUpShop("clean_table");
        string before = server.Dump("clean_table");
        server.Execute(
            "clean_table",
            "DELETE FROM \"order\" WHERE id % 2 = 0; ALTER TABLE \"order\" DROP COLUMN state; "
                + "UPDATE customer SET name = 'mine' WHERE id = 1"
        );

        RestoreResult result = server.Restore(backup, "clean_table", request => request with { Clean = true, Table = ["order"] });
        Assert.Equal(["public.order"], result.Tables.Select(table => table.ToString()));
        Assert.Contains(result.LeftOut, line => line.StartsWith("TYPE public.state: the target has it", StringComparison.Ordinal));
        Assert.Contains("FK CONSTRAINT public.order order_customer_fkey", result.Objects);
        Assert.Equal("mine", server.Scalar("clean_table", "SELECT name FROM customer WHERE id = 1"));
        server.Execute("clean_table", "UPDATE customer SET name = 'c1' WHERE id = 1");

        // What pg_dump writes in the order of creation may stand elsewhere now.
        Assert.Equal(
            before.Split('\n').Order(StringComparer.Ordinal),
            server.Dump("clean_table").Split('\n').Order(StringComparer.Ordinal)
        );
    }

    [PostgresFact]
    public void ADroppedTableComesBack()
    {
        string backup = BackUpShop("clean_dropped");
        server.Execute("clean_dropped", "DROP TABLE \"order\"; DROP TYPE state");
        server.Restore(backup, "clean_dropped", request => request with { Clean = true, Table = ["public.order"] });
        Assert.Equal(50L, server.Scalar("clean_dropped", "SELECT count(*) FROM \"order\" WHERE state = 'open'"));
        Assert.Equal(51, server.Scalar("clean_dropped", "INSERT INTO \"order\" (customer) VALUES (1) RETURNING id"));
    }

    [PostgresFact]
    public void AnotherTableRefersToIt()
    {
        string backup = BackUpShop("clean_referred");
        string before = server.Dump("clean_referred");
        CryoBackupException e = server.Fail(backup, "clean_referred", request => request with { Clean = true, Table = ["customer"] });
        Assert.Contains("order_customer_fkey", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, server.Dump("clean_referred"));
    }

    /// <summary>An event trigger of the target's own, which -Clean leaves as it is, changes what was restored.</summary>
    [PostgresFact]
    public void RowsThatSomebodyChangesAreFoundOut()
    {
        string backup = BackUpShop("clean_changed");
        server.Execute(
            "clean_changed",
            """
            CREATE FUNCTION pg_catalog.on_index() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.customer SET name = 'meddled' WHERE id = 7; END $$;
            CREATE EVENT TRIGGER on_index ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION pg_catalog.on_index();
            """
        );
        CryoBackupException e = server.Fail(backup, "clean_changed", request => request with { Clean = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Equal("public.customer", e.Target);
        Assert.Contains("public.customer has 50 rows (fingerprint ", e.Message, StringComparison.Ordinal);
        Assert.Contains("it is not what was expected", e.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void ObjectsOfTheUsersStay()
    {
        string backup = BackUpShop("clean_more");
        server.Execute("clean_more", "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1); DROP TABLE customer CASCADE");
        server.Restore(backup, "clean_more", request => request with { Clean = true });
        Assert.Equal(1L, server.Scalar("clean_more", "SELECT count(*) FROM mine"));
        Assert.Equal(50L, server.Scalar("clean_more", "SELECT count(*) FROM customer"));
    }

    /// <summary>PostgreSQL drops with a table what belongs to it; what the backup does not bring back is lost.</summary>
    [PostgresFact]
    public void WhatWouldBeLostIsListedAndRefused()
    {
        string[] lost =
        [
            "CHECK CONSTRAINT public.customer named",
            "COLUMN public.customer Odd \"column\"",
            "CONSTRAINT public.customer once",
            "FK CONSTRAINT public.order again",
            "GRANT SELECT (id), UPDATE (name) ON TABLE public.customer TO pg_monitor",
            "GRANT SELECT ON TABLE public.order TO PUBLIC",
            "INDEX public.quick",
            "POLICY public.customer mine",
            "PUBLICATION TABLE public.newer customer",
            "RULE public.customer never",
            "STATISTICS public.pair",
            "TABLE public.old_2026",
            "TRIGGER public.customer late",
        ];
        server.CreateDatabase("clean_lost");
        server.Execute(
            "clean_lost",
            Shop
                + "CREATE TABLE old (y int) PARTITION BY LIST (y); CREATE TABLE old_2025 PARTITION OF old FOR VALUES IN (2025); "
                + "CREATE INDEX ON old (y);"
                + "ALTER TABLE customer ADD CONSTRAINT known CHECK (id > 0); GRANT SELECT, INSERT ON customer TO pg_monitor; GRANT "
                + "UPDATE (id) ON customer TO pg_monitor; GRANT ALL ON old TO PUBLIC;"
                + "CREATE TRIGGER known AFTER INSERT ON old FOR EACH ROW EXECUTE FUNCTION stamp(); ALTER TABLE customer ENABLE ROW "
                + "LEVEL SECURITY; CREATE PUBLICATION known FOR TABLE customer"
        );
        string backup = server.BackUp("clean_lost");
        server.Execute("clean_lost", "UPDATE customer SET name = 'changed'");
        server.Restore(backup, "clean_lost", request => request with { Clean = true });
        server.Execute(
            "clean_lost",
            """"
            UPDATE customer SET name = 'changed';
            CREATE INDEX quick ON customer (name); ALTER TABLE customer ADD CONSTRAINT once UNIQUE (id, name); ALTER TABLE customer ADD CONSTRAINT named CHECK (name <> '');
            ALTER TABLE customer ADD "Odd ""column""" int; CREATE TABLE outside (id int PRIMARY KEY); ALTER TABLE "order" ADD CONSTRAINT again FOREIGN KEY (id) REFERENCES outside NOT VALID;
            CREATE TRIGGER late BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION stamp(); CREATE RULE never AS ON DELETE TO customer DO NOTHING;
            CREATE POLICY mine ON customer USING (true); CREATE STATISTICS pair ON id, name FROM customer; CREATE PUBLICATION newer FOR TABLE customer;
            GRANT SELECT (id), UPDATE (name) ON customer TO pg_monitor; GRANT SELECT ON "order" TO PUBLIC; CREATE TABLE old_2026 PARTITION OF old FOR VALUES IN (2026); INSERT INTO old VALUES (2026);
            """"
        );
        string before = server.Dump("clean_lost");

        RestoreResult plan = server.Restore(backup, "clean_lost", request => request with { Clean = true, PlanOnly = true });
        Assert.Equal(lost, plan.AlsoDropped);
        Assert.Contains("TRIGGER public.customer late", Assert.Single(plan.Warnings), StringComparison.Ordinal);
        CryoBackupException e = server.Fail(backup, "clean_lost", request => request with { Clean = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.All(lost, name => Assert.Contains(name, e.Message, StringComparison.Ordinal));
        Assert.Contains("-Force", e.Remedy, StringComparison.Ordinal);
        Assert.Equal(before, server.Dump("clean_lost"));

        Assert.Equal(
            ["TABLE public.old_2026"],
            server.Restore(backup, "clean_lost", request => request with { Clean = true, PlanOnly = true, Table = ["old"] }).AlsoDropped
        );
        RestoreResult done = server.Restore(backup, "clean_lost", request => request with { Clean = true, Force = true });
        Assert.Equal(lost, done.AlsoDropped);
        Assert.Contains(done.Warnings, text => text.Contains("drops what the backup does not bring back", StringComparison.Ordinal));
        Assert.Equal(0L, server.Scalar("clean_lost", "SELECT count(*) FROM customer WHERE name = 'changed'"));
        server.Execute("clean_lost", "DROP PUBLICATION newer");
        Assert.Empty(server.Restore(backup, "clean_lost", request => request with { Clean = true, PlanOnly = true }).AlsoDropped);
    }

    [PostgresFact]
    public void WithoutPrivilegesThoseThatAreThereWouldBeLost()
    {
        server.CreateDatabase("clean_granted");
        server.Execute("clean_granted", Shop + "GRANT SELECT ON customer TO pg_monitor; GRANT EXECUTE ON FUNCTION stamp() TO pg_monitor");
        string backup = server.BackUp("clean_granted");
        Assert.Empty(server.Restore(backup, "clean_granted", request => request with { Clean = true, PlanOnly = true }).AlsoDropped);
        Assert.Equal(
            ["GRANT EXECUTE ON FUNCTION public.stamp() TO pg_monitor", "GRANT SELECT ON TABLE public.customer TO pg_monitor"],
            server
                .Restore(backup, "clean_granted", request => request with { Clean = true, PlanOnly = true, NoPrivileges = true })
                .AlsoDropped
        );
    }

    /// <summary>What asks for a lock holds up everybody who comes later.</summary>
    [PostgresTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void LockThatIsNotGrantedIsNamedWithItsHolder(bool prepared)
    {
        string name = prepared ? "clean_prepared" : "clean_locked";
        string backup = BackUpShop(name);
        string before = server.Dump(name);
        using (Npgsql.NpgsqlConnection other = server.Open(name, "the report"))
        {
            using var command = new Npgsql.NpgsqlCommand(
                "BEGIN; LOCK TABLE customer IN ACCESS SHARE MODE" + (prepared ? "; PREPARE TRANSACTION 'transfer 7'" : ""),
                other
            );
            command.ExecuteNonQuery();
            CryoBackupException e = server.Fail(
                backup,
                name,
                request => request with { Clean = true, LockTimeout = TimeSpan.FromSeconds(1) }
            );
            Assert.Equal(CryoBackupError.LockTimeout, e.Error);
            Assert.Contains(
                "waited 1s for a lock on public.customer, held by ",
                e.Message.Replace("on customer", "on public.customer", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
            Assert.Contains(
                prepared ? "a prepared transaction of 'transfer 7'" : "of role postgres (the report, idle in transaction since ",
                e.Message,
                StringComparison.Ordinal
            );
            Assert.Contains($"'{name}' is as it was before", e.Message, StringComparison.Ordinal);
            Assert.Contains("-LockTimeout", e.Remedy, StringComparison.Ordinal);
        }

        if (prepared)
        {
            server.Execute(name, "ROLLBACK PREPARED 'transfer 7'");
        }

        Assert.Equal(before, server.Dump(name));
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, name, request => request with { Clean = true, LockTimeout = TimeSpan.FromSeconds(20) }).Status
        );
    }

    [PostgresFact]
    public void LargerThanTheServersLocks()
    {
        const string Room =
            "SELECT current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + "
            + "current_setting('max_prepared_transactions')::bigint)";
        server.CreateDatabase("clean_locks");
        server.Execute("clean_locks", $"SELECT lo_create(0) FROM generate_series(1, ({Room}) / 2 + 1)");
        string backup = server.BackUp("clean_locks");
        CryoBackupException e = server.Fail(backup, "clean_locks", request => request with { Clean = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains(
            $"the server has room for {server.Scalar("postgres", Room)}. Nothing was changed.",
            e.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("max_locks_per_transaction", e.Remedy, StringComparison.Ordinal);
    }

    private string BackUpShop(string database)
    {
        server.CreateDatabase(database);
        server.Execute(database, Shop);
        return server.BackUp(database);
    }
}
