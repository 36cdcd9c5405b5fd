using System.Collections.Concurrent;
using System.Globalization;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Encryption;

/// <summary>Bytes and lengths of a small encrypted backup, a sample or all (see <see cref="Thoroughness"/>); once is enough,
/// on one runtime.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class EncryptedDamageTests(PostgresServer server) : IDisposable
{
    private const int Workers = 2;

    // Prime to 8, so that each bit has its turn.
    private static readonly int Step = Thoroughness.Of(7, 1);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeServerFact]
    public void ChangedBytesAndCutsFailAtHash()
    {
        (string path, _) = MakeSmall();
        byte[] good = File.ReadAllBytes(path);
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(path, VerificationLevel.Hash).Verdict);
        foreach ((string what, byte[] bytes) in Damages(good))
        {
            File.WriteAllBytes(path, bytes);
            Assert.True(EncryptedBackup.Test(path, VerificationLevel.Hash).Verdict == Verdict.Failed, what);
        }
    }

    [AgeServerFact]
    public void ChangedBytesAndCutsFailAtContentByAgeAlone()
    {
        (string source, string identity) = MakeSmall();
        EncryptedBackupTests.RemoveHash(source);
        byte[] good = File.ReadAllBytes(source);
        Assert.Equal(Verdict.Passed, EncryptedBackup.Test(source, VerificationLevel.Content, identity).Verdict);
        var missed = new ConcurrentBag<string>();
        var damages = new ConcurrentQueue<(string What, byte[] Bytes)>(Damages(good));
        int count = damages.Count;
        Parallel.For(
            0,
            Workers,
            new ParallelOptions { MaxDegreeOfParallelism = Workers },
            worker =>
            {
                string folder = Path.Combine(_folder.Path, worker.ToString(CultureInfo.InvariantCulture));
                Directory.CreateDirectory(folder);
                string path = Path.Combine(folder, Path.GetFileName(source));
                File.Copy(source + BackupFileName.ManifestSuffix, path + BackupFileName.ManifestSuffix);
                while (damages.TryDequeue(out (string What, byte[] Bytes) damage))
                {
                    File.WriteAllBytes(path, damage.Bytes);
                    VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content, identity);
                    bool caught =
                        damage.Bytes.Length == 0
                            ? result.Checks[0].Outcome == CheckOutcome.Failed
                            : EncryptedBackup.Encryption(result)?.Outcome == CheckOutcome.Failed;
                    if (result.Verdict != Verdict.Failed || !caught)
                    {
                        missed.Add($"{damage.What}: {result.Verdict}: {result.Reason}");
                    }
                }
            }
        );
        Assert.True(
            missed.IsEmpty,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{missed.Count} of {count} damages were missed: {string.Join('\n', missed.Take(5))}"
            )
        );
        Assert.InRange(count * Step, 2000, 8000);
    }

    /// <summary>Age decrypts pieces of 64 KiB: much of a large one has come out of it before it meets the damage.</summary>
    [AgeServerFact]
    public void WhatIsDamagedFarBehindFailsToo()
    {
        EncryptedBackup.MakeSample(server, "sealed_large", rows: 40_000);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        string path = EncryptedBackup.New(server, "sealed_large", _folder.Path, [recipient], CompressionKind.None).Path;
        EncryptedBackupTests.RemoveHash(path);
        byte[] good = File.ReadAllBytes(path);
        Assert.True(good.Length > 2_000_000);
        byte[] changed = [.. good];
        changed[^100_000] ^= 1;
        foreach (byte[] bytes in (byte[][])[changed, good[..^100_000]])
        {
            File.WriteAllBytes(path, bytes);
            VerificationResult result = EncryptedBackup.Test(path, VerificationLevel.Content, identity);
            Assert.Equal((Verdict.Failed, CheckOutcome.Failed), (result.Verdict, EncryptedBackup.Encryption(result)?.Outcome));
            Assert.Contains("payload", EncryptedBackup.Encryption(result)!.Detail, StringComparison.Ordinal);
        }
    }

    /// <summary>Bytes with one of their bits changed, in turn the lowest to the highest, and shorter lengths.</summary>
    private static IEnumerable<(string What, byte[] Bytes)> Damages(byte[] good)
    {
        for (int i = 0; i < good.Length; i += Step)
        {
            byte[] bytes = [.. good];
            bytes[i] ^= (byte)(1 << (i % 8));
            yield return (string.Create(CultureInfo.InvariantCulture, $"bit {i % 8} of byte {i} of {good.Length}"), bytes);
        }

        for (int length = 0; length < good.Length; length += Step)
        {
            yield return (string.Create(CultureInfo.InvariantCulture, $"cut to {length} of {good.Length}"), good[..length]);
        }
    }

    private (string Path, string Identity) MakeSmall()
    {
        server.CreateDatabase("sealed_small");
        server.Execute(
            "sealed_small",
            "CREATE TABLE t (id int, word text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 25) n"
        );
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        return (EncryptedBackup.New(server, "sealed_small", _folder.Path, [recipient]).Path, identity);
    }
}
