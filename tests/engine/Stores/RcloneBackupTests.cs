using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Tests.Inspection;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Stores;

/// <summary>The whole life of a backup in a remote of rclone: made, proven, listed, held, restored, removed.</summary>
[Collection("backup")]
[Trait("Runs", "Once")]
public sealed class RcloneBackupTests : IDisposable
{
    private const string Place = "rclone://cryobackuphere/kept";

    private readonly PostgresServer _postgres;
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _said = [];

    public RcloneBackupTests(PostgresServer postgres)
    {
        _postgres = postgres;
        Environment.SetEnvironmentVariable("RCLONE_CONFIG_CRYOBACKUPHERE_TYPE", "alias");
        Environment.SetEnvironmentVariable("RCLONE_CONFIG_CRYOBACKUPHERE_REMOTE", _folder.Path);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("RCLONE_CONFIG_CRYOBACKUPHERE_TYPE", null);
        Environment.SetEnvironmentVariable("RCLONE_CONFIG_CRYOBACKUPHERE_REMOTE", null);
        _folder.Dispose();
    }

    [RcloneServerFact]
    public void IsAPlaceAsAnyOther()
    {
        _postgres.CreateDatabase("remote");
        _postgres.Execute("remote", SmallBackup.Content);
        BackupInfo old = New();
        BackupInfo made = New();
        Assert.Equal(Place, made.Location);
        Assert.Equal([made.Path, old.Path], Find().Select(backup => backup.Path));
        Assert.Equal(made.End, Find()[0].Proven);

        VerificationResult content = Test(made.Path, VerificationLevel.Content);
        Assert.True(content.IsValid, content.Reason);
        VerificationResult rehearsal = Test(made.Path, VerificationLevel.Restore);
        Assert.True(rehearsal.IsValid, rehearsal.Reason);
        Assert.Equal((rehearsal.End, rehearsal.End), (Find()[0].Proven, Find()[0].Rehearsed));
        RestoreResult restored = BackupRestorer.Run(
            Requests.Restore(_postgres.Connection, made.Path, "restored from remote") with
            {
                Create = true,
            },
            Say,
            default
        );
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        Assert.All(restored.Tables, table => Assert.True(table.Matches));
        _postgres.Execute("postgres", "DROP DATABASE \"restored from remote\" WITH (FORCE)");

        Assert.Equal("held: audit", BackupHold.Put(new HoldRequest { Path = old.Path, Reason = "audit" }, Say, default).Hold);
        Assert.Equal([RemovalAction.Keep, RemovalAction.Keep], Remove().Select(result => result.Action));
        CryoBackupException refused = Assert.Throws<CryoBackupException>(() =>
            BackupHold.Put(new HoldRequest { Path = old.Path, LegalHold = true }, Say, default)
        );
        Assert.Equal(CryoBackupError.ConfigurationInvalid, refused.Error);
        Assert.Null(BackupHold.Take(new HoldRequest { Path = old.Path }, Say, default).Hold);
        Assert.Equal([RemovalAction.Keep, RemovalAction.Removed], Remove().Select(result => result.Action));
        Assert.All(
            Directory.GetFiles(Path.Combine(_folder.Path, "kept")),
            file => Assert.StartsWith(Path.GetFileName(made.Path), Path.GetFileName(file), StringComparison.Ordinal)
        );
        Assert.DoesNotContain(_said, message => message is WarningMessage);
    }

    private BackupInfo New() => BackupWriter.Run(Requests.Backup(_postgres.Connection, "remote", Place), Say, default);

    private VerificationResult Test(string path, VerificationLevel level) =>
        BackupVerifier.Run(new VerificationRequest { Path = path, Level = level }, Say, default);

    private IReadOnlyList<BackupInfo> Find() => BackupCatalog.Find(Place, new CatalogQuery(), Say, default);

    private IReadOnlyList<RemovalResult> Remove() =>
        BackupRemoval.Run(
            new RemovalRequest
            {
                Folder = Place,
                Rules = new RetentionRules { KeepLast = 1 },
            },
            null,
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
}

/// <summary>A test that needs rclone and a server.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class RcloneServerFactAttribute : ServerFactAttribute
{
    public RcloneServerFactAttribute() => Skip = ServerPrograms.ReasonToSkip ?? new RcloneFactAttribute().Skip;
}
