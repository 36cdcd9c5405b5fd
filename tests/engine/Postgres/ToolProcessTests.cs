using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using CryoBackup.Processes;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Tests.Postgres;

public sealed partial class ToolProcessTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public void PassesArgumentsAsTheyAre()
    {
        string[] words = ["a b", "c\"d", "e'f", "", "$HOME", "*", "back\\slash", "new\nline", "-dash", "ü€"];
        (int exitCode, string output, IReadOnlyList<string> _) = ToolProcess.Run(
            Sh("printf '%s|' \"$@\"", ["sh", .. words]),
            CancellationToken.None
        );
        Assert.Equal(0, exitCode);
        Assert.Equal(string.Join('|', words) + "|", output);
    }

    [UnixFact]
    public void SetsAndRemovesVariables()
    {
        ToolCommand command = Sh("printf '%s %s' \"$CRYOBACKUP_TEST\" \"${HOME-none}\"") with
        {
            Environment = new Dictionary<string, string?> { ["CRYOBACKUP_TEST"] = "two words", ["HOME"] = null },
        };
        Assert.Equal("two words none", ToolProcess.Run(command, CancellationToken.None).Output);
    }

    [UnixFact]
    public void NeverWaitsForAFullPipe()
    {
        // Far more than any pipe holds, on both, and nobody asked for either.
        using var tool = ToolProcess.Start(
            Sh("for i in 1 2 3 4; do head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; done; exit 5"),
            CancellationToken.None
        );
        Assert.Equal(5, tool.WaitForExit(CancellationToken.None));
    }

    [UnixFact]
    public void CarriesRawBytesThroughBothPipes()
    {
        byte[] sent = new byte[5_000_000];
        new Random(1).NextBytes(sent);
        using var tool = ToolProcess.Start(new ToolCommand("/bin/cat") { WritesInput = true, ReadsOutput = true }, CancellationToken.None);
        var received = new MemoryStream();
        var reader = Task.Run(() => tool.StandardOutput.CopyTo(received));
        tool.StandardInput.Write(sent);
        tool.StandardInput.Dispose();
        reader.Wait();
        Assert.Equal(0, tool.WaitForExit(CancellationToken.None));
        Assert.True(received.GetBuffer().AsSpan(0, (int)received.Length).SequenceEqual(sent));
    }

    [UnixFact]
    public void GivesAnEmptyInputToThatWhichIsNotWritten() =>
        Assert.Equal("end", ToolProcess.Run(Sh("cat; printf end"), CancellationToken.None).Output);

    [UnixFact]
    public void KeepsTheLastFortyLinesOfStandardError()
    {
        var seen = new List<string>();
        ToolCommand command = Sh("i=1; while [ $i -le 100 ]; do echo \"line $i\" >&2; i=$((i+1)); done; printf 'no end' >&2") with
        {
            ErrorLine = seen.Add,
        };
        (int _, string _, IReadOnlyList<string> errors) = ToolProcess.Run(command, CancellationToken.None);
        Assert.Equal(40, errors.Count);
        Assert.Equal("line 62", errors[0]);
        Assert.Equal("no end", errors[^1]);
        Assert.Equal(101, seen.Count);
        Assert.Equal("line 1", seen[0]);
    }

    [Fact]
    public void CutsALongLineBetweenCharacters()
    {
        foreach (string letter in (string[])["x", "ü", "€", "😀"])
        {
            var tail = new StandardErrorTail(null);
            string text = string.Concat(Enumerable.Repeat(letter, 9001));
            tail.ReadToEnd(new MemoryStream(Encoding.UTF8.GetBytes("a" + text + "\nnext\r\n")));
            Assert.Equal(["next"], tail.Lines.Skip(1));
            Assert.InRange(tail.Lines[0].Length, 1999, 2000);
            Assert.StartsWith(tail.Lines[0], "a" + text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ReadsALineThatIsNotUtf8AsLatin1()
    {
        var tail = new StandardErrorTail(null);
        tail.ReadToEnd(new MemoryStream([.. "Größe\n"u8, .. Encoding.Latin1.GetBytes("Größe\n")]));
        Assert.Equal(["Größe", "Größe"], tail.Lines);
    }

    [UnixFact]
    public void IsNotStoppedByAFaultyObserver()
    {
        ToolCommand command = Sh("i=0; while [ $i -lt 20000 ]; do echo some line of text >&2; i=$((i+1)); done; exit 3") with
        {
            ErrorLine = _ => throw new InvalidOperationException(),
        };
        using var tool = ToolProcess.Start(command, CancellationToken.None);
        Assert.Equal(3, tool.WaitForExit(CancellationToken.None));
        Assert.Equal(40, tool.StandardErrorTail.Count);
    }

    [UnixFact]
    public void KillsTheWholeTree()
    {
        using var tool = ToolProcess.Start(Sh("sleep 1000 & echo $!; wait") with { ReadsOutput = true }, CancellationToken.None);
        int grandchild = ReadNumber(tool);
        Assert.True(Lives(grandchild));
        tool.Kill();
        Assert.True(tool.HasExited);
        Assert.Equal(128 + 9, tool.WaitForExit(CancellationToken.None));
        AssertDies(grandchild);
        tool.Kill();
    }

    [UnixFact]
    public void DiesWithTheObject()
    {
        int child,
            grandchild;
        using (var tool = ToolProcess.Start(Sh("sleep 1000 & echo $!; wait") with { ReadsOutput = true }, CancellationToken.None))
        {
            (child, grandchild) = (tool.Id, ReadNumber(tool));
        }

        AssertDies(child);
        AssertDies(grandchild);
    }

    [UnixFact]
    public void DiesWhenCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var tool = ToolProcess.Start(Sh("sleep 1000 & echo $!; wait") with { ReadsOutput = true }, cancellation.Token);
        int grandchild = ReadNumber(tool);
        cancellation.Cancel();
        Assert.True(tool.HasExited);
        AssertDies(grandchild);
        Assert.ThrowsAny<OperationCanceledException>(() => tool.WaitForExit(cancellation.Token));
        Assert.ThrowsAny<OperationCanceledException>(() => ToolProcess.Start(Sh("exit 0"), cancellation.Token));
    }

    [UnixFact]
    public void EndsAReaderThatWaitsWhenCancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var tool = ToolProcess.Start(Sh("sleep 1000") with { ReadsOutput = true }, cancellation.Token);
        Task<int> reading = Task.Run(() => tool.StandardOutput.Read(new byte[1]));
        cancellation.Cancel();
        Assert.True(reading.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(0, reading.Result);
    }

    [UnixFact]
    public void DoesNotWaitForADescendantThatKeepsThePipe()
    {
        // The shell between them ends, so the sleeper has left the tree, as a daemon does.
        using var tool = ToolProcess.Start(Sh("(sleep 60 & echo $! >&2) ; echo done >&2; exit 4"), CancellationToken.None);
        Assert.Equal(4, tool.WaitForExit(CancellationToken.None));
        int sleeper = int.Parse(tool.StandardErrorTail[0], CultureInfo.InvariantCulture);
        Process.GetProcessById(sleeper).Kill();
    }

    [Theory]
    [InlineData("pg_dump", CryoBackupError.PgToolNotFound)]
    [InlineData("age", CryoBackupError.ToolNotFound)]
    public void SaysThatAProgramCannotBeStarted(string name, CryoBackupError expected)
    {
        string path = Path.Combine(_folder.Path, name);
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => ToolProcess.Start(new ToolCommand(path), CancellationToken.None));
        Assert.Equal(expected, e.Error);
        Assert.Equal(path, e.Target);
        Assert.NotNull(e.Remedy);
    }

    [RootFact]
    public void RunsAsAnotherAccount()
    {
        (int exitCode, string output, IReadOnlyList<string> _) = ToolProcess.Run(
            new ToolCommand("/usr/bin/id", "-un") { UserName = "nobody" },
            CancellationToken.None
        );
        Assert.Equal(0, exitCode);
        Assert.Equal("nobody", output.Trim());
    }

    [LinuxFact]
    public void EnlargesThePipes()
    {
        using var tool = ToolProcess.Start(new ToolCommand("/bin/cat") { WritesInput = true, ReadsOutput = true }, CancellationToken.None);
        int allowed = int.Parse(File.ReadAllText("/proc/sys/fs/pipe-max-size"), CultureInfo.InvariantCulture);
        foreach (Stream stream in (Stream[])[tool.StandardInput, tool.StandardOutput])
        {
            SafePipeHandle handle = Assert.IsAssignableFrom<System.IO.Pipes.PipeStream>(stream).SafePipeHandle;
            int size = PipeSize((int)handle.DangerousGetHandle(), 1032);
            Assert.True(size >= Math.Min(allowed, 1024 * 1024), $"The pipe holds {size} bytes.");
        }

        tool.StandardInput.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int PipeSize(int descriptor, int command);

    private static ToolCommand Sh(string script, params string[] words) => new("/bin/sh", ["-c", script, .. words]);

    private static int ReadNumber(ToolProcess tool)
    {
        var text = new StringBuilder();
        int c;
        while ((c = tool.StandardOutput.ReadByte()) is not ('\n' or -1))
        {
            text.Append((char)c);
        }

        return int.Parse(text.ToString(), CultureInfo.InvariantCulture);
    }

    private static bool Lives(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            // An orphan stays in the table until init has read its end.
            return !OperatingSystem.IsLinux()
                || !File.ReadAllText($"/proc/{id.ToString(CultureInfo.InvariantCulture)}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            return false;
        }
    }

    private static void AssertDies(int id) =>
        Assert.True(SpinWait.SpinUntil(() => !Lives(id), TimeSpan.FromSeconds(30)), $"Process {id} lives.");
}
