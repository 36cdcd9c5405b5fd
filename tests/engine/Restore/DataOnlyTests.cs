using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>-DataOnly fills tables that are there, each after those that it refers to, and all or none.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class DataOnlyTests(ZooServer server)
{
    private const string Tables = """
        CREATE TABLE z_parent (id int PRIMARY KEY); INSERT INTO z_parent SELECT generate_series(1, 9);
        CREATE TABLE m_middle (id serial PRIMARY KEY, parent int REFERENCES z_parent, other int REFERENCES m_middle); INSERT INTO m_middle (parent) SELECT generate_series(1, 9);
        CREATE TABLE a_child (id int, middle int REFERENCES m_middle); INSERT INTO a_child SELECT n, n FROM generate_series(1, 9) n;
        CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM a_child;
        SELECT lo_from_bytea(7777, '\x01');
        """;

    [PostgresFact]
    public void InTheOrderOfForeignKeys()
    {
        string backup = BackUp("data_source", Tables);
        server.Drop("data_target");
        server.Restore(backup, "data_target", request => request with { Create = true, SchemaOnly = true });
        var messages = new List<EngineMessage>();
        RestoreRequest request = Requests.Restore(server.Connection, backup, "data_target") with { DataOnly = true };
        RestoreResult result = BackupRestorer.Run(request, messages.Add, CancellationToken.None);
        Assert.Equal(RestoreMode.Data, result.Mode);
        Assert.Empty(result.Warnings);
        Assert.True(result.Objects.IndexOf("TABLE DATA public.z_parent") < result.Objects.IndexOf("TABLE DATA public.m_middle"));
        Assert.True(result.Objects.IndexOf("TABLE DATA public.m_middle") < result.Objects.IndexOf("TABLE DATA public.a_child"));
        Assert.Equal(server.Dump("data_source"), server.Dump("data_target"));

        // Another order than the archive's needs a file to seek in, of which nothing is left.
        string folder = Assert
            .Single(messages.OfType<VerboseMessage>(), message => message.Text.StartsWith("Spooling", StringComparison.Ordinal))
            .Text.Split('\'')[1];
        Assert.False(Path.Exists(folder));

        CryoBackupException again = server.Fail(backup, "data_target", r => r with { DataOnly = true });
        Assert.Equal(CryoBackupError.DatabaseNotEmpty, again.Error);
        Assert.Contains("public.a_child", again.Message, StringComparison.Ordinal);
        Assert.Contains("large object 7777", again.Message, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void CirclesAreTold()
    {
        string backup = BackUp(
            "data_circle",
            "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD "
                + "FOREIGN KEY (b) REFERENCES b; INSERT INTO a VALUES (1); INSERT INTO b VALUES (1, 1); UPDATE a SET b = 1"
        );
        server.Drop("data_target");
        server.Restore(backup, "data_target", request => request with { Create = true, SchemaOnly = true });
        RestoreResult plan = server.Restore(backup, "data_target", request => request with { DataOnly = true, PlanOnly = true });
        Assert.Contains("public.a, public.b", Assert.Single(plan.Warnings), StringComparison.Ordinal);

        CryoBackupException e = server.Fail(backup, "data_target", request => request with { DataOnly = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("violates foreign key constraint", e.Message, StringComparison.Ordinal);
        Assert.Contains("'data_target' is as it was before", e.Message, StringComparison.Ordinal);
        Assert.Equal(0L, server.Scalar("data_target", "SELECT (SELECT count(*) FROM a) + (SELECT count(*) FROM b)"));
    }

    [PostgresFact]
    public void RowsThatATriggerChangesAreFoundOut()
    {
        string backup = BackUp("data_source", Tables);
        server.Drop("data_target");
        server.Restore(backup, "data_target", request => request with { Create = true, SchemaOnly = true });
        server.Execute(
            "data_target",
            """
            CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.middle := 1; RETURN NEW; END $$;
            CREATE TRIGGER meddle BEFORE INSERT ON a_child FOR EACH ROW EXECUTE FUNCTION meddle();
            """
        );
        CryoBackupException e = server.Fail(backup, "data_target", request => request with { DataOnly = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Equal("public.a_child", e.Target);
        Assert.Contains("public.a_child has 9 rows (fingerprint ", e.Message, StringComparison.Ordinal);
        Assert.Contains("triggers", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void TablesAreMissing()
    {
        string backup = BackUp("data_source", Tables);
        server.CreateDatabase("data_target");
        CryoBackupException e = server.Fail(backup, "data_target", request => request with { DataOnly = true });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("public.z_parent", e.Message, StringComparison.Ordinal);
        Assert.Contains("-SchemaOnly", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public async Task NothingInClearIsLeftByACancelledParallelRestore()
    {
        using var slow = new SlowRestore(server, server.BackUp);
        var messages = new List<EngineMessage>();
        using var cancellation = new CancellationTokenSource();
        server.Drop("data_target");
        RestoreRequest request = Requests.Restore(server.Connection, slow.Backup, "data_target") with { Create = true, Jobs = 2 };
        Task<RestoreResult> restoring = Task.Run(() =>
            BackupRestorer.Run(
                request,
                message =>
                {
                    lock (messages)
                    {
                        messages.Add(message);
                    }
                },
                cancellation.Token
            )
        );
        slow.MeetAt(Moment.Index);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restoring);
        Assert.DoesNotContain(messages.OfType<VerboseMessage>(), message => message.Text.StartsWith("Spooling", StringComparison.Ordinal));
        slow.AssertNoSessionIsLeft();
    }

    private string BackUp(string database, string sql)
    {
        server.CreateDatabase(database);
        server.Execute(database, sql);
        return server.BackUp(database);
    }
}
