using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests;

/// <summary>Wishes that make no sense are refused with the parameter's name and a remedy, before anything is looked at.</summary>
public sealed class WishTests
{
    [Fact]
    public void OfABackup()
    {
        Refused("Database", Backup(request => request.Database = ""));
        Refused("Path", Backup(request => request.Folder = "backups"));
        Refused("CompressionLevel", Backup(request => request.CompressionLevel = 0));
        Refused("CompressionLevel", Backup(request => request.CompressionLevel = 10));
        Refused("CompressionLevel", Backup(request => (request.Compression, request.CompressionLevel) = (CompressionKind.None, 5)));
        Refused("IncludeTable", Backup(request => (request.IncludeSchema, request.IncludeTable) = (["sales"], ["orders"])));
    }

    [Fact]
    public void OfARestore() =>
        Refused(
            "TargetDatabase",
            () => BackupRestorer.Run(new RestoreRequest { Path = "/nowhere" }, static _ => { }, CancellationToken.None)
        );

    [Fact]
    public void OfAVerification()
    {
        Refused("Level", Verification(request => request.Keep = true));
        Refused("Level", Verification(request => request.ServerPath = "/nowhere"));
        Refused("Level", Verification(request => request.MaxRestoreTime = TimeSpan.FromHours(1)));
        Refused("Level", Verification(request => request.AllowSuperuser = true));
        Refused("Level", Verification(request => request.Force = true));
        Refused("Level", Verification(request => request.Connection.ComputerName = "db"));
        Refused("ServerPath", Rehearsal(request => (request.Connection.ComputerName, request.ServerPath) = ("db", "/nowhere")));
        Refused("ComputerName", Rehearsal(request => request.Connection.Port = 5433));
        Refused("ComputerName", Rehearsal(request => request.Connection.UserName = "alice"));
        Refused("ComputerName", Rehearsal(request => request.Connection.SslMode = SslMode.Require));
        Refused("Force", Rehearsal(request => request.Force = true));
    }

    [Fact]
    public void OfOneVerificationServeForAnother()
    {
        var request = new VerificationRequest
        {
            Path = "/one",
            Level = VerificationLevel.Hash,
            MaxAge = TimeSpan.FromHours(26),
            Identities = ["/key"],
        };
        VerificationRequest other = request.For("/two");
        Assert.Equal(("/one", "/two"), (request.Path, other.Path));
        Assert.Equal((request.Level, request.MaxAge, request.Identities), (other.Level, other.MaxAge, other.Identities));
    }

    private static Action Backup(Action<BackupRequest> wish) =>
        () =>
        {
            var request = new BackupRequest { Database = "app", Folder = Path.GetTempPath() };
            wish(request);
            BackupWriter.Run(request, static _ => { }, CancellationToken.None);
        };

    private static Action Verification(Action<VerificationRequest> wish) => Verification(VerificationLevel.Content, wish);

    private static Action Rehearsal(Action<VerificationRequest> wish) => Verification(VerificationLevel.Restore, wish);

    private static Action Verification(VerificationLevel level, Action<VerificationRequest> wish) =>
        () =>
        {
            var request = new VerificationRequest { Path = "/nowhere", Level = level };
            wish(request);
            BackupVerifier.Run(request, static _ => { }, CancellationToken.None);
        };

    private static void Refused(string parameter, Action run)
    {
        CryoBackupException error = Assert.Throws<CryoBackupException>(run);
        Assert.Equal((CryoBackupError.ConfigurationInvalid, parameter), (error.Error, error.Target));
        Assert.False(string.IsNullOrEmpty(error.Remedy));
    }
}
