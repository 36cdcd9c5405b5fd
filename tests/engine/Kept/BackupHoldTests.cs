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
