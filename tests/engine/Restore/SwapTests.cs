using System.Diagnostics;
using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Tests.Backup;
using Npgsql;

namespace CryoBackup.Tests.Restore;

/// <summary>Whatever happens to -Swap and whenever: the old database serves,
/// and nothing is left that the next run does not remove.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class SwapTests(ZooServer server)
{
    [PostgresFact]
    public void SessionsInTheOldOneAreRefused()
    {
        using SlowRestore slow = Prepare();
        slow.Hold("old", "SELECT 1");
        CryoBackupException e = server.Fail(slow.Backup, "old", request => request with { Swap = true });
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Contains("1 session,", e.Message, StringComparison.Ordinal);
        Assert.Contains("-Force", e.Remedy, StringComparison.Ordinal);
        Assert.Equal(0, server.CountTemporary());
        slow.AssertOldOneServes();
    }

    [PostgresFact]
    public void SessionsInTheOldOneAreEndedByForce()
    {
        using SlowRestore slow = Prepare();
        slow.GoOn();
        NpgsqlConnection holder = slow.Hold("old", "SELECT 1");
        RestoreResult result = server.Restore(slow.Backup, "old", request => request with { Swap = true, Force = true, Jobs = 1 });
        Assert.Equal(1000L, server.Scalar("old", "SELECT count(*) FROM a"));
        Assert.Equal(2L, server.Scalar(result.PreviousDatabase!, "SELECT count(*) FROM mine"));
        using var still = new NpgsqlCommand("SELECT 1", holder);
        Assert.ThrowsAny<NpgsqlException>(() => still.ExecuteScalar());
        server.Drop(result.PreviousDatabase!);
    }

    /// <summary>The server shows a session for a moment after its client has gone.</summary>
    [PostgresFact]
    public async Task ASessionThatEndsIsWaitedFor()
    {
        using SlowRestore slow = Prepare();
        slow.GoOn();
        await using var passing = new PassingSession(server.Open("old"), "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity");
        RestoreResult result = server.Restore(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 });
        Assert.Equal(RestoreStatus.Restored, result.Status);
        server.Drop(result.PreviousDatabase!);
    }

    [PostgresFact]
    public async Task SessionsThatComeLaterAreRefusedToo()
    {
        using SlowRestore slow = Prepare();
        Task<CryoBackupException> failing = Task.Run(() =>
            server.Fail(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 })
        );
        slow.MeetAt(Moment.Index);
        slow.Hold("old", "SELECT 1");
        slow.GoOn();
        CryoBackupException e = await failing;
        Assert.Contains("-Force", e.Remedy, StringComparison.Ordinal);
        AssertUndone(slow, e);
    }

    [PostgresFact]
    public async Task CancelledAtAnyMoment()
    {
        foreach (Moment moment in Enum.GetValues<Moment>())
        {
            using SlowRestore slow = Prepare();
            using var cancellation = new CancellationTokenSource();
            Task<RestoreResult> restoring = Task.Run(() =>
                server.Restore(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 }, cancellation.Token)
            );
            slow.MeetAt(moment);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => restoring);
            AssertUndone(slow);
        }
    }

    [PostgresFact]
    public async Task TheSessionIsLostAtAnyMoment()
    {
        foreach (Moment moment in Enum.GetValues<Moment>())
        {
            using SlowRestore slow = Prepare();
            Task<CryoBackupException> failing = Task.Run(() =>
                server.Fail(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 })
            );
            slow.MeetAt(moment);
            server.Execute(
                "postgres",
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'CryoBackup %-%' AND state <> 'idle'"
            );
            CryoBackupException e = await failing;
            Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
            AssertUndone(slow, e);
        }
    }

    [PostgresFact]
    public async Task TheComparisonFails()
    {
        using SlowRestore slow = Prepare();
        Task<CryoBackupException> failing = Task.Run(() =>
            server.Fail(slow.Backup, "old", request => request with { Swap = true, Jobs = 1 })
        );
        server.Execute(slow.MeetAt(Moment.Index), "UPDATE a SET id = 0 WHERE id = 77");
        slow.GoOn();
        CryoBackupException e = await failing;
        Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
        Assert.Equal("public.a", e.Target);
        Assert.Contains("fingerprint", e.Message, StringComparison.Ordinal);
        AssertUndone(slow, e);
    }

    [LinuxFact]
    public async Task PgRestoreIsKilled()
    {
        foreach (int jobs in (int[])[1, 2])
        {
            using SlowRestore slow = Prepare();
            Task<CryoBackupException> failing = Task.Run(() =>
                server.Fail(slow.Backup, "old", request => request with { Swap = true, Jobs = jobs })
            );
            string database = slow.MeetAt(Moment.Index);

            // By the name of its database, which occurs nowhere else.
            Signals.Send(
                "KILL",
                LinuxProcesses
                    .All()
                    .Where(process =>
                        process.Arguments.Contains("pg_restore", StringComparison.Ordinal)
                        && process.Arguments.Contains(database, StringComparison.Ordinal)
                    )
                    .Select(process => process.Id)
            );
            CryoBackupException e = await failing;
            Assert.Equal(CryoBackupError.RestoreFailed, e.Error);
            Assert.Contains("signal 9", e.Message, StringComparison.Ordinal);
            AssertUndone(slow, e);
        }
    }

    [PostgresFact]
    [Trait("Speed", "Slow")] // a process and a whole restore for each moment
    public void WeAreKilledAtAnyMoment()
    {
        foreach (Moment moment in Enum.GetValues<Moment>())
        {
            using SlowRestore slow = Prepare();
            using (var tool = ToolProcess.Start(Tool("restore", slow.Backup, "-d", "old", "--swap", "--jobs", "1"), CancellationToken.None))
            {
                slow.MeetAt(moment);
                using var process = Process.GetProcessById(tool.Id);
                process.Kill(entireProcessTree: false);
                process.WaitForExit();
            }

            slow.Release();
            slow.AssertNoSessionIsLeft();
            slow.AssertOldOneServes();
            Assert.Equal(1, server.CountTemporary());

            // The next run removes it.
            server.Drop("next");
            RestoreResult next = server.Restore(slow.Backup, "next", request => request with { Create = true, SchemaOnly = true });
            Assert.Contains(
                next.Warnings,
                warning => warning.StartsWith("Removed the database 'cryobackup_restore_", StringComparison.Ordinal)
            );
            Assert.Equal(0, server.CountTemporary());
        }
    }

    private ToolCommand Tool(params string[] arguments)
    {
        ConnectionRequest connection = server.Connection;
        return new ToolCommand(
            BuiltTool.Program,
            BuiltTool.Arguments([
                .. arguments,
                "-h",
                connection.ComputerName!,
                "-p",
                connection.Port!.Value.ToString(CultureInfo.InvariantCulture),
                "-U",
                connection.UserName!,
            ])
        )
        {
            Environment = new Dictionary<string, string?> { ["PGPASSWORD"] = connection.Password },
        };
    }

    private SlowRestore Prepare()
    {
        server.Drop("old");
        return new SlowRestore(server, server.BackUp);
    }

    private void AssertUndone(SlowRestore slow, CryoBackupException? e = null)
    {
        slow.Release();
        slow.AssertNoSessionIsLeft();
        slow.AssertOldOneServes();
        Assert.Equal(0, server.CountTemporary());
        if (e is not null)
        {
            Assert.Contains("The database 'old' serves on as it was.", e.Message, StringComparison.Ordinal);
        }
    }
}
