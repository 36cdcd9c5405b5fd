using CryoBackup.Processes;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Postgres;

/// <summary>The program of tests/scratch, run as it is built.</summary>
[Trait(WineLimits.Trait, WineLimits.Host)]
[Trait("Runs", "Once")]
public sealed class ScratchProgramTests
{
    private static string Program
    {
        get
        {
            // …/bin/CryoBackup.Engine.Tests/debug_net10.0/ and …/bin/CryoBackup.Scratch/debug/
            var here = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
            return Path.Combine(here.Parent!.Parent!.FullName, "CryoBackup.Scratch", here.Name.Split('_')[0], "CryoBackup.Scratch.dll");
        }
    }

    [PostgresFact]
    public void RunsACommandAgainstItsServerAndPassesItsExitCode()
    {
        if (OperatingSystem.IsWindows())
        {
            (int code, string version, IReadOnlyList<string> _) = Run(
                "--",
                "psql",
                "-X",
                "-A",
                "-t",
                "-c",
                "SHOW server_encoding",
                "postgres"
            );
            Assert.Equal((0, "UTF8"), (code, version.Trim()));
            return;
        }

        (int exitCode, string output, IReadOnlyList<string> errors) = Run(
            "--",
            "/bin/sh",
            "-c",
            "psql -X -A -t -c \"SELECT current_user || ' ' || count(*) FROM pg_database\" postgres; "
                + "echo \"$PGHOST ${PGPASSWORD-unset}\"; exit 7"
        );
        Assert.True(exitCode == 7, string.Join('\n', errors));
        string[] lines = output.Split('\n');
        Assert.Equal("postgres 3", lines[0]);
        string folder = lines[1].Split(' ')[0];
        Assert.Equal(folder + " unset", lines[1]);
        Assert.Contains("cryobackup-scratch-", folder, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    [PostgresFact(UnixOnly = true)]
    public void StopsTheServerWhenTerminated()
    {
        using var tool = ToolProcess.Start(Command("--", "/bin/sh", "-c", "echo $PGHOST; sleep 1000"), CancellationToken.None);
        using var reader = new StreamReader(tool.StandardOutput);
        string folder = reader.ReadLine()!;
        Assert.True(Directory.Exists(folder));
        string id = tool.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(0, ToolProcess.Run(new ToolCommand("/bin/sh", "-c", "kill -TERM " + id), CancellationToken.None).ExitCode);
        Assert.Equal(128 + 15, tool.WaitForExit(CancellationToken.None));
        Assert.False(Directory.Exists(folder));
    }

    [Theory]
    [InlineData("No command is given.")]
    [InlineData("No command follows --.", "--")]
    [InlineData("--sample needs a number of rows.", "--sample", "many", "--", "true")]
    [InlineData("'true' is not an option; the command to run follows --.", "true")]
    public void SaysWhatIsWrongWithTheCommandLine(string expected, params string[] words)
    {
        (int exitCode, string _, IReadOnlyList<string> errors) = Run(words);
        Assert.Equal(2, exitCode);
        Assert.Equal(expected, errors[0]);
        Assert.StartsWith("usage:", errors[1], StringComparison.Ordinal);
    }

    [PostgresFact]
    public void SaysThatTheCommandCannotBeRun()
    {
        (int exitCode, string _, IReadOnlyList<string> errors) = Run("--", "no-such-program");
        Assert.Equal(127, exitCode);
        Assert.Contains(errors, line => line.Contains("no-such-program", StringComparison.Ordinal));
    }

    private static (int ExitCode, string Output, IReadOnlyList<string> Errors) Run(params string[] words) =>
        ToolProcess.Run(Command(words), CancellationToken.None);

    private static ToolCommand Command(params string[] words) => new(Environment.ProcessPath!, [Program, .. words]) { ReadsOutput = true };
}
