using CryoBackup.Retention;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Kept;

/// <summary>What follows a new backup: the older ones that its rules do not keep go, and why none does is told.</summary>
[Trait("Runs", "Once")]
public sealed class FollowingRemovalTests : IDisposable
{
    private readonly Folder _folder = new();

    public FollowingRemovalTests()
    {
        foreach (int day in (int[])[1, 2, 3])
        {
            _folder.Add(day);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TheOlderOnesOfItsServerGo()
    {
        string other = _folder.Add(1, manifest => manifest with { Server = new() { SystemIdentifier = "7001" } }, database: "app");
        Assert.Equal([Named(2)], Follow(4));
        Assert.True(File.Exists(other) && File.Exists(Named(3)));
        Assert.Empty(_folder.Warnings);
    }

    [Fact]
    public void ASelectionReplacesNone()
    {
        Assert.Empty(Follow(4, manifest => manifest with { BackupType = BackupManifest.PartialType }));
        Assert.Contains("holds only a selection", Assert.Single(_folder.Warnings), StringComparison.Ordinal);
        Assert.Equal(8, _folder.Files.Length);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WhoseTheyAreNobodyKnowsWithoutAnIdentifier(bool hasServer)
    {
        Assert.Empty(Follow(4, manifest => manifest with { Server = hasServer ? new() { SystemIdentifier = "" } : null }));
        Assert.Contains("pg_control_system()", Assert.Single(_folder.Warnings), StringComparison.Ordinal);
        Assert.Equal(8, _folder.Files.Length);
    }

    [Fact]
    public void WhileTheNewOneIsUnprovenNoneGoes()
    {
        Assert.Empty(Follow(4, manifest => manifest with { RowsCounted = false }));
        string warning = Assert.Single(_folder.Warnings);
        Assert.Contains("frozen", warning, StringComparison.Ordinal);
        Assert.Contains("Prove it with Test-CryoBackup", warning, StringComparison.Ordinal);
        Assert.Equal(8, _folder.Files.Length);
    }

    [UnixFact]
    public void OneThatIsBeingReadIsTold()
    {
        using (BackupSource.OpenFile(Named(1)))
        {
            Assert.Equal([Named(2)], Follow(4));
        }

        string warning = Assert.Single(_folder.Warnings);
        Assert.StartsWith($"The old backup '{Named(1)}' could not be removed: ", warning, StringComparison.Ordinal);
        Assert.Contains("is being read", warning, StringComparison.Ordinal);
        Assert.True(File.Exists(Named(1)));
    }

    private string Named(int day) => Path.Combine(_folder.Path, KeptManifest.Of(day, hasGlobals: false, "app").BackupFile);

    /// <summary>Makes one, after which two are kept.</summary>
    private IReadOnlyList<string> Follow(int day, Func<BackupManifest, BackupManifest>? change = null)
    {
        string path = _folder.Add(day, change);
        string manifestPath = path + BackupFileName.ManifestSuffix;
        var manifest = BackupManifest.Read(manifestPath);
        return BackupRemoval.Follow(
            BackupCatalog.ToInfo(manifest, path, manifestPath),
            manifest,
            new RemovalRequest
            {
                Rules = new RetentionRules { KeepLast = 2 },
                Now = Folder.Now,
            },
            _folder.Said.Add
        );
    }
}
