using System.Globalization;
using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Stores;
using CryoBackup.Tests.Encryption;
using CryoBackup.Tests.Inspection;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Stores;

/// <summary>A backup in a store is proven and restored where it lies, as one in a folder.</summary>
[Collection("backup")]
public sealed class StoredBackupTests : IDisposable
{
    private const string Place = "s3://backups/db";

    private readonly PostgresServer _postgres;
    private readonly S3Server _server = new();
    private readonly List<EngineMessage> _said = [];

    public StoredBackupTests(PostgresServer postgres) => _postgres = postgres;

    public void Dispose() => _server.Dispose();

    [PostgresTheory]
    [InlineData(CompressionKind.Gzip, VerificationLevel.Hash)]
    [InlineData(CompressionKind.Gzip, VerificationLevel.Content)]
    [InlineData(CompressionKind.None, VerificationLevel.Content)]
    [InlineData(CompressionKind.Zstd, VerificationLevel.Content)]
    public void IsProvenThere(CompressionKind compression, VerificationLevel level)
    {
        BackupInfo made = Make(compression);

        VerificationResult result = Test(made.Path, level);

        Assert.True(result.IsValid, result.Reason);
        Assert.Equal(made.Path, result.Path);
        Assert.Equal(made.Hash, result.Hash);
        CheckResult hash = result.Checks.First(check => check.Name == CheckNames.Hash);
        Assert.Contains("as the store gave them back", hash.Detail, StringComparison.Ordinal);
        if (level == VerificationLevel.Content)
        {
            Assert.NotEmpty(result.Tables);
            Assert.All(result.Tables, table => Assert.True(table.Matches));
        }
    }

    [PostgresFact]
    public void IsRehearsedThere()
    {
        VerificationResult result = Test(Make(CompressionKind.Gzip).Path, VerificationLevel.Restore);

        Assert.True(result.IsValid, result.Reason);
    }

    [PostgresTheory]
    [InlineData(null)]
    [InlineData(1)]
    [InlineData(2)]
    public void IsRestoredFromThere(int? jobs)
    {
        BackupInfo made = Make(CompressionKind.Gzip);

        RestoreResult result = BackupRestorer.Run(
            Requests.Restore(_postgres.Connection, made.Path, "restored from store") with
            {
                Store = Options,
                Create = true,
                Jobs = jobs,
            },
            Say,
            default
        );

        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.All(result.Tables, table => Assert.True(table.Matches));
        _postgres.Execute("postgres", "DROP DATABASE \"restored from store\" WITH (FORCE)");
    }

    [AgeServerFact]
    public void AnEncryptedOneToo()
    {
        using var keys = new TemporaryFolder();
        (string identity, string recipient) = KeyPairs.Make(keys, "age");
        BackupInfo made = Make(CompressionKind.Gzip, recipient);
        Assert.EndsWith(".age", made.Path, StringComparison.Ordinal);

        Assert.Equal(Verdict.Inconclusive, Test(made.Path, VerificationLevel.Content).Verdict);
        VerificationResult result = Test(made.Path, VerificationLevel.Content, identity);
        Assert.True(result.IsValid, result.Reason);
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(_postgres.Connection, made.Path, "restored from store") with
            {
                Store = Options,
                Create = true,
                IncludeGlobals = true,
                Identities = [identity],
            },
            Say,
            default
        );
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        _postgres.Execute("postgres", "DROP DATABASE \"restored from store\" WITH (FORCE)");
    }

    /// <summary>Whatever changes there, Test finds it: in the file, in its globals, in its manifest.</summary>
    [PostgresFact]
    [Trait("Runs", "Once")]
    public void EveryByteThatIsAnotherIsFound()
    {
        BackupInfo made = Make(CompressionKind.Gzip);
        int tried = 0;
        foreach ((string key, S3Content content) in _server.Objects.ToArray())
        {
            for (int at = 0; at < content.Bytes.Length; at += Thoroughness.Of(61, 1))
            {
                byte[] flipped = [.. content.Bytes];
                flipped[at] ^= 1;
                _server.Objects[key] = new S3Content(flipped, content.Mark);

                VerificationResult result = Test(made.Path, at % 2 == 0 ? VerificationLevel.Hash : VerificationLevel.Content);

                Assert.True(
                    result.Verdict == Verdict.Failed,
                    string.Create(CultureInfo.InvariantCulture, $"byte {at} of {key}: {result.Verdict}: {result.Reason}")
                );
                tried++;
            }

            _server.Objects[key] = content;
        }

        Assert.True(tried > 30, $"{tried}");
        Assert.True(Test(made.Path, VerificationLevel.Content).IsValid);
    }

    /// <summary>A cut is passed over by reading on; a store that does not come back makes Failed, with the reason.</summary>
    [PostgresFact]
    public void ACutIsPassedOverAndAStoreThatIsGoneIsFailed()
    {
        BackupInfo made = Make(CompressionKind.Gzip);
        int seen = 0;
        _server.Fault = (_, request) =>
            request.HttpMethod == "GET" && Interlocked.Increment(ref seen) % 2 == 1 ? new S3Fault(S3FaultKind.Cut, 100) : null;
        Assert.True(Test(made.Path, VerificationLevel.Content).IsValid);
        Assert.True(seen > 2);

        _server.Fault = (_, request) =>
            request.HttpMethod == "GET" && !request.RawUrl!.EndsWith(".json", StringComparison.Ordinal)
                ? new S3Fault(S3FaultKind.Cut, 0)
                : null;
        foreach (VerificationLevel level in (VerificationLevel[])[VerificationLevel.Hash, VerificationLevel.Content])
        {
            VerificationResult gone = Test(made.Path, level);
            Assert.Equal(Verdict.Failed, gone.Verdict);
            Assert.Contains("could not be reached", gone.Reason, StringComparison.Ordinal);
        }

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupRestorer.Run(
                Requests.Restore(_postgres.Connection, made.Path, "restored from store") with
                {
                    Store = Options,
                    Create = true,
                },
                Say,
                default
            )
        );
        Assert.Equal(CryoBackupError.LocationUnreachable, failure.Error);
    }

    [PostgresFact]
    public void OneThatIsNotThereIsFailedAsInAFolder()
    {
        BackupInfo made = Make(CompressionKind.Gzip);
        _server.Objects.TryRemove("db/" + Path.GetFileName(made.Path), out _);

        VerificationResult result = Test(made.Path, VerificationLevel.Content);

        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("its manifest, which is still there, describes a backup of", result.Reason, StringComparison.Ordinal);
    }

    private BackupInfo Make(CompressionKind compression, params string[] recipients)
    {
        _postgres.CreateDatabase("stored");
        _postgres.Execute("stored", SmallBackup.Content);
        return BackupWriter.Run(
            Requests.Backup(_postgres.Connection, "stored", Place) with
            {
                Store = Options,
                Compression = compression,
                Recipients = recipients,
                IncludeGlobals = true,
            },
            Say,
            default
        );
    }

    private VerificationResult Test(string path, VerificationLevel level, params string[] identities) =>
        BackupVerifier.Run(
            new VerificationRequest
            {
                Path = path,
                Store = Options,
                Level = level,
                Identities = identities,
            },
            Say,
            default
        );

    private void Say(EngineMessage message)
    {
        lock (_said)
        {
            _said.Add(message);
        }
    }

    private StoreOptions Options =>
        new()
        {
            Endpoint = _server.Endpoint,
            AccessKey = S3Server.AccessKey,
            SecretKey = S3Server.SecretKey,
            SmallestPart = S3Server.LeastPart,
            FirstPause = TimeSpan.FromMilliseconds(1),
        };
}
