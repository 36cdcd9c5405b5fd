using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>Where a restore is to be met.</summary>
public enum Moment
{
    /// <summary>Rows are being copied.</summary>
    Rows,

    /// <summary>An index is being built.</summary>
    Index,

    /// <summary>A table is being compared.</summary>
    Comparison,

    /// <summary>The databases are being renamed.</summary>
    Naming,
}

/// <summary>A backup whose restore stops at some points until the test lets it go on; and the database 'old',
/// which it is to replace.</summary>
internal sealed class SlowRestore : IDisposable
{
    private const string Definition = """
        CREATE FUNCTION slow(id int, barrier text) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
        BEGIN
            WHILE current_setting('application_name') LIKE 'CryoBackup %-%' AND EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = barrier) LOOP
                PERFORM pg_catalog.pg_sleep(0.05), pg_catalog.pg_stat_clear_snapshot();
            END LOOP;
            RETURN id;
        END $$;
        CREATE TABLE a (id int); INSERT INTO a SELECT generate_series(1, 1000);
        CREATE TABLE b (id int, computed int GENERATED ALWAYS AS (slow(id, 'barrier of rows')) STORED); INSERT INTO b VALUES (1);
        CREATE TABLE c (id int); INSERT INTO c VALUES (1);
        CREATE INDEX c_slow ON c (slow(id, 'barrier of index'));
        """;

    private readonly PostgresServer _server;
    private readonly List<NpgsqlConnection> _holders = [];

    // A restore stops where it finds such a session on its server, whatever its own database.
    private readonly NpgsqlConnection _rows;
    private readonly NpgsqlConnection _index;

    public SlowRestore(PostgresServer server, Func<string, string> backUp)
    {
        _server = server;
        server.CreateDatabase("slow");
        server.Execute("slow", Definition);
        Backup = backUp("slow");
        server.CreateDatabase("old");
        server.Execute("old", "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1), (2)");
        _rows = server.Open("postgres", "barrier of rows");
        _index = server.Open("postgres", "barrier of index");
    }

    public string Backup { get; }

    /// <summary>Waits until the restore that runs is there, where it stays.</summary>
    /// <returns>The database that it works in.</returns>
    public string MeetAt(Moment moment)
    {
        switch (moment)
        {
            case Moment.Rows:
                return Wait("wait_event = 'PgSleep' AND query LIKE 'COPY %'");
            case Moment.Index:
                _rows.Dispose();
                return Wait("wait_event = 'PgSleep' AND query LIKE 'CREATE INDEX %'");
            case Moment.Comparison:
                Hold(MeetAt(Moment.Index), "BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE");
                GoOn();
                return Wait("wait_event_type = 'Lock' AND query LIKE 'COPY %'");
            default:
                string database = MeetAt(Moment.Index);
                Hold("old", "SELECT 1");
                GoOn();
                Wait("query LIKE 'ALTER DATABASE %'");
                return database;
        }
    }

    /// <summary>Lets the restore go on, as far as no session that is held stands in its way.</summary>
    public void GoOn()
    {
        _rows.Dispose();
        _index.Dispose();
    }

    /// <summary>Opens a session and leaves it open.</summary>
    public NpgsqlConnection Hold(string database, string sql)
    {
        NpgsqlConnection holder = _server.Open(database);
        _holders.Add(holder);
        using var command = new NpgsqlCommand(sql, holder);
        command.ExecuteNonQuery();
        return holder;
    }

    /// <summary>Ends the sessions that were held, and lets the restore go on.</summary>
    public void Release()
    {
        GoOn();
        _holders.ForEach(holder => holder.Dispose());
        _holders.Clear();
    }

    /// <summary>The old database must be as it was.</summary>
    public void AssertOldOneServes() => Assert.Equal(2L, _server.Scalar("old", "SELECT count(*) FROM mine"));

    public void AssertNoSessionIsLeft() =>
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                    (long)_server.Scalar("postgres", "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%'")!
                    == 0,
                TimeSpan.FromSeconds(30)
            )
        );

    public void Dispose() => Release();

    private string Wait(string condition)
    {
        string? database = null;
        Assert.True(
            SpinWait.SpinUntil(
                () =>
                {
                    database = (string?)
                        _server.Scalar(
                            "postgres",
                            $"SELECT coalesce(datname, '') FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND "
                                + $"{condition}"
                        );
                    return database is not null;
                },
                TimeSpan.FromMinutes(1)
            ),
            $"The restore did not come to: {condition}"
        );
        return database!;
    }
}
