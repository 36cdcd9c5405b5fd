using System.Diagnostics;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

public sealed class OpenCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(CompressionKind.Gzip, "gunzip -c app.dump.gz | pg_restore -d NAME")]
    [InlineData(CompressionKind.Zstd, "zstd -dc app.dump.gz | pg_restore -d NAME")]
    [InlineData(CompressionKind.None, "pg_restore -d NAME app.dump.gz")]
    public void NamesTheStockTools(CompressionKind compression, string expected) =>
        Assert.Equal(expected, OpenCommand.For("app.dump.gz", compression, isEncrypted: false));

    [UnixFact]
    public void GivesTheShellAnyNameAsItIs()
    {
        // The tools are replaced by one that tells its arguments.
        _folder.WriteProgram("gunzip", "printf '%s\\n' \"$@\"");
        _folder.WriteProgram("pg_restore", "cat; printf '%s\\n' \"$@\"");
        foreach (string database in (string[])["app", "it's", "a b", "$HOME", "`id`", "a;b", "!x", "Größe 🧊", "(x)", "a&b", "#x"])
        {
            string file = BackupFileName.Create(
                database,
                new DateTime(2024, 8, 6, 5, 34, 12, DateTimeKind.Utc),
                CompressionKind.Gzip,
                isEncrypted: false
            );
            var start = new ProcessStartInfo("/bin/sh", ["-c", OpenCommand.For(file, CompressionKind.Gzip, isEncrypted: false)])
            {
                RedirectStandardOutput = true,
            };
            start.Environment["PATH"] = _folder.Path + ":/usr/bin:/bin";
            using Process process = Process.Start(start)!;
            Assert.Equal($"-c\n{file}\n-d\nNAME\n", process.StandardOutput.ReadToEnd());
            process.WaitForExit();
        }
    }
}
