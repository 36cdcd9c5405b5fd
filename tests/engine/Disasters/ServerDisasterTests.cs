using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Restore;
using Npgsql;

namespace CryoBackup.Tests.Disasters;

/// <summary>Servers that cannot do what is asked of them: each is named as what it is, and the state that is told is true.</summary>
[Trait("Runs", "Once")]
public sealed class ServerDisasterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void AServerWithRoomForFewLocks()
    {
        using ScratchCluster cluster = Start(
            ("max_locks_per_transaction", "10"),
            ("max_connections", "10"),
            ("max_worker_processes", "0"),
            ("max_wal_senders", "0")
        );
        Execute(cluster, "CREATE DATABASE f13");
        for (int batch = 0; batch < 20; batch++)
        {
            Execute(
                cluster,
                $"DO $$ BEGIN FOR i IN 1..50 LOOP EXECUTE format('CREATE TABLE t_{batch}_%s (id int)', i); END LOOP; END $$",
                "f13"
            );
        }

        CryoBackupException e = Assert.Throws<CryoBackupException>(() => BackUp(cluster, "f13"));
        Assert.Equal(CryoBackupError.DumpFailed, e.Error);
        Assert.Contains("out of shared memory (53200). It takes two for each of 1000 tables.", e.Message, StringComparison.Ordinal);
        Assert.Contains("Raise max_locks_per_transaction", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void AServerThatIsSetReadOnly()
    {
        string backup;
        using (ScratchCluster source = Start())
        {
            Execute(source, "CREATE TABLE t AS SELECT 1 AS a");
            backup = BackUp(source, "postgres");
        }

        using ScratchCluster cluster = Start(("default_transaction_read_only", "on"));
        foreach (bool plan in (bool[])[true, false])
        {
            CryoBackupException e = Restore(cluster, backup, plan);
            Assert.Contains("default_transaction_read_only is on", e.Message, StringComparison.Ordinal);
            Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
            Assert.Contains("ALTER SYSTEM", e.Remedy, StringComparison.Ordinal);
        }
    }

    [PostgresFact(UnixOnly = true)]
    public void AStandby()
    {
        using ScratchCluster cluster = Start(("wal_level", "replica"));
        Execute(cluster, "CREATE TABLE t AS SELECT 1 AS a");
        string backup = BackUp(cluster, "postgres");
        string data = Directory
            .GetFiles(cluster.Folder, "PG_VERSION", SearchOption.AllDirectories)
            .Select(file => Path.GetDirectoryName(file)!)
            .MinBy(path => path.Length)!;
        string signal = Path.Combine(data, "standby.signal");
        File.WriteAllText(signal, "");
        UnixAccount? account = OperatingSystem.IsWindows() ? null : UnixAccount.ForServer();
        string? name = null;
        if (!OperatingSystem.IsWindows())
        {
            account?.Own(signal);
            name = account?.Name;
        }

        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(
                Path.Combine(cluster.BinFolder, "pg_ctl"),
                "restart",
                "-D",
                data,
                "-m",
                "fast",
                "-w",
                "-l",
                Path.Combine(cluster.Folder, "standby.log")
            )
            {
                UserName = name,
            },
            CancellationToken.None
        );
        Assert.True(exitCode == 0, output + string.Join('\n', errors));
        foreach (bool plan in (bool[])[true, false])
        {
            CryoBackupException e = Restore(cluster, backup, plan);
            Assert.Contains("is a standby, which takes no changes", e.Message, StringComparison.Ordinal);
            Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
            Assert.Contains("primary", e.Remedy, StringComparison.Ordinal);
        }

        // What only reads is at home there.
        Assert.NotEqual(backup, BackUp(cluster, "postgres"));
    }

    [PostgresFact]
    public void ADatabaseThatWasNeverMadeIsNotToldOf()
    {
        using ScratchCluster cluster = Start();
        Execute(cluster, "CREATE TABLE t AS SELECT 1 AS a");
        string backup = BackUp(cluster, "postgres");

        // Nothing but the attempt shows that the template is in use.
        Execute(cluster, "ALTER DATABASE template0 ALLOW_CONNECTIONS true");
        using NpgsqlConnection busy = ServerConnection
            .OpenAsync(cluster.Endpoint.WithDatabase("template0"), "CryoBackup tests", null, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        CryoBackupException e = Restore(cluster, backup, plan: false);
        Assert.Contains("There is no database 'f14_new'.", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "cryobackup_restore_",
            e.Message[e.Message.IndexOf("There is no database", StringComparison.Ordinal)..],
            StringComparison.Ordinal
        );
        Assert.Contains("pg_stat_activity", e.Remedy, StringComparison.Ordinal);
    }

    private static ScratchCluster Start(params (string Name, string Value)[] settings) =>
        ScratchCluster.Start(
            new ScratchClusterOptions
            {
                SharedBuffers = "16MB",
                Settings = settings.ToDictionary(setting => setting.Name, setting => setting.Value),
            },
            CancellationToken.None
        );

    private static void Execute(ScratchCluster cluster, string sql, string database = "postgres")
    {
        using NpgsqlConnection connection = ServerConnection
            .OpenAsync(cluster.Endpoint.WithDatabase(database), "CryoBackup tests", null, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        foreach (string statement in (string[])["SET search_path = public", sql])
        {
            using var command = new NpgsqlCommand(statement, connection);
            command.ExecuteNonQuery();
        }
    }

    private static CryoBackupException Restore(ScratchCluster cluster, string backup, bool plan)
    {
        RestoreRequest request = Requests.Restore(cluster.Connection, backup, "f14_new") with { Create = true, PlanOnly = plan };
        return Assert.Throws<CryoBackupException>(() => BackupRestorer.Run(request, static _ => { }, CancellationToken.None));
    }

    private string BackUp(ScratchCluster cluster, string database)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"))).FullName;
        return BackupWriter.Run(Requests.Backup(cluster.Connection, database, folder), static _ => { }, CancellationToken.None).Path;
    }
}
