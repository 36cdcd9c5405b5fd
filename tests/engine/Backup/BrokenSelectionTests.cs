using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>A part of a database that needs what is not in the part says so when it is backed up, not when it is to come back.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class BrokenSelectionTests(PostgresServer server)
{
    [PostgresFact]
    public void WhatIsMissingIsNamed()
    {
        server.CreateDatabase("broken");
        server.Execute(
            "broken",
            """
            CREATE SCHEMA app; CREATE SCHEMA lib; CREATE SCHEMA mine;
            CREATE TYPE lib.mood AS ENUM ('ok'); CREATE DOMAIN lib.age AS int;
            CREATE FUNCTION lib.fresh() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE FUNCTION lib.twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
            CREATE FUNCTION lib.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION lib.watch();
            CREATE FUNCTION lib.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TABLE lib.base (a int); CREATE TABLE lib.keys (id int PRIMARY KEY);
            CREATE TABLE app.orders (m lib.mood, n int DEFAULT lib.fresh(), g int GENERATED ALWAYS AS (lib.twice(1)) STORED, k int REFERENCES lib.keys, CHECK (lib.twice(n) > 0)) INHERITS (lib.base);
            CREATE INDEX ON app.orders (lib.twice(n)); CREATE TRIGGER touch BEFORE INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION lib.touch();
            CREATE DOMAIN app.old AS lib.age; CREATE FUNCTION app.use(lib.mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
            CREATE TABLE mine.alone (a int PRIMARY KEY, b app.old);
            """
        );
        Assert.Equal(
            [
                "app.orders needs function lib.fresh()",
                "app.orders needs function lib.touch()",
                "app.orders needs function lib.twice(integer)",
                "app.orders needs lib.base",
                "app.orders needs lib.keys",
                "app.orders needs type lib.mood",
                "event trigger watcher needs function lib.watch()",
                "function app.use(lib.mood) needs type lib.mood",
                "type app.old needs type lib.age",
            ],
            Warnings(request => request with { IncludeTable = ["app.orders"] })
        );
        Assert.Equal(
            ["event trigger watcher needs function lib.watch()", "mine.alone needs type app.old"],
            Warnings(request => request with { IncludeSchema = ["mine"] })
        );
        Assert.Equal(["app.orders needs lib.base"], Warnings(request => request with { ExcludeTable = ["lib.base"] }));
        Assert.Empty(Warnings(static request => request));
        server.Execute("postgres", "DROP DATABASE broken");
    }

    private string[] Warnings(Func<BackupRequest, BackupRequest> change)
    {
        const string Rest = ", which the backup leaves out; where that is missing, it cannot be restored.";
        using var folder = new TemporaryFolder();
        BackupRequest request = Requests.Backup(server.Connection, "broken", folder.Path);
        request = change(request);
        return
        [
            .. BackupWriter
                .Run(request, static _ => { }, CancellationToken.None)
                .Warnings.Where(text => text.EndsWith(Rest, StringComparison.Ordinal))
                .Select(text => text[..^Rest.Length]),
        ];
    }
}
