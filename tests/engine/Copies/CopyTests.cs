using System.Diagnostics;
using CryoBackup.Copies;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Copies;

/// <summary>A backup is brought elsewhere, and proven there; by a server that goes wrong where it is told to.</summary>
public sealed class CopyTests : IDisposable
{
    private const string Name = "app_20260101_020304_full.dump.gz";
    private readonly TemporaryFolder _folder = new();
    private readonly S3Server _server = new();
    private readonly List<EngineMessage> _said = [];

    public void Dispose()
    {
        _server.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void IsThereWithItsManifestAndProven()
    {
        string backup = Make();

        BackupInfo copy = Copy(backup);

        Assert.Equal($"s3://backups/db/{Name}", copy.Path);
        Assert.Equal("s3://backups/db", copy.Location);
        Assert.Equal($"s3://backups/db/{Name}.meta.json", copy.ManifestPath);
        Assert.NotNull(copy.Proven);
        Assert.Equal("app", copy.Database);
        foreach (string file in Directory.GetFiles(Path.GetDirectoryName(backup)!))
        {
            Assert.Equal(File.ReadAllBytes(file), _server.Objects["db/" + Path.GetFileName(file)].Bytes);
        }

        // Its manifest is the last that was put, when all else had been read back.
        string[] puts = [.. _server.Seen.Select(seen => seen.Line).Where(line => line.StartsWith("PUT", StringComparison.Ordinal))];
        Assert.EndsWith(".meta.json", puts[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(S3Server.SecretKey, string.Join(' ', _said), StringComparison.Ordinal);
    }

    [Fact]
    public void ASecondRunProvesWhatIsThereAndReplacesNothing()
    {
        string backup = Make();
        Copy(backup);
        Dictionary<string, S3Content> before = new(_server.Objects);

        Assert.NotNull(Copy(backup).Proven);

        Assert.All(before, pair => Assert.Same(pair.Value, _server.Objects[pair.Key]));
    }

    /// <summary>Test there, in its simplest form: each byte of what lies there counts.</summary>
    [Fact]
    public void EveryByteThatIsAnotherThereIsFound()
    {
        string backup = Make(300);
        Copy(backup);
        foreach ((string key, S3Content content) in _server.Objects.ToArray())
        {
            for (int i = 0; i < content.Bytes.Length; i += Thoroughness.Of(7, 1))
            {
                byte[] flipped = [.. content.Bytes];
                flipped[i] ^= 0x20;
                _server.Objects[key] = new S3Content(flipped, content.Mark);

                CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Copy(backup));

                Assert.Contains("with other bytes than the backup's", failure.Message, StringComparison.Ordinal);
            }

            _server.Objects[key] = content;
        }
    }

    /// <summary>Its manifests record no hash: the file itself is the measure, also of what is there already.</summary>
    [Fact]
    public void ABackupOfThePredecessorIsComparedWithItsFile()
    {
        string backup = Make();
        File.Delete(backup + ".globals.sql.gz");
        File.WriteAllText(
            backup + ".meta.json",
            $$"""
            {"timestamp": "2026-01-01T02:03:04", "database": "app", "backup_type": "full", "backup_file": "{{Name}}", "size_bytes": 5000,
             "host": "localhost", "port": 5432, "backup_tool_version": "1.0"}
            """
        );
        Assert.NotNull(Copy(backup).Proven);
        Assert.NotNull(Copy(backup).Proven);
        byte[] flipped = [.. _server.Objects["db/" + Name].Bytes];
        flipped[4999] ^= 1;
        _server.Objects["db/" + Name] = new S3Content(flipped, "");

        Assert.Contains("other bytes", Assert.Throws<CryoBackupException>(() => Copy(backup)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADamagedBackupIsNotSentOn()
    {
        string backup = Make();
        byte[] bytes = File.ReadAllBytes(backup);
        bytes[100] ^= 1;
        File.WriteAllBytes(backup, bytes);

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Copy(backup));

        Assert.Equal(CryoBackupError.HashMismatch, failure.Error);
        Assert.Equal(backup, failure.Target);
        Assert.Empty(_server.Objects);
        Assert.Empty(_server.Uploads);
    }

    [Fact]
    public void WhatAnotherHasPutUnderTheNameStays()
    {
        string backup = Make();
        _server.Objects["db/" + Name] = new S3Content([1, 2, 3], "");

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Copy(backup));

        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.Equal([1, 2, 3], _server.Objects["db/" + Name].Bytes);
        Assert.DoesNotContain("db/" + Name + ".meta.json", _server.Objects.Keys);
    }

    /// <summary>Two runs of one backup to one place: the one that fails takes nothing from the one that is done.</summary>
    [Fact]
    public void WhatAnotherRunHasCompletedStays()
    {
        string backup = Make();
        byte[] manifest = File.ReadAllBytes(backup + ".meta.json");
        _server.Fault = (_, request) =>
        {
            if (request.HttpMethod != "GET" || !request.Url!.AbsolutePath.EndsWith(Name, StringComparison.Ordinal))
            {
                return null;
            }

            _server.Objects[$"db/{Name}.meta.json"] = new S3Content(manifest, "");
            return new S3Fault(S3FaultKind.Denied);
        };

        Assert.Throws<CryoBackupException>(() => Copy(backup));

        Assert.Equal(File.ReadAllBytes(backup), _server.Objects["db/" + Name].Bytes);
        Assert.Contains(_said.Select(message => $"{message}"), text => text.Contains("is left there", StringComparison.Ordinal));
        _server.Fault = (_, _) => null;
        Assert.NotNull(Copy(backup).Proven);
    }

    /// <summary>Ended at any request, for good: nothing that looks whole is left, and the next run completes it.</summary>
    [Fact]
    public void EndedAnywhereItLooksNotWholeAndTheNextRunCompletesIt()
    {
        string backup = Make((2 * S3Server.LeastPart) + 100);
        Copy(backup);
        int requests = _server.Seen.Count;
        for (int at = 1; at <= requests; at++)
        {
            _server.Objects.Clear();
            int seen = 0;
            _server.Fault = (_, _) => Interlocked.Increment(ref seen) >= at ? new S3Fault(S3FaultKind.Denied) : null;
            try
            {
                Copy(backup);
                Assert.Fail($"Request {at} of {requests} was refused.");
            }
            catch (CryoBackupException) { }

            Assert.True(
                !_server.Objects.ContainsKey($"db/{Name}.meta.json")
                    || _server.Objects[$"db/{Name}"].Bytes.AsSpan().SequenceEqual(File.ReadAllBytes(backup)),
                $"ended at request {at}"
            );
            _server.Fault = (_, _) => null;
            Assert.NotNull(Copy(backup).Proven);
            Assert.Equal(3, _server.Objects.Count);
            Assert.Empty(_server.Uploads);
        }
    }

    /// <summary>SIGKILL at any request: what is left does not look whole, and the next run leaves nothing else than the copy.</summary>
    [Fact]
    [Trait("Runs", "Once")]
    public void KilledAnywhereItLooksNotWholeAndTheNextRunLeavesNothingElse()
    {
        string backup = Make((2 * PartedUpload.SmallestPart) + 100);
        Copy(backup, Target() with { Options = Target().Options with { SmallestPart = PartedUpload.SmallestPart } });
        int requests = _server.Seen.Count;
        for (int at = 1; at <= requests; at += Thoroughness.Of(3, 1))
        {
            _server.Objects.Clear();
            int seen = 0;
            using var begun = new ManualResetEventSlim();
            Process? tool = null;
            _server.Fault = (_, _) =>
            {
                begun.Wait();
                if (Interlocked.Increment(ref seen) >= at)
                {
                    tool!.Kill();
                    return new S3Fault(S3FaultKind.Busy);
                }

                return null;
            };
            using (tool = StartTool(backup))
            {
                begun.Set();
                tool.WaitForExit();
                Assert.True(seen >= at, $"It was to be killed at request {at} of {requests}.");
            }

            _server.Fault = (_, _) => null;
            Assert.True(
                !_server.Objects.ContainsKey($"db/{Name}.meta.json")
                    || _server.Objects[$"db/{Name}"].Bytes.AsSpan().SequenceEqual(File.ReadAllBytes(backup)),
                $"killed at request {at}"
            );
            Assert.NotNull(Copy(backup).Proven);
            Assert.Equal(3, _server.Objects.Count);
            Assert.Empty(_server.Uploads);
        }
    }

    /// <summary>Credentials that may write and not delete are enough.</summary>
    [Fact]
    public void NothingIsDeletedWhereAllGoesWell()
    {
        _server.Fault = (_, request) => request.HttpMethod == "DELETE" ? new S3Fault(S3FaultKind.Denied) : null;

        Assert.NotNull(Copy(Make()).Proven);
    }

    [Fact]
    public void AFolderTakesCopiesToo()
    {
        string backup = Make();
        string other = Path.Combine(_folder.Path, "other", "place");

        BackupInfo copy = Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions()));

        Assert.Equal(Path.Combine(other, Name), copy.Path);
        Assert.Equal(other, copy.Location);
        Assert.Equal(
            Directory.GetFiles(Path.GetDirectoryName(backup)!).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(other).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal(File.ReadAllBytes(backup), File.ReadAllBytes(copy.Path));
        File.WriteAllText(Path.Combine(other, Name), "something else");
        Assert.Throws<CryoBackupException>(() => Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions())));
        Assert.Equal("something else", File.ReadAllText(Path.Combine(other, Name)));
    }

    [Fact]
    public void ACopyOntoItselfIsRefused()
    {
        string backup = Make();
        var here = new CopyTarget(StoreLocation.Parse(Path.GetDirectoryName(backup)!), new StoreOptions());

        Assert.Equal(CryoBackupError.ConfigurationInvalid, Assert.Throws<CryoBackupException>(() => Copy(backup, here)).Error);
    }

    /// <summary>By whatever name or mount the folder is reached.</summary>
    [UnixFact]
    public void ACopyOntoItselfByAnotherNameIsRefused()
    {
        string backup = Make();
        string other = Path.Combine(_folder.Path, "by another name");
        Directory.CreateSymbolicLink(other, Path.GetDirectoryName(backup)!);

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions()))
        );

        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.Contains("a copy of itself would be none", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(other).Length);
    }

    /// <summary>Two at once of one backup to one place: neither ends the other's upload.</summary>
    [Fact]
    public async Task AnotherRunOfTheSameBackupIsLeftItsUpload()
    {
        string backup = Make((2 * S3Server.LeastPart) + 100);
        using var reached = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        int first = 0;
        _server.Fault = (_, request) =>
        {
            if (request.RawUrl!.Contains("partNumber=2", StringComparison.Ordinal) && Interlocked.Increment(ref first) == 1)
            {
                reached.Set();
                go.Wait();
            }

            return null;
        };
        Task<BackupInfo> slow = Task.Run(() =>
            BackupCopier.Run(new CopyRequest { Path = backup, Destination = Target() }, _ => { }, default)
        );
        reached.Wait();
        BackupInfo quick = Copy(backup);

        Assert.NotNull(quick.Proven);
        Assert.Single(_server.Uploads);
        go.Set();
        Assert.NotNull((await slow).Proven);
        Assert.Empty(_server.Uploads);
        Assert.Equal(3, _server.Objects.Count);
    }

    [Fact]
    public void ComesBackFromThere()
    {
        string backup = Make();
        BackupInfo copy = Copy(backup);
        string home = Path.Combine(_folder.Path, "home again");

        BackupInfo back = BackupCopier.Run(
            new CopyRequest
            {
                Path = copy.Path,
                Store = Target().Options,
                Destination = new CopyTarget(StoreLocation.Parse(home), new StoreOptions()),
            },
            _said.Add,
            default
        );

        Assert.Equal(Path.Combine(home, Name), back.Path);
        Assert.Equal(File.ReadAllBytes(backup), File.ReadAllBytes(back.Path));
        Assert.Equal(3, Directory.GetFiles(home).Length);
    }

    [Fact]
    public void AFailedCopyIsAWarningUnlessSoManyAreRequired()
    {
        string backup = Make();
        BackupInfo made = BackupCatalog.ToInfo(BackupManifest.Read(backup + ".meta.json"), backup, backup + ".meta.json");
        CopyTarget absent = new(StoreLocation.Parse("s3://no-such-bucket/x"), Target().Options);

        BackupCopier.CopyAll(made, [absent, Target()], 1, _said.Add, default);

        Assert.Equal([$"s3://backups/db/{Name}"], made.Copies);
        Assert.Contains("s3://no-such-bucket/x", Assert.Single(made.Warnings), StringComparison.Ordinal);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupCopier.CopyAll(made, [absent, Target()], 2, _said.Add, default)
        );
        Assert.Contains("is good", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(backup));
    }

    private Process StartTool(string backup)
    {
        // output/build/bin/CryoBackup.Engine.Tests/<pivot>/ and output/tool/
        string tool = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup.dll"));
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[] { tool, "copy", backup, "--destination", "s3://backups/db" })
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["AWS_ENDPOINT_URL_S3"] = _server.Endpoint.AbsoluteUri;
        start.Environment["AWS_ACCESS_KEY_ID"] = S3Server.AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = S3Server.SecretKey;
        return Process.Start(start)!;
    }

    private CopyTarget Target() =>
        new(
            StoreLocation.Parse("s3://backups/db"),
            new StoreOptions
            {
                Endpoint = _server.Endpoint,
                AccessKey = S3Server.AccessKey,
                SecretKey = S3Server.SecretKey,
                SmallestPart = S3Server.LeastPart,
            }
        );

    private BackupInfo Copy(string backup, CopyTarget? destination = null)
    {
        lock (_said)
        {
            return BackupCopier.Run(new CopyRequest { Path = backup, Destination = destination ?? Target() }, _said.Add, default);
        }
    }

    /// <summary>The files of a backup, as New writes them; what is in them does not matter here.</summary>
    private string Make(int length = 5000)
    {
        string backup = Path.Combine(_folder.Path, "backups", Name);
        Directory.CreateDirectory(Path.GetDirectoryName(backup)!);
        byte[] content = System.Security.Cryptography.RandomNumberGenerator.GetBytes(length);
        byte[] globals = System.Security.Cryptography.RandomNumberGenerator.GetBytes(200);
        File.WriteAllBytes(backup, content);
        File.WriteAllBytes(backup + ".globals.sql.gz", globals);
        var manifest = new BackupManifest
        {
            Timestamp = "2026-01-01T02:03:04Z",
            Database = "app",
            BackupFile = Name,
            SizeBytes = length,
            Host = "localhost",
            Port = 5432,
            BackupToolVersion = "0.1.0",
            SchemaVersion = 1,
            Sha256 = Hash(content),
            Tables = [],
            Globals = new BackupManifest.GlobalsRecord
            {
                File = Name + ".globals.sql.gz",
                SizeBytes = globals.Length,
                Sha256 = Hash(globals),
            },
            ManifestSha256 = new string('0', 64),
        };
        File.WriteAllBytes(backup + ".meta.json", manifest.Serialize());
        return backup;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(bytes)).ToLowerInvariant();
}
