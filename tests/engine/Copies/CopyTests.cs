using CryoBackup.Copies;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;

namespace CryoBackup.Tests.Copies;

/// <summary>A backup is brought elsewhere, and proven there; by a server that goes wrong where it is told to.</summary>
public sealed class CopyTests : CopyTestBase
{
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
            Assert.Equal(File.ReadAllBytes(file), Server.Objects["db/" + Path.GetFileName(file)].Bytes);
        }

        // Its manifest is the last that was put, when all else had been read back.
        string[] puts = [.. Server.Seen.Select(seen => seen.Line).Where(line => line.StartsWith("PUT", StringComparison.Ordinal))];
        Assert.EndsWith(".meta.json", puts[^2], StringComparison.Ordinal);
        Assert.Contains(".proof.", puts[^1], StringComparison.Ordinal);
        Assert.DoesNotContain(S3Server.SecretKey, string.Join(' ', Said), StringComparison.Ordinal);
    }

    [Fact]
    public void ASecondRunProvesWhatIsThereAndReplacesNothing()
    {
        string backup = Make();
        Copy(backup);
        S3Content[] before = [.. Stored.Select(key => Server.Objects[key])];

        Assert.NotNull(Copy(backup).Proven);

        Assert.Equal(before, Stored.Select(key => Server.Objects[key]));
    }

    /// <summary>Test there, in its simplest form: each byte of what lies there counts.</summary>
    [Fact]
    public void EveryByteThatIsAnotherThereIsFound()
    {
        string backup = Make(300);
        Copy(backup);
        foreach ((string key, S3Content content) in Stored.Select(key => (key, Server.Objects[key])))
        {
            for (int i = 0; i < content.Bytes.Length; i += Thoroughness.Of(7, 1))
            {
                byte[] flipped = [.. content.Bytes];
                flipped[i] ^= 0x20;
                Server.Objects[key] = new S3Content(flipped, content.Mark);

                CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Copy(backup));

                Assert.Contains("with other bytes than the backup's", failure.Message, StringComparison.Ordinal);
            }

            Server.Objects[key] = content;
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
        byte[] flipped = [.. Server.Objects["db/" + Name].Bytes];
        flipped[4999] ^= 1;
        Server.Objects["db/" + Name] = new S3Content(flipped, "");

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
        Assert.Empty(Server.Objects);
        Assert.Empty(Server.Uploads);
    }

    [Fact]
    public void WhatAnotherHasPutUnderTheNameStays()
    {
        string backup = Make();
        Server.Objects["db/" + Name] = new S3Content([1, 2, 3], "");

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Copy(backup));

        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.Equal([1, 2, 3], Server.Objects["db/" + Name].Bytes);
        Assert.DoesNotContain("db/" + Name + ".meta.json", Server.Objects.Keys);
    }

    /// <summary>Two runs of one backup to one place: the one that fails takes nothing from the one that is done.</summary>
    [Fact]
    public void WhatAnotherRunHasCompletedStays()
    {
        string backup = Make();
        byte[] manifest = File.ReadAllBytes(backup + ".meta.json");
        Server.Fault = (_, request) =>
        {
            if (request.HttpMethod != "GET" || !request.Url!.AbsolutePath.EndsWith(Name, StringComparison.Ordinal))
            {
                return null;
            }

            Server.Objects[$"db/{Name}.meta.json"] = new S3Content(manifest, "");
            return new S3Fault(S3FaultKind.Denied);
        };

        Assert.Throws<CryoBackupException>(() => Copy(backup));

        Assert.Equal(File.ReadAllBytes(backup), Server.Objects["db/" + Name].Bytes);
        Assert.Contains(Said.Select(message => $"{message}"), text => text.Contains("is left there", StringComparison.Ordinal));
        Server.Fault = (_, _) => null;
        Assert.NotNull(Copy(backup).Proven);
    }

    /// <summary>Where it fails, what was put is told, and a later copy completes it.</summary>
    [Fact]
    public void WhatCannotBeTakenBackIsToldAndCompletedLater()
    {
        string backup = Make();
        Server.Fault = (_, request) =>
            request.HttpMethod == "DELETE"
            || (request.HttpMethod == "PUT" && request.RawUrl!.EndsWith(".meta.json", StringComparison.Ordinal))
                ? new S3Fault(S3FaultKind.Denied)
                : null;

        Assert.Equal(CryoBackupError.PermissionDenied, Assert.Throws<CryoBackupException>(() => Copy(backup)).Error);

        Assert.Equal(2, Said.OfType<WarningMessage>().Count(said => said.Text.Contains("completes it", StringComparison.Ordinal)));
        Assert.Equal(2, Stored.Length);
        Server.Fault = (_, _) => null;
        Assert.NotNull(Copy(backup).Proven);
        Assert.Equal(3, Stored.Length);
    }

    /// <summary>What nothing describes is no backup to copy, whether it lies in a folder or in a store.</summary>
    [Fact]
    public void WithoutAManifestThatCanBeReadNothingIsCopied()
    {
        string backup = Make();
        Copy(backup);
        string stored = $"s3://backups/db/{Name}";
        var elsewhere = new CopyTarget(StoreLocation.Parse(Path.Combine(Folder.Path, "back")), new StoreOptions());
        CryoBackupError From(string path) =>
            Assert
                .Throws<CryoBackupException>(() =>
                    BackupCopier.Run(
                        new CopyRequest
                        {
                            Path = path,
                            Store = Target().Options,
                            Destination = elsewhere,
                        },
                        Said.Add,
                        default
                    )
                )
                .Error;
        Server.Fault = (_, request) =>
            request.HttpMethod == "GET" && request.RawUrl!.EndsWith(".meta.json", StringComparison.Ordinal)
                ? new S3Fault(S3FaultKind.Denied)
                : null;
        Assert.Equal(CryoBackupError.PermissionDenied, From(stored));
        Server.Fault = (_, _) => null;
        Server.Objects.TryRemove($"db/{Name}.meta.json", out _);
        Assert.Equal(CryoBackupError.ManifestInvalid, From(stored));
        File.Delete(backup + ".meta.json");
        Assert.Equal(CryoBackupError.ManifestInvalid, From(backup));
        using (FileStream file = File.Create(backup + ".meta.json"))
        {
            file.SetLength(1L << 40);
        }

        Assert.Equal(CryoBackupError.ManifestInvalid, From(backup));
        Assert.False(Directory.Exists(Path.Combine(Folder.Path, "back")));
    }

    /// <summary>Credentials that may write and not delete are enough.</summary>
    [Fact]
    public void NothingIsDeletedWhereAllGoesWell()
    {
        Server.Fault = (_, request) => request.HttpMethod == "DELETE" ? new S3Fault(S3FaultKind.Denied) : null;

        Assert.NotNull(Copy(Make()).Proven);
    }

    [Fact]
    public void AFolderTakesCopiesToo()
    {
        string backup = Make();
        string other = Path.Combine(Folder.Path, "other", "place");

        BackupInfo copy = Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions()));

        Assert.Equal(Path.Combine(other, Name), copy.Path);
        Assert.Equal(other, copy.Location);
        Assert.Equal(
            Directory.GetFiles(Path.GetDirectoryName(backup)!).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            Directory.GetFiles(other).Where(file => NoteName.TryRead(file) is null).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        Assert.Equal(File.ReadAllBytes(backup), File.ReadAllBytes(copy.Path));
        File.WriteAllText(Path.Combine(other, Name), "something else");
        Assert.Throws<CryoBackupException>(() => Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions())));
        Assert.Equal("something else", File.ReadAllText(Path.Combine(other, Name)));
    }

    /// <summary>A folder stands where its roles belong: what was put before is no backup, and goes again.</summary>
    [Fact]
    public void WhatCannotBeCompletedInAFolderIsTakenBack()
    {
        string backup = Make();
        string other = Path.Combine(Folder.Path, "other");
        Directory.CreateDirectory(Path.Combine(other, Name + ".globals.sql.gz"));

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions()))
        );

        Assert.Equal(CryoBackupError.DestinationNotWritable, failure.Error);
        Assert.DoesNotContain(Directory.GetFiles(other), file => Path.GetFileName(file).StartsWith(Name, StringComparison.Ordinal));
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
        string other = Path.Combine(Folder.Path, "by another name");
        Directory.CreateSymbolicLink(other, Path.GetDirectoryName(backup)!);

        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            Copy(backup, new CopyTarget(StoreLocation.Parse(other), new StoreOptions()))
        );

        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.Contains("a copy of itself would be none", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(other).Length);
    }

    [Fact]
    public void ComesBackFromThere()
    {
        string backup = Make();
        BackupInfo copy = Copy(backup);
        string home = Path.Combine(Folder.Path, "home again");

        BackupInfo back = BackupCopier.Run(
            new CopyRequest
            {
                Path = copy.Path,
                Store = Target().Options,
                Destination = new CopyTarget(StoreLocation.Parse(home), new StoreOptions()),
            },
            Said.Add,
            default
        );

        Assert.Equal(Path.Combine(home, Name), back.Path);
        Assert.Equal(File.ReadAllBytes(backup), File.ReadAllBytes(back.Path));
        Assert.Equal(4, Directory.GetFiles(home).Length);
    }

    [Fact]
    public void AFailedCopyIsAWarningUnlessSoManyAreRequired()
    {
        string backup = Make();
        BackupInfo made = BackupCatalog.ToInfo(BackupManifest.Read(backup + ".meta.json"), backup, backup + ".meta.json");
        CopyTarget absent = new(StoreLocation.Parse("s3://no-such-bucket/x"), Target().Options);

        BackupCopier.CopyAll(made, [absent, Target()], 1, Said.Add, default);

        Assert.Equal([$"s3://backups/db/{Name}"], made.Copies);
        Assert.Contains("s3://no-such-bucket/x", Assert.Single(made.Warnings), StringComparison.Ordinal);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupCopier.CopyAll(made, [absent, Target()], 2, Said.Add, default)
        );
        Assert.Contains("is good", failure.Message, StringComparison.Ordinal);
        Assert.True(File.Exists(backup));
    }
}
