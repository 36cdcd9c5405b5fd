using CryoBackup.Retention;
using CryoBackup.Storage;
using static CryoBackup.RemovalAction;

namespace CryoBackup.Tests.Kept;

/// <summary>What is held stays.</summary>
[Trait("Runs", "Once")]
public sealed class BackupHoldTests : IDisposable
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AHoldIsHonouredUntilItEnds()
    {
        string held = _folder.Add(1);
        string later = _folder.Add(2);
        _folder.Add(3);
        _folder.Add(4);
        (string, string) bytes = (File.ReadAllText(held), File.ReadAllText(held + BackupFileName.ManifestSuffix));
        Assert.Equal("held: audit of 2026", Put(held, null, "audit of 2026").Hold);
        Assert.Equal(bytes, (File.ReadAllText(held), File.ReadAllText(held + BackupFileName.ManifestSuffix)));
        Assert.Contains("held until 2", Put(later, DateTime.UtcNow.AddDays(1), "").Hold, StringComparison.Ordinal);
        Assert.Empty(Gone(_folder.Remove(LastTwo)));
        Assert.Equal(Blocked, _folder.RemoveNamed(held).Action);
        Assert.Null(LetGo(held).Hold);
        Assert.Equal(bytes, (File.ReadAllText(held), File.ReadAllText(held + BackupFileName.ManifestSuffix)));
        Assert.Null(LetGo(held).Hold);
        Assert.Equal([held], Gone(_folder.Remove(LastTwo)));
        Assert.Equal(CryoBackupError.BackupNotFound, Assert.Throws<CryoBackupException>(() => Put(held, null, "")).Error);
        Assert.Equal(
            CryoBackupError.ConfigurationInvalid,
            Assert.Throws<CryoBackupException>(() => Put(later, DateTime.UtcNow.AddDays(-1), "")).Error
        );
    }

    /// <summary>What cannot be held so is refused before anything is looked at.</summary>
    [Fact]
    public void AHoldThatCannotBeIsRefused()
    {
        string backup = _folder.Add(1);
        foreach (
            (HoldRequest request, string target) in ((HoldRequest, string)[])
                [
                    (new() { Path = backup, Reason = new string('x', HoldRequest.LongestReason + 1) }, "Reason"),
                    (new() { Path = backup, Until = DateTime.UtcNow.AddSeconds(-1) }, "Until"),
                    (
                        new()
                        {
                            Path = "s3://no-such/app_20260101_000000_full.dump",
                            LegalHold = true,
                            Until = DateTime.MaxValue,
                        },
                        "Until"
                    ),
                    (new() { Path = backup, LegalHold = true }, "LegalHold"),
                ]
        )
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(() => BackupHold.Put(request, _folder.Said.Add, default));
            Assert.Equal((CryoBackupError.ConfigurationInvalid, target), (failure.Error, failure.Target));
            Assert.EndsWith(".", failure.Message, StringComparison.Ordinal);
            Assert.EndsWith(".", failure.Remedy, StringComparison.Ordinal);
        }

        Assert.False(File.Exists(HoldRecord.PathOf(backup)));
        Assert.StartsWith("held: xxx", Put(backup, null, new string('x', HoldRequest.LongestReason)).Hold, StringComparison.Ordinal);
    }

    /// <summary>Neither a file alone nor a manifest alone is a backup.</summary>
    [Fact]
    public void WhatIsNoBackupIsNotHeld()
    {
        string bare = _folder.Add(1);
        File.Delete(bare + BackupFileName.ManifestSuffix);
        string lost = _folder.Add(2);
        File.Delete(lost);
        foreach ((string path, string words) in ((string, string)[])[(bare, "no manifest lies beside it"), (lost, "it is not there")])
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Put(path, null, ""));
            Assert.Equal(CryoBackupError.BackupNotFound, failure.Error);
            Assert.Contains(words, failure.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(HoldRecord.PathOf(path)));
        }
    }

    /// <summary>Somebody has put it there, whatever it says.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"schema_version":1,"backup_file":"another","reason":"","machine":"","account":""}""")]
    [InlineData("noise")]
    [InlineData(null)]
    public void AHoldThatCannotBeReadHolds(string? text)
    {
        string held = _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        if (text is null)
        {
            Directory.CreateDirectory(HoldRecord.PathOf(held));
        }
        else
        {
            File.WriteAllText(HoldRecord.PathOf(held), text);
        }

        Assert.Empty(Gone(_folder.Remove(LastTwo)));
    }

    private BackupInfo Put(string path, DateTime? until, string reason) =>
        BackupHold.Put(
            new HoldRequest
            {
                Path = path,
                Until = until,
                Reason = reason,
            },
            _folder.Said.Add,
            CancellationToken.None
        );

    private BackupInfo LetGo(string path) => BackupHold.Take(new HoldRequest { Path = path }, _folder.Said.Add, CancellationToken.None);

    private static string[] Gone(IEnumerable<RemovalResult> results) =>
        [.. results.Where(result => result.Action == Removed).Select(result => result.Path)];
}
