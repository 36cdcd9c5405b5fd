using System.Text;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Encryption;

/// <summary>Every write of the tool and of all that it starts, as strace sees them, at a backup,
/// its verification and its restore.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class NothingInClearTests(PostgresServer server) : IDisposable
{
    private const string Source = "traced_source";
    private const string Target = "traced_target";
    private const int Rows = 5_000;
    private readonly TemporaryFolder _folder = new();

    private string Backups => Path.Combine(_folder.Path, "backups");

    public void Dispose() => _folder.Dispose();

    [TraceFact]
    public void NoFileOnTheWayHoldsContentInClear()
    {
        EncryptedBackup.MakeSample(server, Source, Rows);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        var tool = new TracedTool();
        tool.Run(server, _folder, "new", Source, "--path", Backups, "--recipient", recipient, "--include-globals");
        string backup = Assert.Single(Directory.GetFiles(Backups, "*.dump.gz.age"));
        tool.Run(server, _folder, "test", backup, "--identity", identity);
        foreach (string jobs in (string[])["1", "2"])
        {
            server.Execute("postgres", $"DROP DATABASE IF EXISTS {Target} WITH (FORCE)");
            tool.Run(server, _folder, "restore", backup, "--target-database", Target, "--create", "--jobs", jobs, "--identity", identity);
            Assert.Equal((long)Rows, server.Scalar(Target, $"SELECT count(*) FROM {EncryptedBackup.Table}"));
        }

        Assert.Empty(tool.Unseen);
        IReadOnlyDictionary<string, byte[]> files = tool.Files;
        Assert.All(files, file => Assert.False(EncryptedBackup.IsInClear(file.Value), $"{file.Key} holds content in clear."));
        // All of it went by: what lies there now was seen while it was written.
        byte[] encryptedBytes = File.ReadAllBytes(backup);
        Assert.Contains(files.Values, bytes => bytes.AsSpan().SequenceEqual(encryptedBytes));
        Assert.Contains(tool.Arguments, list => list.Contains("pg_dump", StringComparison.Ordinal));
        Assert.Contains(tool.Arguments, list => list.Contains("age -d -i ", StringComparison.Ordinal));

        // The server is met by its socket; nobody else is.
        Assert.NotEmpty(tool.Connections);
        Assert.All(tool.Connections, call => Assert.DoesNotContain("AF_INET", call, StringComparison.Ordinal));

        string secret = File.ReadLines(identity).Single(line => line.StartsWith("AGE-SECRET-KEY-", StringComparison.Ordinal));
        Assert.All(tool.Arguments, list => Assert.DoesNotContain(secret, list, StringComparison.OrdinalIgnoreCase));
        Assert.All(
            files,
            file => Assert.True(file.Value.AsSpan().IndexOf(Encoding.ASCII.GetBytes(secret)) < 0, $"{file.Key} holds the identity.")
        );
    }

    [TraceFact]
    public void TestWritesItsVerdictAloneAndAsksNobody()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        string path = EncryptedBackup.New(server, Source, _folder.Path, []).Path;
        var tool = new TracedTool();
        tool.Run(server, _folder, "test", path);
        Assert.All(tool.Files, file => Assert.Contains(".proof.json", file.Key, StringComparison.Ordinal));
        Assert.DoesNotContain(
            tool.Connections,
            call => !call.Contains("AF_UNIX", StringComparison.Ordinal) || call.Contains(".s.PGSQL", StringComparison.Ordinal)
        );
    }

    [TraceFact]
    public void TheTraceSeesWhatIsInClear()
    {
        EncryptedBackup.MakeSample(server, Source, 10);
        foreach (CompressionKind compression in new[] { CompressionKind.None, CompressionKind.Gzip })
        {
            var tool = new TracedTool();
            tool.Run(server, _folder, "new", Source, "--path", Backups, "--compression", compression.ToString());
            Assert.Contains(
                tool.Files,
                file =>
                    file.Key.EndsWith(".partial", StringComparison.Ordinal)
                    && file.Key.Contains(".dump", StringComparison.Ordinal)
                    && EncryptedBackup.IsInClear(file.Value)
            );
            Assert.Contains(
                tool.Files,
                file =>
                    file.Key.Contains(BackupFileName.ManifestSuffix, StringComparison.Ordinal) && EncryptedBackup.HoldsSample(file.Value)
            );
        }
    }

    /// <summary>A test that needs age, a server, and strace that works; where it does not, that is said.</summary>
    private sealed class TraceFactAttribute : ServerFactAttribute
    {
        public TraceFactAttribute() => Skip = AgePrograms.ReasonToSkip ?? ServerPrograms.ReasonToSkip ?? TracedTool.ReasonToSkip;
    }
}
