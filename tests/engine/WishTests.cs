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
        Refused("Database", Backup(request => request with { Database = "" }));
        Refused("Path", Backup(request => request with { Folder = "backups" }));
        Refused("CompressionLevel", Backup(request => request with { CompressionLevel = 0 }));
        Refused("CompressionLevel", Backup(request => request with { CompressionLevel = 10 }));
        Refused("CompressionLevel", Backup(request => request with { Compression = CompressionKind.None, CompressionLevel = 5 }));
        Refused("IncludeTable", Backup(request => request with { IncludeSchema = ["sales"], IncludeTable = ["orders"] }));
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
        Refused("Level", Verification(request => request with { Keep = true }));
        Refused("Level", Verification(request => request with { ServerPath = "/nowhere" }));
        Refused("Level", Verification(request => request with { MaxRestoreTime = TimeSpan.FromHours(1) }));
        Refused("Level", Verification(request => request with { AllowSuperuser = true }));
        Refused("Level", Verification(request => request with { Force = true }));
        Refused("Level", Verification(request => request with { Connection = request.Connection with { ComputerName = "db" } }));
        Refused(
            "ServerPath",
            Rehearsal(request => request with { Connection = request.Connection with { ComputerName = "db" }, ServerPath = "/nowhere" })
        );
        Refused("ComputerName", Rehearsal(request => request with { Connection = request.Connection with { Port = 5433 } }));
        Refused("ComputerName", Rehearsal(request => request with { Connection = request.Connection with { UserName = "alice" } }));
        Refused("ComputerName", Rehearsal(request => request with { Connection = request.Connection with { SslMode = SslMode.Require } }));
        Refused("Force", Rehearsal(request => request with { Force = true }));
        Refused("Sample", Rehearsal(request => request with { Sample = 5 }));
        Refused("Sample", Verification(request => request with { Sample = 5 }));
        Refused("Sample", Hash(request => request with { Sample = 0 }));
        Refused("Sample", Hash(request => request with { Sample = 100 }));
        Refused("Sample", Hash(request => request with { Sample = 5, MaxAge = TimeSpan.FromDays(1) }));
    }

    private static Action Backup(Func<BackupRequest, BackupRequest> wish) =>
        () =>
        {
            var request = new BackupRequest { Database = "app", Folder = Path.GetTempPath() };
            request = wish(request);
            BackupWriter.Run(request, static _ => { }, CancellationToken.None);
        };

    private static Action Verification(Func<VerificationRequest, VerificationRequest> wish) =>
        Verification(VerificationLevel.Content, wish);

    private static Action Hash(Func<VerificationRequest, VerificationRequest> wish) => Verification(VerificationLevel.Hash, wish);

    private static Action Rehearsal(Func<VerificationRequest, VerificationRequest> wish) => Verification(VerificationLevel.Restore, wish);

    private static Action Verification(VerificationLevel level, Func<VerificationRequest, VerificationRequest> wish) =>
        () =>
        {
            var request = new VerificationRequest { Path = "/nowhere", Level = level };
            request = wish(request);
            BackupVerifier.Run(request, static _ => { }, CancellationToken.None);
        };

    private static void Refused(string parameter, Action run)
    {
        CryoBackupException error = Assert.Throws<CryoBackupException>(run);
        Assert.Equal((CryoBackupError.ConfigurationInvalid, parameter), (error.Error, error.Target));
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Remedy, StringComparison.Ordinal);
    }
}
