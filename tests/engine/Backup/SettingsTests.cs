using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Storage;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>Settings of a database or role that would cut a backup short or change its text, and what is no part of a snapshot.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class SettingsTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    /// <summary>Trap M13: the snapshot's session idles or counts longer than the server would let any session do so.</summary>
    [PostgresFact]
    public void TimeoutsOfTheDatabaseDoNotEndTheSnapshot()
    {
        SlowDatabase.Create(server, "impatient", milliseconds: 10, rows: 100);
        server.Execute(
            "postgres",
            """
            ALTER DATABASE impatient SET statement_timeout = '200ms';
            ALTER DATABASE impatient SET idle_in_transaction_session_timeout = '50ms';
            ALTER DATABASE impatient SET lock_timeout = '50ms';
            """
        );
        if (server.Cluster.Major >= 14)
        {
            server.Execute("postgres", "ALTER DATABASE impatient SET idle_session_timeout = '50ms'");
        }

        BackupInfo counted = Run("impatient");
        Assert.Equal(1100, counted.RowCount);
        Assert.Equal(1100, Run("impatient", request => request with { SkipRowCount = true }).RowCount);
    }

    /// <summary>Trap M22: the same rows have the same fingerprints whatever the database's and the role's settings,
    /// and come back equal.</summary>
    [PostgresFact]
    public void FingerprintsDoNotDependOnSettings()
    {
        server.CreateDatabase("settings");
        server.Execute(
            "settings",
            """
            CREATE TABLE everything AS SELECT timestamptz '2024-02-29 12:34:56.789+00' AS at, date '2024-02-29' AS day, interval '1 year -3 days 04:05' AS time,
                float8 '0.1' + float8 '0.2' AS sum, float4 '1.17549435e-38' AS small, '\x00ff41'::bytea AS bytes, money '12.34' AS price,
                tstzrange('2024-01-01 00:00+00', NULL) AS range, ARRAY[timestamptz '2024-02-29 12:00+00'] AS times, xmlparse(CONTENT '<a/>') AS xml;
            """
        );
        string plain = Assert.Single(Run("settings").Tables).Fingerprint;
        server.Execute(
            "postgres",
            """
            ALTER DATABASE settings SET TimeZone = 'Asia/Kathmandu';
            ALTER DATABASE settings SET DateStyle = 'German, DMY';
            ALTER DATABASE settings SET IntervalStyle = 'iso_8601';
            ALTER DATABASE settings SET extra_float_digits = -5;
            ALTER DATABASE settings SET bytea_output = 'escape';
            ALTER DATABASE settings SET client_encoding = 'LATIN1';
            ALTER DATABASE settings SET row_security = off;
            ALTER DATABASE settings SET search_path = 'nowhere';
            ALTER DATABASE settings SET default_transaction_isolation = 'serializable';
            ALTER DATABASE settings SET default_transaction_read_only = on;
            ALTER DATABASE settings SET quote_all_identifiers = on;
            """
        );
        BackupInfo backup = Run("settings");
        Assert.Equal(plain, Assert.Single(backup.Tables).Fingerprint);

        server.Execute("postgres", "DROP DATABASE IF EXISTS settings_back");
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(server.Connection, backup.Path, "settings_back") with
            {
                Create = true,
            },
            _ => { },
            CancellationToken.None
        );
        Assert.Equal(plain, Assert.Single(restored.Tables).FoundFingerprint);
    }

    /// <summary>Trap M12: a sequence shows values from after the snapshot;
    /// a backup must neither fail for it nor come back with an earlier one.</summary>
    [PostgresFact]
    public async Task SequencesMayRunAhead()
    {
        server.CreateDatabase("ahead");
        server.Execute("ahead", "CREATE TABLE items (id serial PRIMARY KEY); INSERT INTO items DEFAULT VALUES");
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(() =>
        {
            using NpgsqlConnection connection = server.Open("ahead");
            using var insert = new Npgsql.NpgsqlCommand("INSERT INTO items SELECT FROM generate_series(1, 10)", connection);
            while (!stop.IsCancellationRequested)
            {
                insert.ExecuteNonQuery();
            }
        });
        BackupInfo backup;
        try
        {
            backup = Run("ahead");
        }
        finally
        {
            await stop.CancelAsync();
            await writer;
        }

        server.Execute("postgres", "DROP DATABASE IF EXISTS ahead_back");
        BackupRestorer.Run(
            Requests.Restore(server.Connection, backup.Path, "ahead_back") with
            {
                Create = true,
            },
            _ => { },
            CancellationToken.None
        );
        server.Execute("ahead_back", "INSERT INTO items DEFAULT VALUES");
        Assert.Equal(backup.RowCount + 1, server.Scalar("ahead_back", "SELECT count(*) FROM items"));
    }

    /// <summary>pg_dump's warnings come with exit code 0; they belong to the result.</summary>
    [PostgresFact]
    public void WarningsOfPgDumpAreInTheResult()
    {
        server.CreateDatabase("subscribed");
        server.Execute(
            "subscribed",
            """
            CREATE SUBSCRIPTION feed CONNECTION 'dbname=nowhere' PUBLICATION news WITH (connect = false, slot_name = NONE);
            DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'subscriber') THEN CREATE ROLE subscriber LOGIN; END IF; END $$;
            """
        );
        var messages = new List<EngineMessage>();
        BackupRequest request = Request("subscribed");
        request = request with { Connection = request.Connection with { UserName = "subscriber" } };
        BackupInfo info = BackupWriter.Run(
            request,
            message =>
            {
                lock (messages)
                {
                    messages.Add(message);
                }
            },
            CancellationToken.None
        );
        server.Execute("subscribed", "DROP SUBSCRIPTION feed");

        // A server or client that lacks known fixes is warned of too.
        string warning = Assert.Single(info.Warnings, text => text.StartsWith("pg_dump: ", StringComparison.Ordinal));
        Assert.Equal("pg_dump: subscriptions not dumped because current user is not a superuser", warning);
        Assert.Contains(new WarningMessage(warning), messages);
        Assert.Equal(info.Warnings, BackupManifest.Read(info.ManifestPath).Warnings);
    }

    [Fact]
    public void WarningsComeWithWhatExplainsThem()
    {
        var warnings = new DumpWarnings();
        foreach (
            string line in (string[])
                [
                    "pg_dump: last built-in OID is 16383",
                    "pg_dump: warning: there are circular foreign-key constraints on this table:",
                    "pg_dump: detail: hens",
                    "pg_dump: hint: Consider using a full dump: it avoids this problem.",
                    "pg_dump: dumping contents of table \"public.pg_dump: warning: no\"",
                    "pg_dump: detail: of nothing",
                    "pg_dump: warning: typtype of data type \"x\" appears to be invalid",
                ]
        )
        {
            warnings.Add(line);
        }

        Assert.Equal(
            [
                "pg_dump: there are circular foreign-key constraints on this table: hens Consider using a full dump: "
                    + "it avoids this problem.",
                "pg_dump: typtype of data type \"x\" appears to be invalid",
            ],
            warnings.Texts
        );
    }

    private BackupRequest Request(string database) =>
        new()
        {
            Connection = server.Connection,
            Database = database,
            Folder = _destination.Path,
        };

    private BackupInfo Run(string database, Func<BackupRequest, BackupRequest>? change = null)
    {
        BackupRequest request = Request(database);
        request = change?.Invoke(request) ?? request;
        return BackupWriter.Run(request, _ => { }, CancellationToken.None);
    }
}
