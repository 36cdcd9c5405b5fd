using System.Globalization;
using System.Security.Cryptography;
using CryoBackup.Backup;
using CryoBackup.Hosting;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Tests.Inspection;
using CryoBackup.Tests.Kept;
using CryoBackup.Tests.Stores;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Proofs;

/// <summary>A part of the stored bytes is read at a time, and after enough of such Tests all was read once; a part proves no whole.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class SampleTests(PostgresServer postgres) : IDisposable
{
    private const int Block = RangeFingerprints.BlockLength;
    private readonly KeptStore _store = new();
    private readonly Folder _folder = new();

    public void Dispose()
    {
        _store.Dispose();
        _folder.Dispose();
    }

    /// <summary>The run that reads a damaged range fails, and each after it; all are read once in as many runs as the share says.</summary>
    [Theory]
    [InlineData(5, 77, false)]
    [InlineData(5, 77, true)]
    [InlineData(30, 300, true)]
    [InlineData(1, 3, false)]
    [InlineData(99, 1, true)]
    public void ADamagedRangeIsFoundByTheRunThatReadsIt(int percent, int blocks, bool inStore)
    {
        string path = Add(1, (blocks * Block) - 11, inStore);
        int runs = (100 + percent - 1) / percent;
        for (int round = 0; round < 2; round++)
        {
            // In the first round nothing is wrong.
            if (round == 1)
            {
                Damage(path, new Random(blocks).Next(blocks * Block / 2));
            }

            double covered = 0;
            bool hasFailed = false;
            for (int run = 1; covered < 1; run++)
            {
                Assert.True(run <= runs, $"{covered} after {run - 1} runs");
                VerificationResult result = Sample(path, percent);
                Assert.Equal(
                    result.Verdict == Verdict.Failed ? CheckOutcome.Failed : CheckOutcome.Passed,
                    result.Checks.Single(check => check.Name == "sample").Outcome
                );
                Assert.True(result.Covered > covered);
                covered = result.Covered!.Value;
                Assert.True(result.Verdict == Verdict.Failed || !hasFailed, result.Reason);
                hasFailed = result.Verdict == Verdict.Failed;
                Assert.Equal(VerificationLevel.Hash, result.Level);
                Assert.Equal(percent, result.Sample);
                Assert.Equal("not taken: only a sample was read", result.Check("hash_calculation").Detail);
            }

            Assert.Equal(round == 1, hasFailed);
        }

        // Nor does a new round forget it.
        Assert.Equal(Verdict.Failed, Sample(path, percent).Verdict);
        Assert.Equal(Verdict.Failed, Test(path, VerificationLevel.Hash).Verdict);
    }

    /// <summary>Each byte is asked of the store once in a round, and no other.</summary>
    [Fact]
    public void EachByteIsReadOnceInARound()
    {
        const int Length = (77 * Block) - 11;
        string path = Add(1, Length, inStore: true);
        int[] read = new int[Length];
        for (double? covered = 0; covered < 1; )
        {
            _store.Server.Seen.Clear();
            covered = Sample(path, 5).Covered;
            int ofRun = 0;
            var ends = new HashSet<int>();
            foreach ((string line, System.Net.WebHeaderCollection headers) in _store.Server.Seen.Where(seen => IsOfData(seen.Line)))
            {
                string[] bounds = headers["Range"]!["bytes=".Length..].Split('-');
                int start = int.Parse(bounds[0], CultureInfo.InvariantCulture);
                int end = int.Parse(bounds[1], CultureInfo.InvariantCulture);
                ofRun += end + 1 - start;
                Assert.False(ends.Contains(start), "What lies side by side is asked for at once.");
                ends.Add(end + 1);
                for (int at = start; at <= end; at++)
                {
                    read[at]++;
                }
            }

            Assert.InRange(ofRun, 1, 4 * Block);
        }

        Assert.All(read, times => Assert.Equal(1, times));
        static bool IsOfData(string line) =>
            line.StartsWith("GET", StringComparison.Ordinal) && line.EndsWith(".dump.gz", StringComparison.Ordinal);
    }

    /// <summary>Of a backup that nothing has proven, samples prove nothing; that one found is bad stays until all was read.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void APartProvesNoWhole(bool inStore)
    {
        string path = Add(1, 40 * Block, inStore, manifest => manifest with { RowsCounted = false });
        for (int run = 0; run < 25; run++)
        {
            Assert.True(Sample(path, 5).IsValid);
        }

        BackupInfo listed = Listed(path);
        Assert.Equal((null, null, null), (listed.Proven, listed.Rehearsed, listed.Disproven));
        Damage(path, Block);
        // The round that goes on may have read it before.
        Assert.Contains(Enumerable.Range(0, 40), _ => Sample(path, 5).Verdict == Verdict.Failed);
        Damage(path, Block);
        for (int run = 0; run < 25; run++)
        {
            Sample(path, 5);
        }

        Assert.NotNull(Listed(path).Disproven);
        Assert.True(Test(path, VerificationLevel.Hash).IsValid);
        Assert.Null(Listed(path).Disproven);
    }

    /// <summary>Who may write and not delete leaves a note for each run, and is no worse off.</summary>
    [Fact]
    public void CredentialsThatMayNotDeleteAreEnough()
    {
        string path = Add(1, 40 * Block, inStore: true);
        _store.Server.Fault = (_, request) => request.HttpMethod == "DELETE" ? new S3Fault(S3FaultKind.Denied) : null;
        double?[] covered = [.. Enumerable.Range(0, 20).Select(_ => Sample(path, 5).Covered)];
        Assert.Equal(1, covered[^1]);
        Assert.All(covered[..^1], part => Assert.True(part < 1));
        Assert.Equal(20, Notes().Length);
        Assert.Empty(_store.Warnings);

        _store.Server.Fault = (_, _) => null;
        Sample(path, 5);
        Assert.Contains("-sample-", Assert.Single(Notes()), StringComparison.Ordinal);

        // One that cannot be read is as if it were not there, and that is said.
        _store.Server.Fault = (_, request) =>
            request.HttpMethod == "GET" && request.RawUrl!.Contains("-sample-", StringComparison.Ordinal)
                ? new S3Fault(S3FaultKind.Denied)
                : null;
        Assert.Equal(2 / 40.0, Sample(path, 5).Covered);
        Assert.Contains("cannot be read, and may be read again", Assert.Single(_store.Warnings), StringComparison.Ordinal);
    }

    /// <summary>Who may not write is told that the next sample may be of the same.</summary>
    [Fact]
    public void WhereNobodyMayWriteThatIsSaid()
    {
        string path = Add(1, 40 * Block, inStore: true);
        _store.Server.Fault = (_, request) => request.HttpMethod is "PUT" or "POST" ? new S3Fault(S3FaultKind.Denied) : null;
        Assert.True(Sample(path, 5).IsValid);
        Assert.Contains("is not remembered, so that the next sample may read the same again", Assert.Single(_store.Warnings));
    }

    /// <summary>What lies beside it, and nobody wrote who tests, decides nothing.</summary>
    [Theory]
    [InlineData("noise")]
    [InlineData("{}")]
    [InlineData("""{"schema_version":1,"backup_file":"app_20260101_000000_full.dump.gz","verdicts":[],"sample":{"read":"zz"}}""")]
    [InlineData("""{"schema_version":1,"backup_file":"app_20260101_000000_full.dump.gz","verdicts":[],"sample":null}""")]
    public void WhatIsNoRecordBeginsAnew(string text)
    {
        string path = Add(1, 40 * Block, inStore: false);
        File.WriteAllText(ProofRecord.PathOf(path), text);
        Assert.Equal(2 / 40.0, Sample(path, 5).Covered);
        Assert.Equal(4 / 40.0, Sample(path, 5).Covered);
    }

    /// <summary>A verdict keeps what was sampled, and a sample the verdicts.</summary>
    [Fact]
    public void VerdictsAndSamplesLieSideBySide()
    {
        string path = Add(1, 40 * Block, inStore: false);
        Sample(path, 5);
        Test(path, VerificationLevel.Hash);
        Assert.Equal(4 / 40.0, Sample(path, 5).Covered);
        Assert.Equal(VerificationLevel.Hash, Assert.Single(ProofRecord.Read(path)).Level);
    }

    /// <summary>Another file of the same name has not been read.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AnotherFileBeginsAnew(bool inStore)
    {
        string path = Add(1, 40 * Block, inStore);
        Sample(path, 50);
        Add(1, 40 * Block, inStore, seed: 2);
        if (!inStore)
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddMinutes(1));
        }

        Assert.Equal(0.05, Sample(path, 5).Covered);
    }

    /// <summary>What was made before is not called good, and the way out is named.</summary>
    [Fact]
    public void WhatRecordsNoRangesIsInDoubt()
    {
        string path = Add(1, 40 * Block, inStore: true, manifest => manifest with { Ranges = null, BackupToolVersion = "0.9" });
        VerificationResult result = Sample(path, 5);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("version 0.9, was made before ranges of the file were recorded", result.Reason, StringComparison.Ordinal);
        Assert.Contains("level Hash without -Sample", result.Remedy, StringComparison.Ordinal);
        Assert.Empty(Notes());
        _store.Server.Objects.TryRemove("db/" + Path.GetFileName(path) + BackupFileName.ManifestSuffix, out _);
        Assert.Equal(Verdict.Inconclusive, Sample(path, 5).Verdict);
        _store.Server.Objects.TryRemove("db/" + Path.GetFileName(path), out _);
        Assert.Equal(Verdict.Failed, Sample(path, 5).Verdict);
    }

    /// <summary>A file that is longer or shorter than it was written is bad wherever one reads.</summary>
    [Fact]
    public void AnotherLengthIsFoundAtOnce()
    {
        string path = Add(1, 40 * Block, inStore: false);
        using (FileStream file = File.Open(path, FileMode.Append))
        {
            file.WriteByte(0);
        }

        VerificationResult result = Sample(path, 1);
        Assert.Equal((Verdict.Failed, CryoBackupError.HashMismatch), (result.Verdict, result.ErrorId));
    }

    [Theory]
    [InlineData("""{"size_bytes":65536,"fingerprints":null}""")]
    [InlineData("""{"size_bytes":65536,"fingerprints":"00"}""")]
    [InlineData("""{"size_bytes":1,"fingerprints":""}""")]
    public void AManifestWithOtherRangesIsNone(string ranges)
    {
        BackupManifest manifest = KeptManifest.Of(1, hasGlobals: false, "app");
        byte[] bytes = (
            manifest with
            {
                Ranges = System.Text.Json.JsonSerializer.Deserialize<BackupManifest.RangesRecord>(
                    ranges,
                    new System.Text.Json.JsonSerializerOptions { PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower }
                ),
            }
        ).Serialize();
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupManifest.Read("x", bytes));
        Assert.Equal(CryoBackupError.ManifestInvalid, failure.Error);
    }

    /// <summary>No level but Hash, no age, and no share of nothing or of all; what the file of the configuration says gives way.</summary>
    [Fact]
    public void WishesThatMakeNoSenseAreRefused()
    {
        var given = new VerificationOptions { Sample = 5 };
        VerificationRequest request = given
            .Over(new VerificationOptions { Level = VerificationLevel.Restore, MaxAge = TimeSpan.FromDays(1) })
            .Over(new VerificationRequest());
        Assert.Equal((VerificationLevel.Hash, null, 5), (request.Level, request.MaxAge, request.Sample));
        foreach (
            VerificationRequest wrong in new[]
            {
                request with
                {
                    Level = VerificationLevel.Content,
                },
                request with
                {
                    MaxAge = TimeSpan.FromDays(1),
                },
                request with
                {
                    Sample = 0,
                },
                request with
                {
                    Sample = 100,
                },
            }
        )
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(() => VerificationTask.Of(wrong).Run(_ => { }, default));
            Assert.Equal((CryoBackupError.ConfigurationInvalid, "Sample"), (failure.Error, failure.Target));
        }
    }

    /// <summary>What New records is what lies there, in a folder and in a store, sealed by nothing and by several sessions.</summary>
    [PostgresFact]
    public void WhatNewRecordsIsWhatLiesThere()
    {
        postgres.CreateDatabase("sampled");
        postgres.Execute(
            "sampled",
            SmallBackup.Content + "; CREATE TABLE noise AS SELECT md5(i::text) || md5((-i)::text) AS a FROM generate_series(1, 40000) AS i"
        );
        foreach (string place in new[] { _folder.Path, KeptStore.Place })
        {
            BackupRequest request = Requests.Backup(postgres.Connection, "sampled", place) with { Store = _store.Options };
            BackupInfo made = BackupWriter.Run(request, _store.Say, default);
            for (double? covered = 0; covered < 1; )
            {
                VerificationResult result = Sample(made.Path, 25);
                Assert.True(result.IsValid, result.Reason);
                covered = result.Covered;
            }

            Damage(made.Path, (int)made.Size / 2);
            Assert.Contains(Enumerable.Range(0, 8), _ => Sample(made.Path, 25).Verdict == Verdict.Failed);
        }
    }

    private string Add(int day, int length, bool inStore, Func<BackupManifest, BackupManifest>? change = null, int seed = 1)
    {
        byte[] content = new byte[length];
        new Random(seed).NextBytes(content);
        var ranges = new RangeFingerprints();
        ranges.Append(content);
        BackupManifest Described(BackupManifest manifest)
        {
            BackupManifest described = manifest with
            {
                SizeBytes = length,
                Sha256 = Convert.ToHexString(SHA256.HashData(content)).ToLowerInvariant(),
                Ranges = new() { Fingerprints = ranges.Complete(), SizeBytes = ranges.RangeLength },
            };
            return change?.Invoke(described) ?? described;
        }

        string path = inStore ? _store.Add(day, Described) : _folder.Add(day, Described);
        if (inStore)
        {
            _store.Change(path, _ => new S3Content(content, ""));
        }
        else
        {
            File.WriteAllBytes(path, content);
            File.SetLastWriteTimeUtc(path, File.GetLastWriteTimeUtc(path + BackupFileName.ManifestSuffix).AddSeconds(-1));
        }

        return path;
    }

    /// <summary>Flips a bit, and leaves times and tag as they are: what a disk does.</summary>
    private void Damage(string path, int at)
    {
        if (path.StartsWith("s3:", StringComparison.Ordinal))
        {
            _store.Server.Objects[path["s3://backups/".Length..]].Bytes[at] ^= 4;
            return;
        }

        DateTime time = File.GetLastWriteTimeUtc(path);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] ^= 4;
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, time);
    }

    private VerificationResult Sample(string path, int percent) => Test(path, VerificationLevel.Hash, percent);

    private VerificationResult Test(string path, VerificationLevel level, int? percent = null) =>
        BackupVerifier.Run(
            new VerificationRequest
            {
                Path = path,
                Store = _store.Options,
                Level = level,
                Sample = percent,
            },
            _store.Say,
            default
        );

    private BackupInfo Listed(string path) =>
        BackupCatalog
            .Find(
                path.StartsWith("s3:", StringComparison.Ordinal) ? KeptStore.Place : _folder.Path,
                new CatalogQuery(),
                _store.Say,
                default,
                _store.Options
            )
            .Single(one => one.Path == path);

    private string[] Notes() => [.. _store.Files.Where(name => name.Contains(".proof.", StringComparison.Ordinal))];
}
