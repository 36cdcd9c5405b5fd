using System.Text.Json.Nodes;
using CryoBackup.Retention;
using CryoBackup.Storage;
using static CryoBackup.RemovalAction;

namespace CryoBackup.Tests.Kept;

/// <summary>What is not to go stays as it stood: where the request says nothing, the disk refuses, or a mark is of another.</summary>
[Trait("Runs", "Once")]
public sealed class RefusedRemovalTests : IDisposable
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The engine itself refuses what no host lets through.</summary>
    [Theory]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public void RulesAreNotForcedAndNothingIsNoRule(bool hasRules, bool force)
    {
        string backup = _folder.Add(1);
        var request = new RemovalRequest
        {
            Folder = _folder.Path,
            Rules = hasRules ? LastTwo : null,
            Backups = hasRules ? [backup] : [],
            Force = force,
        };
        foreach (Action act in (Action[])[() => BackupRemoval.Plan(request, _folder.Said.Add, default), () => Run(request)])
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(act);
            Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
            Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
            Assert.EndsWith(".", failure.Remedy, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(backup));
    }

    [Fact]
    public void OnlyOfTheDatabasesThatAreNamed()
    {
        foreach (int day in (int[])[1, 2, 3])
        {
            _folder.Add(day);
            _folder.Add(day, database: "crm");
        }

        IReadOnlyList<RemovalResult> done = Run(By("c*"));
        Assert.Equal([("crm", Keep), ("crm", Keep), ("crm", Removed)], done.Select(result => (result.Database, result.Action)));
        Assert.Equal(
            3,
            _folder.Files.Count(name => name.StartsWith("app_", StringComparison.Ordinal) && name.EndsWith(".gz", StringComparison.Ordinal))
        );
    }

    /// <summary>Its own name tells nothing of whose it is, so that its manifest is asked.</summary>
    [Fact]
    public void ABackupOfAnotherNameIsFoundByItsManifest()
    {
        foreach (string name in (string[])["first.dump", "second.dump", "third.dump"])
        {
            int day = name.Length - 8;
            _folder.Write(name, "data");
            BackupManifest manifest = KeptManifest.Of(day, hasGlobals: false, "crm") with { BackupFile = name };
            File.WriteAllBytes(Path.Combine(_folder.Path, name + BackupFileName.ManifestSuffix), manifest.Serialize());
        }

        Assert.Equal(3, BackupRemoval.Plan(By("crm"), _folder.Said.Add, default).Count);
        Assert.Empty(BackupRemoval.Plan(By("app"), _folder.Said.Add, default));
    }

    /// <summary>A removal that the disk refuses leaves all as it stood, without a mark.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhatTheDiskRefusesStandsAsItStood(bool isMarkStuck)
    {
        string path = _folder.Add(1, hasGlobals: true);
        string[] before = _folder.Files;
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupRemover.Remove(
                Stored(path),
                _ =>
                {
                    Assert.True(File.Exists(RemovalMark.PathOf(path)));
                    if (isMarkStuck)
                    {
                        // That it cannot be taken off is not what is told.
                        File.Delete(RemovalMark.PathOf(path));
                        Directory.CreateDirectory(RemovalMark.PathOf(path));
                    }

                    throw new IOException("the disk is ill");
                }
            )
        );
        Assert.Contains("the disk is ill", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, _folder.Files.Where(name => !name.EndsWith(BackupFileName.RemovalSuffix, StringComparison.Ordinal)));
        Assert.Equal(isMarkStuck, Path.Exists(RemovalMark.PathOf(path)));
    }

    /// <summary>A mark says of which content it is; one that is of another, or noise, makes nobody remove what lies there.</summary>
    [Theory]
    [InlineData("noise")]
    [InlineData("null")]
    [InlineData("schema_version")]
    [InlineData("backup_file")]
    [InlineData("sha256")]
    public void AMarkOfAnotherCompletesNothing(string change)
    {
        string lost = _folder.Add(1, hasGlobals: true);
        _folder.Add(2);
        _folder.Add(3);
        var manifest = BackupManifest.Read(lost + BackupFileName.ManifestSuffix);
        JsonNode mark = JsonNode.Parse(RemovalMark.Write(Path.GetFileName(lost), manifest))!;
        if (change == "schema_version")
        {
            mark[change] = 2;
        }
        else if (change.Contains('_', StringComparison.Ordinal) || change == "sha256")
        {
            mark[change] = "another";
        }

        File.WriteAllText(RemovalMark.PathOf(lost), change is "noise" or "null" ? change : mark.ToJsonString());
        File.Delete(lost);
        RemovalResult result = Assert.Single(_folder.Remove(LastTwo), one => one.Path == lost);
        Assert.Equal((Keep, "its file is gone: the manifest alone tells of it"), (result.Action, Assert.Single(result.Reasons)));
        Assert.True(File.Exists(lost + BackupFileName.ManifestSuffix) && File.Exists(lost + ".globals.sql.gz"));
        Assert.Empty(_folder.Warnings);
    }

    /// <summary>What was begun of another database waits for a run that is of it.</summary>
    [Fact]
    public void WhatWasBegunOfAnotherDatabaseIsLeftToIt()
    {
        string begun = Begin(_folder.Add(1, database: "crm", hasGlobals: true));
        _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        Run(By("app"));
        Assert.True(File.Exists(begun + ".globals.sql.gz") && File.Exists(RemovalMark.PathOf(begun)));
        Run(By("crm"));
        Assert.DoesNotContain(_folder.Files, name => name.StartsWith("crm_", StringComparison.Ordinal));
    }

    /// <summary>A folder stands where its roles were.</summary>
    [Fact]
    public void WhatCannotBeCompletedIsToldAndFoundAgain()
    {
        string begun = Begin(_folder.Add(1, hasGlobals: true));
        File.Delete(begun + ".globals.sql.gz");
        Directory.CreateDirectory(begun + ".globals.sql.gz");
        _folder.Add(2);
        _folder.Add(3);
        _folder.Remove(LastTwo);
        Assert.Contains(
            $"The removal of '{begun}', which was begun, could not be completed: ",
            Assert.Single(_folder.Warnings),
            StringComparison.Ordinal
        );
        Assert.True(File.Exists(begun + BackupFileName.ManifestSuffix));
        Directory.Delete(begun + ".globals.sql.gz");
        _folder.Remove(LastTwo);
        Assert.DoesNotContain(_folder.Files, name => name.StartsWith(Path.GetFileName(begun), StringComparison.Ordinal));
    }

    /// <summary>Killed once its data was gone.</summary>
    private static string Begin(string path)
    {
        RemovalMark.Put(path, BackupManifest.Read(path + BackupFileName.ManifestSuffix));
        File.Delete(path);
        return path;
    }

    private StoredBackup Stored(string path) =>
        StoredBackup.Read(
            BackupListing.Of(_folder.Path, null, _folder.Said.Add, default),
            path + BackupFileName.ManifestSuffix,
            DateTime.UtcNow
        );

    private RemovalRequest By(string database) =>
        new()
        {
            Folder = _folder.Path,
            Rules = LastTwo,
            Databases = [database],
            Now = Folder.Now,
        };

    private IReadOnlyList<RemovalResult> Run(RemovalRequest request) => BackupRemoval.Run(request, null, _folder.Said.Add, default);
}
