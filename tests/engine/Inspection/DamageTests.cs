using System.Diagnostics;
using CryoBackup.Storage;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Inspection;

/// <summary>Every flipped byte and every truncation of a backup or its manifest is found. Without exception.</summary>
/// <remarks>
/// By default one bit of each byte is flipped, in turn the first to the last, and of kinds of files that differ little only a sample of the
/// bytes; see <see cref="Thoroughness"/>.
/// </remarks>
[Collection("postgres")]
public sealed class DamageTests(PostgresServer server, ITestOutputHelper output) : IDisposable
{
    private const int FewCases = 100;

    private readonly TemporaryFolder _folder = new();
    private readonly int _bits = Thoroughness.Of(1, 8);

    public void Dispose() => _folder.Dispose();

    /// <summary>All kinds; on the older runtime, one.</summary>
    public static TheoryData<CompressionKind> Kinds { get; } =
        Thoroughness.OnOlderRuntime ? [CompressionKind.Gzip] : [.. Enum.GetValues<CompressionKind>()];

    [PostgresTheory]
    [MemberData(nameof(Kinds))]
    public void FindsEveryFlippedByteOfTheFile(CompressionKind compression)
    {
        BackupInfo backup = Make(compression);
        FindAll(backup, "", VerificationLevel.Content, _bits);
        if (compression == CompressionKind.Gzip)
        {
            FindAll(backup, "", VerificationLevel.Hash, _bits);
        }
    }

    [PostgresFact]
    [Trait("Runs", "Once")]
    public void FindsEveryFlippedByteOfTheManifest()
    {
        BackupInfo backup = Make(CompressionKind.Gzip);
        Assert.EndsWith("}\n", File.ReadAllText(backup.ManifestPath), StringComparison.Ordinal);
        FindAll(backup, BackupFileName.ManifestSuffix, VerificationLevel.Content, _bits);
    }

    [PostgresTheory]
    [MemberData(nameof(Kinds))]
    public void FindsEveryTruncation(CompressionKind compression)
    {
        BackupInfo backup = Make(compression);
        foreach (string suffix in compression == CompressionKind.Gzip ? (string[])["", BackupFileName.ManifestSuffix] : [""])
        {
            byte[] original = File.ReadAllBytes(backup.Path + suffix);
            FindAll(
                backup,
                suffix,
                VerificationLevel.Content,
                original.Length,
                length => original[..length],
                $"{original.Length} truncations"
            );
        }
    }

    [PostgresFact]
    public void FindsWhatIsAdded()
    {
        BackupInfo backup = Make(CompressionKind.Gzip);
        foreach (string suffix in (string[])["", BackupFileName.ManifestSuffix])
        {
            byte[] original = File.ReadAllBytes(backup.Path + suffix);
            byte[][] added = [" "u8.ToArray(), "\n"u8.ToArray(), [0], original];
            FindAll(
                backup,
                suffix,
                VerificationLevel.Content,
                added.Length * 2,
                i => i % 2 == 0 ? [.. original, .. added[i / 2]] : [.. added[i / 2], .. original],
                "additions"
            );
        }
    }

    [PostgresFact]
    public void FindsChangesOfTheManifestThatMeanNothingToJson()
    {
        BackupInfo backup = Make(CompressionKind.Gzip);
        string text = File.ReadAllText(backup.ManifestPath);
        string[] changed =
        [
            text.ReplaceLineEndings("\r\n"),
            text.TrimEnd('\n'),
            text.Replace("  \"database\"", "\t\"database\"", StringComparison.Ordinal),
            text.Replace(": ", ":", StringComparison.Ordinal),
            "\ufeff" + text,
            text.Replace("\"sha256\": \"", "\"sha256\": \"\", \"sha256\": \"", StringComparison.Ordinal),
        ];
        FindAll(
            backup,
            BackupFileName.ManifestSuffix,
            VerificationLevel.Content,
            changed.Length,
            i => System.Text.Encoding.UTF8.GetBytes(changed[i]),
            "changes"
        );
    }

    private BackupInfo Make(CompressionKind compression) => SmallBackup.Make(server, _folder.Path, compression);

    private void FindAll(BackupInfo backup, string suffix, VerificationLevel level, int bits)
    {
        byte[] original = File.ReadAllBytes(backup.Path + suffix);
        FindAll(
            backup,
            suffix,
            level,
            original.Length * bits,
            i =>
            {
                byte[] flipped = [.. original];
                flipped[i / bits] ^= (byte)(1 << (bits == 8 ? i % 8 : i * 5 % 8));
                return flipped;
            },
            $"{original.Length} bytes, {original.Length * bits} flipped bits"
        );
    }

    /// <summary>Verifies the backup with each of the changed contents of its file or manifest; all must fail,
    /// and the original pass.</summary>
    private void FindAll(BackupInfo backup, string suffix, VerificationLevel level, int count, Func<int, byte[]> change, string what)
    {
        VerifyAssert.Passed(backup.Path, level);

        // Prime to 8, so that each bit has its turn.
        int step =
            count > FewCases && (backup.Compression != nameof(CompressionKind.Gzip) || Thoroughness.OnOlderRuntime)
                ? Thoroughness.Of(5, 1)
                : 1;
        int tried = (count + step - 1) / step;
        var missed = new System.Collections.Concurrent.ConcurrentBag<int>();
        var clock = Stopwatch.StartNew();
        Parallel.For(
            0,
            tried,
            new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount },
            () => SmallBackup.Copy(backup, Directory.CreateTempSubdirectory("cryobackup-test-").FullName),
            (i, _, path) =>
            {
                File.WriteAllBytes(path + suffix, change(i * step));
                if (VerifyAssert.Run(path, level).Verdict != Verdict.Failed)
                {
                    missed.Add(i * step);
                }

                return path;
            },
            path => Directory.Delete(Path.GetDirectoryName(path)!, recursive: true)
        );
        string found = $"{tried - missed.Count} of {tried} tried found in {clock.Elapsed.TotalSeconds:0.0} s";
        output.WriteLine($"{backup.Compression}{suffix}, level {level}: {what}: {found}");
        Assert.Empty(missed.Order());
    }
}
