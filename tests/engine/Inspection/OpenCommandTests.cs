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
        Assert.Equal(expected, new OpenCommand("app.dump.gz", compression, isEncrypted: false).ForShell());

    [Theory]
    [InlineData(CompressionKind.Gzip, false, "gzip -dc \"it's a.dump\" | pg_restore -d NAME")]
    [InlineData(CompressionKind.Zstd, false, "zstd -dc \"it's a.dump\" | pg_restore -d NAME")]
    [InlineData(CompressionKind.None, false, "pg_restore -d NAME \"it's a.dump\"")]
    [InlineData(CompressionKind.Gzip, true, "age -d -i IDENTITY \"it's a.dump\" | gzip -dc | pg_restore -d NAME")]
    [InlineData(CompressionKind.None, true, "age -d -i IDENTITY \"it's a.dump\" | pg_restore -d NAME")]
    public void NamesThemForCmd(CompressionKind compression, bool isEncrypted, string expected) =>
        Assert.Equal(expected, new OpenCommand("it's a.dump", compression, isEncrypted).ForCmd());

    /// <summary>What PowerShell takes for a quote is doubled; lines of programs are what it has in common with other shells.</summary>
    [Theory]
    [InlineData(CompressionKind.Zstd, false, "zstd -dc 'it''s \u2019\u2019.dump' | pg_restore -d NAME")]
    [InlineData(CompressionKind.None, false, "pg_restore -d NAME 'it''s \u2019\u2019.dump'")]
    [InlineData(CompressionKind.Zstd, true, "age -d -i IDENTITY 'it''s \u2019\u2019.dump' | zstd -dc | pg_restore -d NAME")]
    [InlineData(CompressionKind.None, true, "age -d -i IDENTITY 'it''s \u2019\u2019.dump' | pg_restore -d NAME")]
    public void NamesThemForPowerShell(CompressionKind compression, bool isEncrypted, string expected) =>
        Assert.Equal(expected, new OpenCommand("it's \u2019.dump", compression, isEncrypted).ForPowerShell());

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
            var start = new ProcessStartInfo("/bin/sh", ["-c", new OpenCommand(file, CompressionKind.Gzip, isEncrypted: false).ForShell()])
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
