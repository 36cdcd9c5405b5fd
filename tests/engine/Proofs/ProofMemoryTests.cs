using System.Diagnostics;
using CryoBackup.Storage;
using CryoBackup.Tests.Inspection;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Proofs;

/// <summary>Each Test leaves its verdict where the backup lies, and nothing that lies there breaks a Test.</summary>
[Collection("postgres")]
public sealed class ProofMemoryTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _said = [];

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void EachTestLeavesItsVerdict()
    {
        BackupInfo backup = Make();
        DateTime before = DateTime.UtcNow;
        Assert.NotNull(Proof(backup).Proven);
        Assert.True(Proof(backup).Proven < before);
        Assert.False(File.Exists(ProofRecord.PathOf(backup.Path)));

        VerificationResult content = Test(backup);
        Assert.Equal(content.End, Proof(backup).Proven);
        ProofRecord.TestVerdict verdict = Assert.Single(ProofRecord.Read(backup.Path));
        Assert.Equal((Environment.MachineName, Environment.UserName), (verdict.Machine, verdict.Account));
        Assert.Equal(backup.Hash, verdict.Sha256, ignoreCase: true);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ProofRecord.PathOf(backup.Path)));
        }

        VerificationResult rehearsal = Test(backup, VerificationLevel.Restore);
        Assert.Equal(new BackupProof(rehearsal.End, rehearsal.End, null) { RestoreDuration = rehearsal.RestoreDuration }, Proof(backup));

        // One byte.
        using (FileStream file = File.OpenWrite(backup.Path))
        {
            file.WriteByte(0);
        }

        Assert.Equal(BackupProof.None, Proof(backup));
        Assert.Equal(Verdict.Failed, Test(backup, VerificationLevel.Hash).Verdict);
        Assert.NotNull(Proof(backup).Failed);
        Assert.DoesNotContain(_said, message => message is WarningMessage);
    }

    [PostgresFact]
    public void WhatTellsNothingOfTheBackupIsNotRemembered()
    {
        BackupInfo backup = Make();
        VerificationResult old = Test(backup, VerificationLevel.Hash, request => request with { MaxAge = TimeSpan.FromTicks(1) });
        Assert.Equal(Verdict.Failed, old.Verdict);
        Assert.Null(Proof(backup).Failed);
        Assert.Equal(old.End, Proof(backup).Proven);
        VerificationResult slow = Test(
            backup,
            VerificationLevel.Restore,
            request => request with { MaxRestoreTime = TimeSpan.FromTicks(1) }
        );
        Assert.Equal(Verdict.Failed, slow.Verdict);
        Assert.Equal(slow.End, Proof(backup).Rehearsed);

        File.Delete(backup.ManifestPath);
        File.Delete(ProofRecord.PathOf(backup.Path));
        Test(backup);
        Assert.False(File.Exists(ProofRecord.PathOf(backup.Path)));
        File.Delete(backup.Path);
        Assert.Equal(Verdict.Failed, Test(backup).Verdict);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    /// <summary>A link, a folder, a pipe, a long file, a file that somebody may not read.</summary>
    [PostgresTheory]
    [InlineData("link")]
    [InlineData("folder")]
    [InlineData("pipe")]
    [InlineData("long")]
    [InlineData("noise")]
    public void NothingThatLiesThereBreaksATest(string what)
    {
        if (OperatingSystem.IsWindows() && what is "link" or "pipe")
        {
            return;
        }

        BackupInfo backup = Make();
        string path = ProofRecord.PathOf(backup.Path);
        string other = _folder.Write("other", "somebody's");
        switch (what)
        {
            case "link":
                File.CreateSymbolicLink(path, other);
                break;
            case "folder":
                Directory.CreateDirectory(path);
                break;
            case "pipe":
                Process.Start("mkfifo", [path]).WaitForExit();
                break;
            case "long":
                File.WriteAllBytes(path, new byte[1 << 20]);
                break;
            default:
                File.WriteAllBytes(path, [0xFF, 0xFE, 0, 1, 2, 3]);
                break;
        }

        Assert.NotNull(Proof(backup).Proven);
        Assert.Equal(Verdict.Passed, Test(backup).Verdict);
        Assert.Equal("somebody's", File.ReadAllText(other));
        Assert.Equal(what == "folder" ? 0 : 1, ProofRecord.Read(backup.Path).Count);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.partial"));
    }

    [PostgresFact]
    public void OfManyAtOnceNoneIsLost()
    {
        string path = Path.Combine(_folder.Path, "a.dump");
        ProofRecord.TestVerdict[] all =
        [
            .. Enum.GetValues<VerificationLevel>()
                .SelectMany(level =>
                    Enum.GetValues<Verdict>().Select(verdict => new ProofRecord.TestVerdict { Level = level, Verdict = verdict })
                ),
        ];
        Parallel.ForEach(all.Concat(all).Concat(all), verdict => ProofRecord.Remember(path, verdict));
        Assert.Equal(all.Length, ProofRecord.Read(path).Count);
        Assert.Equal([ProofRecord.PathOf(path)], Directory.GetFiles(_folder.Path));
    }

    /// <summary>What a Test that was killed in the middle has left keeps the next from nothing.</summary>
    [PostgresFact]
    public void WhatADeadTestLeftIsNoObstacle()
    {
        BackupInfo backup = Make();
        _folder.Write(Path.GetFileName(ProofRecord.PathOf(backup.Path)) + ".partial", "{");
        Test(backup);
        Assert.Single(ProofRecord.Read(backup.Path));
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.partial"));
    }

    private BackupInfo Make() => SmallBackup.Make(server, _folder.Path, CompressionKind.Gzip);

    private VerificationResult Test(
        BackupInfo backup,
        VerificationLevel level = VerificationLevel.Content,
        Func<VerificationRequest, VerificationRequest>? change = null
    )
    {
        var request = new VerificationRequest { Path = backup.Path, Level = level };
        return BackupVerifier.Run(change?.Invoke(request) ?? request, _said.Add, CancellationToken.None);
    }

    private static BackupProof Proof(BackupInfo backup) => BackupProof.Of(backup.Path, BackupManifest.Read(backup.ManifestPath));
}
