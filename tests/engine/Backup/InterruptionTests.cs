using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Tests.Streams;

namespace CryoBackup.Tests.Backup;

/// <summary>Whatever ends a backup early ends it with an error of its own, and leaves neither a file nor a process nor a session.</summary>
[Collection("backup")]
public class InterruptionTests : IClassFixture<PostgresServer>, IDisposable
{
    private protected const string Database = "interrupted";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _destination = new();

    /// <summary>A server of its own, for it is stopped and its processes are killed.</summary>
    public InterruptionTests(PostgresServer server)
    {
        _server = server;
        if (
            ServerPrograms.ReasonToSkip is null
            && server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Database}'") is null
        )
        {
            SlowDatabase.Create(server, Database);
        }
    }

    /// <summary>How many sessions read rows; the slow ones, which are an extension's, are pg_dump's in any case.</summary>
    private protected virtual int Jobs => 1;

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        _destination.Dispose();
    }

    [PostgresFact]
    public async Task PgDumpKilled()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        Signals.Send("KILL", Tools());

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        Assert.Contains(" was ended by signal 9", failure.Message, StringComparison.Ordinal);
        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    public async Task TimeLimitReached()
    {
        BackupRequest request = Request();
        request = request with { Timeout = TimeSpan.FromSeconds(2) };
        using var backup = new RunningBackup(request);

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.Cancelled, failure.Error);
        Assert.Contains("took longer than 2s", failure.Message, StringComparison.Ordinal);
        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    public async Task CancelledByTheUser()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        backup.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(backup.ResultAsync);
        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task BackendOfPgDumpTerminated()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        _server.Execute("postgres", $"SELECT pg_terminate_backend({DumpingBackend()})");

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.ConnectionFailed, failure.Error);
        Assert.Contains("terminating connection due to administrator command", failure.Message, StringComparison.Ordinal);
        Assert.NotEmpty(failure.StandardError);
        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task BackendOfTheSnapshotTerminated()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        _server.Execute(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND query LIKE "
                + "'%count(*)%'"
        );

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.ConnectionFailed, failure.Error);
        Assert.Contains("terminating connection due to administrator command", failure.Message, StringComparison.Ordinal);
        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task BackendOfPgDumpStopped()
    {
        using var backup = new RunningBackup(Request(stallTimeout: Stall));
        await backup.WaitForRowsAsync();
        int backend = DumpingBackend();
        Signals.Send("STOP", backend);
        try
        {
            CryoBackupException failure = await backup.FailureAsync();
            Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
            Assert.Contains("nothing came from it for 10s", failure.Message, StringComparison.Ordinal);
            Assert.Empty(Tools());
            Assert.Empty(Leftovers.Files(_destination.Path));
        }
        finally
        {
            Signals.Send("CONT", backend);
        }

        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task WholeServerStopped()
    {
        using var backup = new RunningBackup(Request(stallTimeout: Stall));
        await backup.WaitForRowsAsync();
        int[] server = LinuxProcesses.Tree(_server.Cluster.ProcessId);
        Signals.Send("STOP", server);
        try
        {
            CryoBackupException failure = await backup.FailureAsync();
            Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
            Assert.Contains("nothing came from it for 10s", failure.Message, StringComparison.Ordinal);
            Assert.Empty(Tools());
            Assert.Empty(Leftovers.Files(_destination.Path));
        }
        finally
        {
            Signals.Send("CONT", server);
        }

        await AssertNothingIsLeftAsync();
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task WholeServerStoppedAndCancelledByTheUser()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        int[] server = LinuxProcesses.Tree(_server.Cluster.ProcessId);
        Signals.Send("STOP", server);
        try
        {
            backup.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(backup.ResultAsync);
            Assert.Empty(Tools());
            Assert.Empty(Leftovers.Files(_destination.Path));
        }
        finally
        {
            Signals.Send("CONT", server);
        }

        await AssertNothingIsLeftAsync();
    }

    /// <summary>The cause is told, not that pg_dump was ended for it.</summary>
    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task DestinationThatTakesNoMore()
    {
        BackupRequest request = Request();
        request = request with { Compression = CompressionKind.None };
        using var limits = new RunLimits(null, CancellationToken.None);
        var session = new BackupSession(request, null, _ => { }, limits);
        await using DumpSnapshot snapshot = await DumpSnapshot.ConnectAsync(
            session.Endpoint,
            session.Application,
            request,
            CancellationToken.None
        );
        await snapshot.TakeAsync(CancellationToken.None);
        var run = new DumpRun(session, snapshot, ClientTools.Find("pg_dump", 0, CancellationToken.None));
        using var full = new FailingStream([], failAt: 100_000);

        IOException failure = await Assert.ThrowsAsync<IOException>(() => run.RunAsync(full, 0));
        Assert.Contains("the disk failed", failure.Message, StringComparison.Ordinal);
        Assert.Empty(Tools());
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public async Task ServerShutDown()
    {
        using var server = new PostgresServer();
        SlowDatabase.Create(server, "shut_down");
        BackupRequest request = Request();
        request = request with { Connection = server.Connection, Database = "shut_down" };
        using var backup = new RunningBackup(request);
        await backup.WaitForRowsAsync();

        // pg_ctl stop -m immediate sends this signal.
        Signals.Send("QUIT", server.Cluster.ProcessId);

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.ConnectionFailed, failure.Error);
        Assert.Empty(LinuxProcesses.ToolsOf(server, "shut_down"));
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>The tools that run for the backup.</summary>
    private protected int[] Tools() => LinuxProcesses.ToolsOf(_server, Database);

    // Longer than a machine under load takes to begin, or rows would not have come before it ends the run.
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(10);

    private protected BackupRequest Request(TimeSpan? stallTimeout = null) =>
        new()
        {
            Connection = _server.Connection,
            Database = Database,
            Folder = _destination.Path,
            StallTimeout = stallTimeout,
            Jobs = Jobs,
            LeastShared = 0,
        };

    private int DumpingBackend() =>
        (int)
            _server.Scalar(
                "postgres",
                "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND query LIKE 'COPY%'"
            )!;

    private protected async Task AssertNothingIsLeftAsync()
    {
        Assert.Empty(Leftovers.Files(_destination.Path));
        await Leftovers.AssertNoneAsync(_server, Database);
    }
}

/// <summary>The same with several sessions.</summary>
public sealed class ParallelInterruptionTests(PostgresServer server) : InterruptionTests(server)
{
    private protected override int Jobs => 4;

    /// <summary>Sessions and pg_dump are ended at once where only one of them was.</summary>
    [PostgresFact]
    public async Task OneOfThemKilled()
    {
        using var backup = new RunningBackup(Request());
        await backup.WaitForRowsAsync();
        Signals.Send("KILL", Tools()[0]);

        CryoBackupException failure = await backup.FailureAsync();
        Assert.Equal(CryoBackupError.DumpFailed, failure.Error);
        await AssertNothingIsLeftAsync();
    }
}
