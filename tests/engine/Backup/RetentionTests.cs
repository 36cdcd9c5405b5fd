using CryoBackup.Storage;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Backup;

/// <summary>What cannot be removed stays and is told; what is not ours for certain is never removed.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FileThatCannotBeRemovedStaysAndIsTold()
    {
        string stuck = Add("app", 1), gone = Add("app", 2);

        // A folder stands where the backup was.
        File.Delete(stuck);
        Directory.CreateDirectory(stuck);
        Assert.Equal([gone], Apply());
        Assert.True(File.Exists(stuck + BackupFileName.ManifestSuffix));
        Assert.StartsWith($"The old backup '{stuck}' could not be removed: ", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void FolderThatIsGoneIsTold()
    {
        BackupInfo made = SampleResults.Backup(folder: Path.Combine(_folder.Path, "none"));
        Assert.Empty(Retention.Apply(made, Manifest("app", 1), 1, Warn));
        Assert.StartsWith("Old backups in '", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("identifier")]
    [InlineData("host")]
    [InlineData("port")]
    [InlineData("type")]
    [InlineData("file")]
    [InlineData("database")]
    public void BackupOfAnotherStays(string difference)
    {
        Add("app", 1, manifest => difference switch
        {
            "identifier" => manifest with { Host = "elsewhere", Server = new() { SystemIdentifier = "7001" } },
            "host" => manifest with { Host = "elsewhere" },
            "port" => manifest with { Port = 5433 },
            "type" => manifest with { BackupType = "schema" },
            "file" => manifest with { BackupFile = "another_20260101_000000_full.dump.gz" },
            _ => manifest with { Database = "App" },
        });
        Assert.Empty(Apply());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void ServerIsKnownByItsIdentifierWhateverItsName()
    {
        string renamed = Add("app", 1, manifest => manifest with { Host = "elsewhere", Server = new() { SystemIdentifier = "7000" } });
        Assert.Equal([renamed], Apply());
    }

    private IReadOnlyList<string> Apply()
    {
        BackupManifest manifest = Manifest("app", 31) with { Server = new() { SystemIdentifier = "7000" } };
        return Retention.Apply(SampleResults.Backup(folder: _folder.Path), manifest, days: 7, Warn);
    }

    private void Warn(EngineMessage message)
    {
        if (message is WarningMessage warning)
        {
            _warnings.Add(warning.Text);
        }
    }

    private string Add(string database, int day, Func<BackupManifest, BackupManifest>? change = null)
    {
        BackupManifest manifest = Manifest(database, day);
        string path = _folder.Write(manifest.BackupFile, "");
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, (change?.Invoke(manifest) ?? manifest).Serialize());
        return path;
    }

    private static BackupManifest Manifest(string database, int day) => new()
    {
        Timestamp = $"2026-01-{day:00}T00:00:00Z",
        Database = database,
        BackupType = "full",
        BackupFile = $"{database}_202601{day:00}_000000_full.dump.gz",
        SizeBytes = 0,
        Host = "localhost",
        Port = 5432,
        SchemaVersion = 1,
        Sha256 = new string('a', 64),
        ManifestSha256 = new string('0', 64),
    };
}
