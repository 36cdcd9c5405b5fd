using System.Diagnostics;
using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Hosting;
using CryoBackup.Postgres;
using CryoBackup.Restore;

namespace CryoBackup.Tests;

/// <summary>How a run is ended.</summary>
internal enum Ending
{
    /// <summary>As kill -9 does; what it started lives on.</summary>
    Killed,

    /// <summary>As a user does who has changed his mind.</summary>
    Cancelled,

    /// <summary>As an impatient one does: killed while it clears up.</summary>
    CancelledAndKilled,
}

/// <summary>How a run ended, and what it said until then.</summary>
/// <param name="ExitCode">0 for one that did its work, <see cref="ChildRun.Cancelled"/> for one that was cancelled.</param>
/// <param name="Said">Its lines, each with its time since the first.</param>
internal sealed record EndedRun(int ExitCode, IReadOnlyList<(TimeSpan Time, string Text)> Said)
{
    public bool IsDone => ExitCode == 0;

    public IEnumerable<string> Warnings =>
        Said.Select(line => line.Text)
            .Where(text => text.StartsWith(ChildRun.Warning, StringComparison.Ordinal))
            .Select(text => text[ChildRun.Warning.Length..]);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"exit code {ExitCode}\n") + string.Join('\n', Said.Select(line => line.Text));
}

/// <summary>
/// A New or a Restore by several sessions in a process of its own, with a temporary folder and a password of its own: the test assembly
/// itself, run as a program. It says all that a host is told, and is cancelled by the end of its standard input.
/// </summary>
internal sealed class ChildRun : IDisposable
{
    public const int Cancelled = 2;
    public const string Warning = "warning: ";
    private const int Jobs = 4;
    private const string First = "begins";

    // Only so that a hang becomes a failed test.
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(5);

    private readonly Process _process;

    /// <summary>Starts it.</summary>
    /// <param name="connection">The server.</param>
    /// <param name="temporaryFolder">Its temporary folder.</param>
    /// <param name="words">The verb, and what it is given: see <see cref="Run"/>.</param>
    /// <param name="under">A program with arguments that runs the child; null for none.</param>
    public ChildRun(ConnectionRequest connection, string temporaryFolder, string[] words, string[]? under = null)
    {
        string[] program = [.. under ?? [], Environment.ProcessPath!];
        var start = new ProcessStartInfo(program[0]) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (
            string argument in (string[])
                [
                    .. program[1..],
                    "exec",
                    typeof(ChildRun).Assembly.Location,
                    "to be ended",
                    connection.ComputerName!,
                    connection.Port!.Value.ToString(CultureInfo.InvariantCulture),
                    connection.UserName!,
                    .. words,
                ]
        )
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PGPASSWORD"] = connection.Password ?? "a password that no file may keep";
        start.Environment["TMPDIR"] = temporaryFolder;
        _process = Process.Start(start)!;
    }

    /// <summary>Runs as the child.</summary>
    public static int Run(string host, string port, string user, params string[] words)
    {
        DeadRuns.Remove();

        // Not disposed of: the input may end when all is done.
        var stop = new CancellationTokenSource();
        new Thread(() =>
        {
            Console.In.ReadToEnd();
            stop.Cancel();
        })
        {
            IsBackground = true,
        }.Start();
        var connection = new ConnectionRequest
        {
            ComputerName = host,
            Port = int.Parse(port, CultureInfo.InvariantCulture),
            UserName = user,
        };
        Console.WriteLine(First);
        try
        {
            Console.WriteLine(
                words is ["new", var database, var folder]
                    ? BackupWriter.Run(New(connection, database, folder), Say, stop.Token).Path
                    : BackupRestorer.Run(Restore(connection, words), Say, stop.Token).TargetDatabase
            );
            return 0;
        }
        catch (OperationCanceledException)
        {
            return Cancelled;
        }
        catch (CryoBackupException exception)
        {
            Console.WriteLine(exception);
            return 1;
        }
    }

    /// <summary>Lets it run to its end.</summary>
    public EndedRun Finish() => End((_, _) => false, [], default);

    /// <summary>Cancels it as soon as it says something.</summary>
    /// <param name="words">What it says.</param>
    public EndedRun CancelAt(string words) =>
        End((_, text) => text.Contains(words, StringComparison.Ordinal), [TimeSpan.Zero], Ending.Cancelled);

    /// <summary>Ends it in the midst of its work, if it has not ended before.</summary>
    /// <param name="line">How many lines it says before.</param>
    /// <param name="delays">How long it goes on after them, and how long it may clear up.</param>
    /// <param name="how">How.</param>
    public EndedRun End(int line, TimeSpan[] delays, Ending how) => End((count, _) => count == line, delays, how);

    public void Dispose()
    {
        _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private EndedRun End(Func<int, string, bool> isThere, TimeSpan[] delays, Ending how)
    {
        bool isEnding = false;
        var said = new List<(TimeSpan, string)>();
        var clock = new Stopwatch();
        using var patience = new Timer(_ => _process.Kill(entireProcessTree: true), null, Hang, Timeout.InfiniteTimeSpan);
        while (_process.StandardOutput.ReadLine() is { } text)
        {
            clock.Start();
            said.Add((clock.Elapsed, text));
            if (!isEnding && isThere(said.Count, text))
            {
                isEnding = true;
                Thread.Sleep(delays[0]);
                if (how != Ending.Killed)
                {
                    _process.StandardInput.Dispose();
                    Thread.Sleep(how == Ending.CancelledAndKilled ? delays[1] : TimeSpan.Zero);
                }

                if (how != Ending.Cancelled)
                {
                    _process.Kill();
                }
            }
        }

        _process.WaitForExit();
        return new EndedRun(_process.ExitCode, said);
    }

    private static BackupRequest New(ConnectionRequest connection, string database, string folder) =>
        Requests.Backup(connection, database, folder) with
        {
            IncludeGlobals = true,
            Jobs = Jobs,
            LeastShared = 0,
            PieceBytes = 1 << 19,
        };

    private static RestoreRequest Restore(ConnectionRequest connection, string[] words) =>
        Requests.Restore(connection, words[1], words[2]) with
        {
            Create = words[0] == "create",
            Swap = words[0] == "swap",
            Jobs = Jobs,
        };

    private static void Say(EngineMessage message) =>
        Console.WriteLine(message is WarningMessage warning ? Warning + warning.Text : message.ToString().ReplaceLineEndings(" "));
}
