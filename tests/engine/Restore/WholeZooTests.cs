using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>Every kind of object comes back as it was, on every way.</summary>
[Collection("zoo")]
public sealed class WholeZooTests(ZooServer server)
{
    [PostgresFact]
    public void IntoANewDatabase()
    {
        server.Drop("zoo_created");
        RestoreResult result = Restore("zoo_created", request => request with { Create = true });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.Empty(result.LeftOut);
        AssertEqualToZoo("zoo_created");
    }

    [PostgresFact]
    public void InParallel()
    {
        // Again and again: pg_restore alone ends in a deadlock now and then.
        for (int i = 0; i < Thoroughness.Of(3, 8); i++)
        {
            server.Drop("zoo_parallel");
            Restore("zoo_parallel", request => request with { Create = true, Jobs = 4 });
        }

        AssertEqualToZoo("zoo_parallel");
    }

    [PostgresFact]
    public void IntoAnEmptyDatabase()
    {
        server.Drop("zoo_empty");
        server.CreateDatabase("zoo_empty");
        Restore("zoo_empty", request => request);
        AssertEqualToZoo("zoo_empty", ofDatabase: false);
    }

    [PostgresFact]
    public void OverItself()
    {
        server.LoadZoo("zoo_cleaned");
        server.Execute(
            "zoo_cleaned",
            "UPDATE zoo.animal SET name = 'changed ' || id; DROP VIEW zoo.lion CASCADE; DROP TABLE annex.animal; "
                + "DELETE FROM zoo.value; SELECT lo_unlink(424242)"
        );
        RestoreResult result = Restore("zoo_cleaned", request => request with { Clean = true });
        Assert.Equal(RestoreMode.Clean, result.Mode);
        Assert.Empty(result.AlsoDropped);
        AssertEqualToZoo("zoo_cleaned");
    }

    [PostgresFact]
    public void InPlaceOfAnother()
    {
        server.Drop("zoo_swapped");
        server.CreateDatabase("zoo_swapped");
        server.Execute("zoo_swapped", "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)");
        RestoreResult result = Restore("zoo_swapped", request => request with { Swap = true });
        AssertEqualToZoo("zoo_swapped");
        Assert.NotNull(result.PreviousDatabase);
        Assert.Equal(1L, server.Scalar(result.PreviousDatabase, "SELECT count(*) FROM mine"));
        server.Drop(result.PreviousDatabase);
    }

    [PostgresFact]
    public void DefinitionsThenRows()
    {
        server.Drop("zoo_twice");
        RestoreResult definitions = Restore("zoo_twice", request => request with { Create = true, SchemaOnly = true });
        Assert.Empty(definitions.Tables);
        Assert.Equal(0L, server.Scalar("zoo_twice", "SELECT count(*) FROM zoo.value"));

        // Foreign keys that form a circle let no order of rows pass: one of them is put back afterwards.
        string circle = (string)
            server.Scalar("zoo_twice", "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'favourite_animal'")!;
        server.Execute("zoo_twice", "ALTER TABLE zoo.species DROP CONSTRAINT favourite_animal");
        RestoreResult rows = Restore("zoo_twice", request => request with { DataOnly = true });
        Assert.Equal(RestoreMode.Data, rows.Mode);
        Assert.Single(rows.Warnings, warning => warning.StartsWith("Foreign keys form a circle", StringComparison.Ordinal));
        server.Execute("zoo_twice", "ALTER TABLE zoo.species ADD CONSTRAINT favourite_animal " + circle);
        AssertEqualToZoo("zoo_twice");
    }

    private RestoreResult Restore(string database, Func<RestoreRequest, RestoreRequest> change) =>
        server.Restore(server.Backup, database, change);

    private void AssertEqualToZoo(string database, bool ofDatabase = true)
    {
        // --create adds the database's own settings, privileges and comment.
        string[] arguments = ofDatabase ? ["--create"] : [];
        string expected = server.Dump(ZooServer.Database, arguments);
        string found = server.Dump(database, arguments).Replace(database, ZooServer.Database, StringComparison.Ordinal);
        Assert.Equal(expected.Split('\n'), found.Split('\n'));
    }
}
