namespace CryoBackup.Tests.Restore;

/// <summary>-Clean is one transaction: all or nothing, and nobody else's object is lost.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class CleanTests(ZooServer server)
{
    private const string Shop =
        """
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

        CryoBackupException e = server.Fail(backup, "clean_view", request => request.Clean = true);
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
        server.Execute("clean_table", "DELETE FROM \"order\" WHERE id % 2 = 0; ALTER TABLE \"order\" DROP COLUMN state; UPDATE customer SET name = 'mine' WHERE id = 1");

        RestoreResult result = server.Restore(backup, "clean_table", request => (request.Clean, request.Table) = (true, ["order"]));
        Assert.Equal(["public.order"], result.Tables.Select(table => table.ToString()));
        Assert.Contains(result.LeftOut, line => line.StartsWith("TYPE public.state: the target has it", StringComparison.Ordinal));
        Assert.Contains("FK CONSTRAINT public.order order_customer_fkey", result.Objects);
        Assert.Equal("mine", server.Scalar("clean_table", "SELECT name FROM customer WHERE id = 1"));
        server.Execute("clean_table", "UPDATE customer SET name = 'c1' WHERE id = 1");

        // What pg_dump writes in the order of creation may stand elsewhere now.
        Assert.Equal(before.Split('\n').Order(StringComparer.Ordinal), server.Dump("clean_table").Split('\n').Order(StringComparer.Ordinal));
    }

    [PostgresFact]
    public void ADroppedTableComesBack()
    {
        string backup = BackUpShop("clean_dropped");
        server.Execute("clean_dropped", "DROP TABLE \"order\"; DROP TYPE state");
        server.Restore(backup, "clean_dropped", request => (request.Clean, request.Table) = (true, ["public.order"]));
        Assert.Equal(50L, server.Scalar("clean_dropped", "SELECT count(*) FROM \"order\" WHERE state = 'open'"));
        Assert.Equal(51, server.Scalar("clean_dropped", "INSERT INTO \"order\" (customer) VALUES (1) RETURNING id"));
    }

    [PostgresFact]
    public void AnotherTableRefersToIt()
    {
        string backup = BackUpShop("clean_referred");
        string before = server.Dump("clean_referred");
        CryoBackupException e = server.Fail(backup, "clean_referred", request => (request.Clean, request.Table) = (true, ["customer"]));
        Assert.Contains("order_customer_fkey", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, server.Dump("clean_referred"));
    }

    /// <summary>An event trigger of the target's own, which -Clean leaves as it is, changes what was restored.</summary>
    [PostgresFact]
    public void RowsThatSomebodyChangesAreFoundOut()
    {
        string backup = BackUpShop("clean_changed");
        server.Execute("clean_changed", """
            CREATE FUNCTION pg_catalog.on_index() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.customer SET name = 'meddled' WHERE id = 7; END $$;
            CREATE EVENT TRIGGER on_index ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION pg_catalog.on_index();
            """);
        CryoBackupException e = server.Fail(backup, "clean_changed", request => request.Clean = true);
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
        server.Restore(backup, "clean_more", request => request.Clean = true);
        Assert.Equal(1L, server.Scalar("clean_more", "SELECT count(*) FROM mine"));
        Assert.Equal(50L, server.Scalar("clean_more", "SELECT count(*) FROM customer"));
    }

    [PostgresFact]
    public void LargerThanTheServersLocks()
    {
        const string Room = "SELECT current_setting('max_locks_per_transaction')::bigint * (current_setting('max_connections')::bigint + current_setting('max_prepared_transactions')::bigint)";
        server.CreateDatabase("clean_locks");
        server.Execute("clean_locks", $"SELECT lo_create(0) FROM generate_series(1, ({Room}) / 2 + 1)");
        string backup = server.BackUp("clean_locks");
        CryoBackupException e = server.Fail(backup, "clean_locks", request => request.Clean = true);
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains($"the server has room for {server.Scalar("postgres", Room)}. Nothing was changed.", e.Message, StringComparison.Ordinal);
        Assert.Contains("max_locks_per_transaction", e.Remedy, StringComparison.Ordinal);
    }

    private string BackUpShop(string database)
    {
        server.CreateDatabase(database);
        server.Execute(database, Shop);
        return server.BackUp(database);
    }
}
