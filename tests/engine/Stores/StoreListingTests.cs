using System.Diagnostics;
using System.Globalization;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Verification;
using Xunit.Abstractions;

namespace CryoBackup.Tests.Stores;

/// <summary>The backups of a store are listed as those of a folder.</summary>
public sealed class StoreListingTests(ITestOutputHelper output) : IDisposable
{
    private const string Place = "s3://backups/db";
    private readonly S3Server _server = new();
    private readonly List<EngineMessage> _said = [];

    public void Dispose() => _server.Dispose();

    [Fact]
    public void OneListingAPageAndEachManifestOnce()
    {
        Put(1200);

        BackupInfo[] first = Find();

        Assert.Equal(1200, first.Length);
        Assert.Equal(first.OrderByDescending(backup => backup.Start).Select(backup => backup.Path), first.Select(backup => backup.Path));
        Assert.Equal(Place, first[0].Location);
        Assert.Equal(3, Requests("list-type"));
        Assert.Equal(1200, Requests(".meta.json") - Requests("continuation-token"));

        // What is the same still is not read again; what was exchanged is.
        _server.Seen.Clear();
        (string key, S3Content content) = _server.Objects.First(one => BackupFolder.IsManifest(one.Key));
        _server.Objects[key] = new S3Content(Manifest(BackupFolder.BackupOf(key[3..]), "renamed"), content.Mark);
        BackupInfo[] second = Find();
        Assert.Equal(3, Requests("list-type"));
        Assert.Equal(1, Requests(".meta.json") - Requests("continuation-token"));
        Assert.Single(second, backup => backup.Database == "renamed");
    }

    /// <summary>Thousands are some pages of a listing, and after the first time nothing else.</summary>
    [Fact]
    [Trait("Runs", "Once")]
    public void ThousandsAreListed()
    {
        int count = Thoroughness.Of(1000, 5000);
        Put(count);
        var clock = Stopwatch.StartNew();
        Assert.Equal(count, Find().Length);
        TimeSpan cold = clock.Elapsed;
        _server.Seen.Clear();
        clock.Restart();
        Assert.Equal(count, Find().Length);
        output.WriteLine(
            $"{count} backups: {cold.TotalSeconds:0.00} s cold, {clock.Elapsed.TotalSeconds:0.00} s warm, {_server.Seen.Count} requests"
        );
        Assert.Equal(2 * count / 1000, _server.Seen.Count);
    }

    [Fact]
    public void TheNewestOfEachDatabaseAndOfThoseThatWereAskedFor()
    {
        Put(3);
        Put(2, "other", day: 5);

        Assert.Equal(["other", "app"], Find(latest: true).Select(backup => backup.Database));
        Assert.Equal(2, Find(databases: ["oth*"]).Length);
        Assert.Equal("app", BackupCatalog.FindLatest([Place], "app", Say, default, Options).Database);
    }

    /// <summary>A manifest in a store is a file that anybody may have put there.</summary>
    [Fact]
    public void AHostileManifestIsToldAndTheOthersAreSeen()
    {
        Put(2);
        string[] hostile =
        [
            "{",
            "null",
            """{"database": "a", "database": "b"}""",
            $$"""{"database": "{{new string('x', 2_000_000)}}"}""",
            """{"schema_version": 2, "database": "a", "backup_file": "b"}""",
        ];
        foreach ((int number, string text) in hostile.Select((text, number) => (number, text)))
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"db/evil{number}_20260101_000000_full.dump.gz");
            _server.Objects[name] = new S3Content([1], "");
            _server.Objects[name + ".meta.json"] = new S3Content(System.Text.Encoding.UTF8.GetBytes(text), "");
        }

        Assert.Equal(2, Find().Length);
        Assert.Equal(
            hostile.Length,
            _said.OfType<WarningMessage>().Count(message => message.Text.Contains("evil", StringComparison.Ordinal))
        );
    }

    [Fact]
    public void AManifestWithoutItsFileAndAnEmptyPlaceAreTold()
    {
        Assert.Empty(Find());
        Assert.Contains("holds no backup", Assert.IsType<WarningMessage>(Assert.Single(_said)).Text, StringComparison.Ordinal);
        _said.Clear();
        Put(1);
        _server.Objects.TryRemove(_server.Objects.Keys.Single(key => !BackupFolder.IsManifest(key)), out _);
        Assert.Empty(Find());
        Assert.Contains("only its manifest", Assert.IsType<WarningMessage>(Assert.Single(_said)).Text, StringComparison.Ordinal);
    }

    /// <summary>A dead-man's switch that cannot look is not silent.</summary>
    [Theory]
    [InlineData("s3://backups/db", S3FaultKind.Busy, "could not be reached")]
    [InlineData("s3://backups/db", S3FaultKind.Denied, "was refused")]
    [InlineData("s3://absent/db", null, "does not exist")]
    [InlineData("s3://backups/empty", null, "holds no backup of 'app'")]
    public void AStoreThatCannotBeLookedAtIsFailed(string place, object? fault, string reason)
    {
        Put(1);
        _server.Fault = (_, _) => fault is S3FaultKind kind ? new S3Fault(kind) : null;
        foreach (bool latest in (bool[])[true, false])
        {
            VerificationTask task = Assert.Single(
                FolderVerification.Tasks(
                    new VerificationRequest { MaxAge = TimeSpan.FromHours(26), Store = Options },
                    new FolderScope(place) { Expected = ["app"], Latest = latest },
                    Say,
                    default
                )
            );
            VerificationResult result = task.Run(Say, default);
            Assert.Equal(Verdict.Failed, result.Verdict);
            Assert.Contains(reason, result.Reason, StringComparison.Ordinal);
            Assert.Equal(place, result.Path);
        }
    }

    private void Put(int count, string database = "app", int day = 1)
    {
        for (int i = 0; i < count; i++)
        {
            string name = string.Create(
                CultureInfo.InvariantCulture,
                $"{database}_202601{day:00}_{i / 3600:00}{i / 60 % 60:00}{i % 60:00}_full.dump.gz"
            );
            _server.Objects["db/" + name] = new S3Content([1, 2, 3], "");
            _server.Objects["db/" + name + ".meta.json"] = new S3Content(Manifest(name, database), "");
        }
    }

    private static byte[] Manifest(string name, string database) =>
        new BackupManifest
        {
            Timestamp = BackupFileName.TryRead(name)!.Value.Start.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            Database = database,
            BackupFile = name,
            SizeBytes = 3,
            Host = "localhost",
            Port = 5432,
            BackupToolVersion = "0.1.0",
            SchemaVersion = 1,
            Sha256 = new string('0', 64),
            Tables = [],
            ManifestSha256 = new string('0', 64),
        }.Serialize();

    private int Requests(string part) => _server.Seen.Count(seen => seen.Line.Contains(part, StringComparison.Ordinal));

    private BackupInfo[] Find(IReadOnlyList<string>? databases = null, bool latest = false) =>
        [.. BackupCatalog.Find(Place, databases, latest, Say, default, Options)];

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
            FirstPause = TimeSpan.FromMilliseconds(1),
        };
}
