using System.Diagnostics;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>A rehearsal that was killed leaves nothing once the next has run; one that was stopped leaves nothing at all.</summary>
[Collection("rehearsed and encrypted")]
public sealed class KilledRehearsalTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FileFact("/proc/self/stat")]
    [Trait("Speed", "Slow")] // processes that are killed, each in the middle of a rehearsal
    public void LeavesNothingToTheNextRun()
    {
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_killed",
            "CREATE TABLE t AS SELECT n, repeat('x', 100) FROM generate_series(1, 50000) n; CREATE INDEX ON t (n)"
        );
        string place = Directory.CreateDirectory(Path.Combine(_folder.Path, "tmp")).FullName;
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(
                _folder.Path,
                UnixFileMode.UserRead
                    | UnixFileMode.UserWrite
                    | UnixFileMode.UserExecute
                    | UnixFileMode.GroupExecute
                    | UnixFileMode.OtherExecute
            );
            File.SetUnixFileMode(place, (UnixFileMode)0b1_111_111_111);
        }

        // The points of a rehearsal, by what it says.
        string[] points = ["A throwaway PostgreSQL", "content: Passed", "restore: Passed"];
        foreach (string point in points[..Thoroughness.Of(2, points.Length)])
        {
            using Process child = Start(backup, place);
            while (child.StandardOutput.ReadLine() is { } line && !line.StartsWith(point, StringComparison.Ordinal)) { }

            Assert.False(child.HasExited, point);
            child.Kill();
            child.WaitForExit();
        }

        using Process last = Start(backup, place);
        string output = last.StandardOutput.ReadToEnd();
        last.WaitForExit();
        Assert.True(last.ExitCode == 0, output);
        Assert.DoesNotContain(
            Directory.EnumerateFileSystemEntries(place),
            entry => Path.GetFileName(entry).StartsWith("cryobackup-", StringComparison.Ordinal)
        );
        Assert.DoesNotContain(Process.GetProcesses(), process => CommandLine(process.Id).Contains(place, StringComparison.Ordinal));
    }

    [PostgresFact(UnixOnly = true)]
    public void StoppedLeavesNothing()
    {
        string backup = Rehearse.BackUp(server, _folder.Path, "rehearsal_stopped", "CREATE TABLE t (n int)");
        using var stop = new CancellationTokenSource();
        string? folder = null;
        Assert.ThrowsAny<OperationCanceledException>(() =>
            Rehearse.Run(
                backup,
                restored: endpoint =>
                {
                    folder = endpoint.Host;
                    stop.Cancel();
                },
                cancellationToken: stop.Token
            )
        );
        Assert.False(Directory.Exists(folder!));
    }

    /// <summary>Runs as the child: rehearses, and says what it does.</summary>
    public static int Run(string backup)
    {
        var request = new VerificationRequest { Path = backup, Level = VerificationLevel.Restore };
        VerificationResult result = BackupVerifier.Run(
            request,
            message => Console.WriteLine((message as VerboseMessage)?.Text ?? (message as ProgressMessage)?.Activity),
            CancellationToken.None
        );
        Console.WriteLine(result.Reason);
        return result.IsValid ? 0 : 1;
    }

    private static string CommandLine(int id)
    {
        try
        {
            return File.ReadAllText($"/proc/{id}/cmdline");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static Process Start(string backup, string place)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (string argument in (string[])["exec", typeof(KilledRehearsalTests).Assembly.Location, "rehearse", backup])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["TMPDIR"] = place;
        return Process.Start(start)!;
    }
}
