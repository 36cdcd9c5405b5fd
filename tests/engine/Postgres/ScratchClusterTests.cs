using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

[Collection("postgres")]
public sealed class ScratchClusterTests(PostgresServer server)
{
    [PostgresFact]
    public void ServesAsSuperuserInUtf8()
    {
        Assert.Equal("postgres", server.Scalar("postgres", "SELECT current_user::text"));
        Assert.Equal("on", server.Scalar("postgres", "SELECT current_setting('is_superuser')"));
        Assert.Equal("UTF8", server.Scalar("postgres", "SELECT current_setting('server_encoding')"));
        Assert.Equal("off", server.Scalar("postgres", "SELECT current_setting('fsync')"));
        Assert.Contains(
            (string)server.Scalar("postgres", "SELECT datcollate::text FROM pg_database WHERE datname = 'postgres'")!,
            (string[])["C.UTF-8", "C.utf8", "C"]
        );
    }

    [PostgresFact(UnixOnly = true)]
    [UnsupportedOSPlatform("windows")]
    public void IsReachableOnlyThroughAPrivateSocket()
    {
        Assert.Equal("", server.Scalar("postgres", "SELECT current_setting('listen_addresses')"));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            File.GetUnixFileMode(server.Cluster.Folder)
        );
        Assert.True(server.Endpoint.IsSocket);
    }

    [PostgresFact]
    public void TakesArgumentsAndSettingsAndLeavesNothing()
    {
        using var place = new TemporaryFolder();
        OpenToAll(place.Path);
        int process;
        using (
            var cluster = ScratchCluster.Start(
                new ScratchClusterOptions
                {
                    BaseFolder = place.Path,
                    SharedBuffers = "16MB",
                    InitdbArguments = ["--data-checksums", "--encoding=SQL_ASCII", "--locale=C"],
                    Settings = new Dictionary<string, string> { ["cluster_name"] = "it's a \\ name", ["max_connections"] = "7" },
                },
                CancellationToken.None
            )
        )
        {
            process = cluster.ProcessId;
            Assert.StartsWith(place.Path, cluster.Folder, StringComparison.Ordinal);
            Assert.Contains(
                "cryobackup-scratch-" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture) + "-",
                cluster.Folder,
                StringComparison.Ordinal
            );
            Assert.Equal(
                "16MB on SQL_ASCII it's a \\ name 7",
                Scalar(
                    cluster,
                    "SELECT concat_ws(' ', current_setting('shared_buffers'), current_setting('data_checksums'), "
                        + "current_setting('server_encoding'), current_setting('cluster_name'), current_setting('max_connections'))"
                )
            );
        }

        AssertEnded(process);
        Assert.Empty(Directory.GetFileSystemEntries(place.Path));
    }

    [PostgresFact]
    public void SaysThatNoServerIsNewEnough()
    {
        CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
            ScratchCluster.Start(new ScratchClusterOptions { MinimumMajor = 999 }, CancellationToken.None)
        );
        Assert.Equal(CryoBackupError.PgToolTooOld, e.Error);
    }

    [Fact]
    public void FolderThatCannotBeMadeIsNamed()
    {
        using var place = new TemporaryFolder();
        string file = place.Write("file", "");
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => ScratchFolder.Create(file));
        Assert.Equal((CryoBackupError.DestinationNotWritable, file), (e.Error, e.Target));
        Assert.True(ScratchFolder.Remove(Path.Combine(place.Path, "gone"), account: null));
        ScratchFolder.RemoveAbandoned(Path.Combine(place.Path, "gone"));
    }

    [LinuxFact]
    public void EndsNoProcessThatIsNotAServerOfTheFolder()
    {
        using var place = new TemporaryFolder();
        string planted = Path.Combine(place.Path, "cryobackup-scratch-1-planted");
        using var bystander = ToolProcess.Start(new ToolCommand("/bin/sleep", "1000"), CancellationToken.None);
        place.Write("cryobackup-scratch-1-planted/owner", (ProcessIdentity.Current with { Started = "earlier" }).ToString());
        place.Write(
            "cryobackup-scratch-1-planted/data/postmaster.pid",
            bystander.Id.ToString(CultureInfo.InvariantCulture) + "\n" + planted + "/data\n"
        );
        ScratchFolder.RemoveAbandoned(place.Path);
        Assert.False(bystander.HasExited);
    }

    [Fact]
    public void RecognisesAProcess()
    {
        ProcessIdentity current = ProcessIdentity.Current;
        Assert.Equal(current, ProcessIdentity.Parse(current.ToString()));
        Assert.True(current.IsAlive());
        Assert.False((current with { Started = "earlier" }).IsAlive());
        Assert.Null((current with { Machine = "another" }).IsAlive());
        Assert.Null(ProcessIdentity.Parse("what is this"));
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public void PutsTheSocketElsewhereWhereThePathIsTooLong()
    {
        using var place = new TemporaryFolder();
        OpenToAll(place.Path);
        string far = Path.Combine(place.Path, new string('x', 80));
        Directory.CreateDirectory(far);
        string sockets;
        using (
            var cluster = ScratchCluster.Start(
                new ScratchClusterOptions { BaseFolder = far, SharedBuffers = "16MB" },
                CancellationToken.None
            )
        )
        {
            Assert.Equal(1, Scalar(cluster, "SELECT 1"));
            sockets = cluster.Connection.ComputerName!;
        }

        Assert.Empty(Directory.GetFileSystemEntries(far));
        Assert.False(Directory.Exists(sockets));
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public void SaysWhyItDidNotStartAndLeavesNothing()
    {
        using var place = new TemporaryFolder();
        OpenToAll(place.Path);
        CryoBackupException e = Assert.Throws<CryoBackupException>(() =>
            ScratchCluster.Start(
                new ScratchClusterOptions
                {
                    BaseFolder = place.Path,
                    Settings = new Dictionary<string, string> { ["no_such_setting"] = "1" },
                },
                CancellationToken.None
            )
        );
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains(e.StandardError, line => line.Contains("no_such_setting", StringComparison.Ordinal));
        e = Assert.Throws<CryoBackupException>(() =>
            ScratchCluster.Start(
                new ScratchClusterOptions { BaseFolder = place.Path, InitdbArguments = ["--no-such-option"] },
                CancellationToken.None
            )
        );
        Assert.Contains("initdb", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(place.Path));
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public void LeavesNothingWhenCancelled()
    {
        using var place = new TemporaryFolder();
        OpenToAll(place.Path);
        for (int milliseconds = 50; milliseconds <= 1250; milliseconds += 300)
        {
            using var cancellation = new CancellationTokenSource(milliseconds);
            try
            {
                ScratchCluster
                    .Start(new ScratchClusterOptions { BaseFolder = place.Path, SharedBuffers = "16MB" }, cancellation.Token)
                    .Dispose();
            }
            catch (OperationCanceledException)
            {
                // Whichever of the two came first.
            }

            Assert.Empty(Directory.GetFileSystemEntries(place.Path));
            Assert.DoesNotContain(Process.GetProcesses(), p => CommandLine(p).Contains(place.Path, StringComparison.Ordinal));
        }
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public void RemovesWhatADeadProcessLeftAndNothingElse()
    {
        using var place = new TemporaryFolder();
        OpenToAll(place.Path);
        var options = new ScratchClusterOptions { BaseFolder = place.Path, SharedBuffers = "16MB" };
        using var living = ScratchCluster.Start(options, CancellationToken.None);
        using var abandoned = ScratchCluster.Start(options, CancellationToken.None);
        using var elsewhere = ScratchCluster.Start(options, CancellationToken.None);
        int process = abandoned.ProcessId;

        // The same ID, but of a process that started at another time: it has been used again.
        ProcessIdentity owner = ProcessIdentity.Current;
        File.WriteAllText(Path.Combine(abandoned.Folder, "owner"), (owner with { Started = "earlier" }).ToString());
        File.WriteAllText(
            Path.Combine(elsewhere.Folder, "owner"),
            (owner with { Started = "earlier", Machine = "another machine" }).ToString()
        );

        Assert.Equal(1, ScratchFolder.RemoveAbandoned(place.Path));
        AssertEnded(process);
        Assert.False(Directory.Exists(abandoned.Folder));
        Assert.Equal(1, Scalar(living, "SELECT 1"));
        Assert.Equal(1, Scalar(elsewhere, "SELECT 1"));
    }

    private static object? Scalar(ScratchCluster cluster, string sql)
    {
        using var connection = new NpgsqlConnection(cluster.Endpoint.ToNpgsql("test").ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return command.ExecuteScalar();
    }

    // When root, the server's account must be able to pass through.
    private static void OpenToAll(string folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }
    }

    private static string CommandLine(Process process)
    {
        using (process)
        {
            try
            {
                return OperatingSystem.IsLinux()
                    ? File.ReadAllText($"/proc/{process.Id.ToString(CultureInfo.InvariantCulture)}/cmdline")
                    : "";
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    private static void AssertEnded(int id) =>
        Assert.True(
            SpinWait.SpinUntil(() => Process.GetProcesses().All(p => p.Id != id || CommandLine(p).Length == 0), TimeSpan.FromSeconds(30)),
            $"The server {id} still runs."
        );
}
