using System.Diagnostics;
using System.Runtime.Versioning;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Runs;

/// <summary>Log, metrics and reports in a folder that somebody else may write to: no link is followed,
/// nobody else's lock is waited for, nobody else reads along.</summary>
[Trait("Runs", "Once")]
[UnsupportedOSPlatform("windows")]
public sealed class EvidenceFileTests : IDisposable
{
    private const string Precious = "precious\n";
    private readonly TemporaryFolder _folder = new();

    private string Log => Path.Combine(_folder.Path, "cryobackup.log");

    private string Prom => Path.Combine(_folder.Path, "cryobackup.prom");

    public void Dispose() => _folder.Dispose();

    [UnixFact]
    public void ReadableForTheirOwnerAlone()
    {
        Run();
        foreach (string file in Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        Assert.Equal(6, Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Count());
    }

    /// <summary>A collector has an account of its own: whom the administrator lets read the metrics reads
    /// them after the next run too.</summary>
    [UnixFact]
    public void MetricsStayReadableForWhomTheyAre()
    {
        Run();
        File.SetUnixFileMode(
            Prom,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead
        );
        Run();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
            File.GetUnixFileMode(Prom)
        );
    }

    [UnixTheory]
    [InlineData("cryobackup.log")]
    [InlineData("cryobackup.log.lock")]
    [InlineData("cryobackup.prom")]
    [InlineData("cryobackup.prom.lock")]
    [InlineData("cryobackup.prom.partial")]
    public void NoLinkIsFollowed(string name)
    {
        string target = _folder.Write("elsewhere/target", Precious);
        string nothing = Path.Combine(_folder.Path, "elsewhere", "nothing");
        foreach (string to in new[] { target, nothing })
        {
            File.Delete(Path.Combine(_folder.Path, name));
            File.CreateSymbolicLink(Path.Combine(_folder.Path, name), to);
            Run();
            Assert.Equal(Precious, File.ReadAllText(target));
            Assert.False(File.Exists(nothing));
        }
    }

    /// <summary>What one cannot be written does not keep the others from being.</summary>
    [UnixFact]
    public void OneThatCannotBeWrittenSilencesNoOther()
    {
        File.CreateSymbolicLink(Log, "/nowhere");
        Directory.CreateDirectory(Prom);
        List<string> warnings = Run();
        Assert.Contains(warnings, warning => warning.StartsWith($"The log '{Log}' cannot be written: ", StringComparison.Ordinal));
        Assert.Contains(warnings, warning => warning.StartsWith("The metrics could not be written: ", StringComparison.Ordinal));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "reports"), "*.json"));
    }

    /// <summary>Anybody who may read a lock's file may hold the lock, for ever.</summary>
    [UnixFact]
    public void NobodysLockKeepsARunFromBeingToldOf()
    {
        Run();
        using (new Holder(Log, Log + ".lock", Prom, Prom + ".lock"))
        {
            Assert.Empty(Run());
        }

        Assert.Equal(
            2,
            File.ReadLines(Log).Count(line => line.Contains("Backup verification process completed", StringComparison.Ordinal))
        );
        Assert.Contains(
            "cryobackup_last_verification_verdict{database=\"app\",verdict=\"passed\"} 1",
            File.ReadAllText(Prom),
            StringComparison.Ordinal
        );
    }

    [UnixFact]
    public void NobodysLockKeepsAFileFromBeingRead()
    {
        string recipients = _folder.Write("recipients.txt", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n");
        string configuration = _folder.Write("c.yaml", "log_format: json\n");
        string secret = _folder.Write("secret", "database: {password: x}\n");
        string backup = _folder.Write("app_20260131_120000_full.dump", "PGDMP");
        string manifest = _folder.Write(
            "app_20260131_120000_full.dump.meta.json",
            """{"timestamp":"2026-01-31T12:00:00","database":"app","backup_file":"app_20260131_120000_full.dump","size_bytes":5}"""
        );
        using Holder locks = new(recipients, configuration, secret, backup, manifest);
        Assert.NotEmpty(CryoBackup.Encryption.KeyFile.Read(recipients, "The recipients file", CryoBackupError.ConfigurationInvalid));
        Assert.Equal(LogFormat.Json, ConfigurationFile.Read(configuration, static _ => { }).LogFormat);
        Assert.Equal("app", BackupManifest.Read(manifest).Database);
        using FileStream file = BackupSource.OpenFile(backup);
        Assert.Equal(5, file.Length);
    }

    [Fact]
    public void WhatAKilledRunLeftGoes()
    {
        string left = _folder.Write($"cryobackup.prom.{Guid.NewGuid():N}.partial", "x");
        string young = _folder.Write($"cryobackup.prom.{Guid.NewGuid():N}.partial", "x");
        string other = _folder.Write("cryobackup.prom.other.partial", "x");
        File.SetLastWriteTimeUtc(left, DateTime.UtcNow.AddHours(-1));
        File.SetLastWriteTimeUtc(other, DateTime.UtcNow.AddHours(-1));
        Run();
        Assert.Equal([false, true, true], new[] { left, young, other }.Select(File.Exists));
    }

    private List<string> Run()
    {
        var configuration = new BackupConfiguration
        {
            LogFile = Log,
            MetricsFile = Prom,
            Reports = new() { VerificationDir = Path.Combine(_folder.Path, "reports"), Html = true },
        };
        var warnings = new List<string>();
        using var evidence = new RecordedRun(RunKind.Verification, configuration, null);
        evidence.Begin("/backups/app_20260131_115900_full.dump.gz");
        evidence.Add(SampleResults.Verification());
        evidence.Finish(message => warnings.Add(message is WarningMessage warning ? warning.Text : ""), CancellationToken.None);
        return warnings;
    }

    /// <summary>Somebody else's process that holds the locks of files.</summary>
    private sealed class Holder : IDisposable
    {
        private readonly Process _process;

        public Holder(params string[] files)
        {
            string held = string.Join(' ', files.Select((file, number) => $"exec {number + 3}<'{file}' && flock -x {number + 3} &&"));
            _process = Process.Start(
                new ProcessStartInfo("/bin/bash", ["-c", held + " echo held && exec sleep 600"]) { RedirectStandardOutput = true }
            )!;
            Assert.Equal("held", _process.StandardOutput.ReadLine());
        }

        public void Dispose()
        {
            _process.Kill();
            _process.WaitForExit();
            _process.Dispose();
        }
    }
}
