using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Security;

/// <summary>Where file locks do not hold, or are switched off, a run is not mistaken for a dead one: its partial file stays.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class FileLockTests(PostgresServer server) : IDisposable
{
    // A file system that grants every lock to everybody, and one that has none.
    private static readonly string[] Pretended = ["flock:retval=0"];
    private static readonly string[] Absent = ["flock:error=ENOLCK"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TracedFact]
    public void AHolderThatLivesIsSeenByItsBeat()
    {
        foreach (string[] injection in (string[][])[Pretended, Absent])
        {
            using (BackupLock.Take(_folder.Path, "postgres", static _ => { }))
            {
                string partial = _folder.Write("postgres_20240806_053412_full.dump.gz.partial", "half");
                (int exitCode, string said) = New(injection);
                Assert.True(exitCode == 1, said);
                Assert.Contains("Another backup of 'postgres'", said, StringComparison.Ordinal);
                Assert.Equal("half", File.ReadAllText(partial));
            }
        }
    }

    [TracedFact]
    public void ThatTheyDoNotHoldIsSaid()
    {
        foreach (string[] injection in (string[][])[Pretended, Absent])
        {
            (int exitCode, string said) = New(injection);
            Assert.True(exitCode == 0, said);
            Assert.Contains($"File locks do not hold in '{_folder.Path}'", said, StringComparison.Ordinal);
        }

        (int whole, string silence) = New([]);
        Assert.True(whole == 0, silence);
        Assert.DoesNotContain("File locks", silence, StringComparison.Ordinal);
    }

    /// <summary>.NET's own locks can be switched off; this one is not .NET's.</summary>
    [PostgresFact(UnixOnly = true)]
    public void TheSwitchOfDotnetChangesNothing()
    {
        using (BackupLock.Take(_folder.Path, "postgres", static _ => { }))
        {
            string partial = _folder.Write("postgres_20240806_053412_full.dump.gz.partial", "half");
            (int exitCode, string said) = Run(
                new ToolCommand(Tool, Arguments) { Environment = Environment(("DOTNET_SYSTEM_IO_DISABLEFILELOCKING", "1")) }
            );
            Assert.True(exitCode == 1, said);
            Assert.Contains("Another backup of 'postgres'", said, StringComparison.Ordinal);
            Assert.Equal("half", File.ReadAllText(partial));
        }
    }

    private static string Tool => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup"));

    private string[] Arguments => ["new", "postgres", "--path", _folder.Path];

    private (int ExitCode, string Said) New(string[] injection) =>
        Run(
            new ToolCommand(
                "strace",
                [
                    "-f",
                    "-qq",
                    "-o",
                    "/dev/null",
                    "-e",
                    "trace=flock",
                    .. injection.SelectMany(what => (string[])["-e", "inject=" + what]),
                    "--",
                    Tool,
                    .. Arguments,
                ]
            )
            {
                Environment = Environment(),
            }
        );

    private static (int ExitCode, string Said) Run(ToolCommand command)
    {
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(command, CancellationToken.None);
        return (exitCode, output + "\n" + string.Join('\n', errors));
    }

    private Dictionary<string, string?> Environment(params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string?>
        {
            ["PGHOST"] = server.Connection.ComputerName,
            ["PGPORT"] = server.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
            ["PGUSER"] = server.Connection.UserName,
            ["PGPASSWORD"] = server.Connection.Password,
        };
        foreach ((string name, string value) in more)
        {
            environment[name] = value;
        }

        return environment;
    }
}
