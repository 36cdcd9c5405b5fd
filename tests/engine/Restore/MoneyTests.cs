using System.Runtime.Versioning;
using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests.Restore;

/// <summary>The text of a value of type money depends on lc_monetary: read in another, '1.234,56 €' would become $1.23.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class MoneyTests(ZooServer other) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [LocaleFact]
    [UnsupportedOSPlatform("windows")]
    public void KeepsItsAmountWhateverTheTargetsLocale()
    {
        using PostgresServer server = ForeignLocale.Start(_folder.Path, "de_DE", "de_DE.UTF-8");
        server.CreateDatabase("money");
        server.Execute(
            "money",
            "ALTER DATABASE money SET lc_monetary TO 'de_DE.UTF-8'; CREATE TABLE price (amount money); "
                + "INSERT INTO price VALUES (1234.56::numeric::money)"
        );
        string backup = BackupWriter
            .Run(Requests.Backup(server.Connection, "money", _folder.Path), static _ => { }, CancellationToken.None)
            .Path;
        Assert.Equal("de_DE.UTF-8", BackupManifest.Read(backup + ".meta.json").Server!.LcMonetary);

        // A new database has the server's own until the end, one that is there keeps it.
        server.CreateDatabase("empty");
        foreach ((string target, bool create) in ((string, bool)[])[("created", true), ("empty", false)])
        {
            RestoreRequest request = Requests.Restore(server.Connection, backup, target) with { Create = create };
            Assert.True(Assert.Single(BackupRestorer.Run(request, static _ => { }, CancellationToken.None).Tables).Matches);
            Assert.Equal(1234.56m, server.Scalar(target, "SELECT amount::numeric FROM price"));
        }

        Assert.NotEqual("de_DE.UTF-8", server.Scalar("empty", "SHOW lc_monetary"));

        // A machine without the locale.
        CryoBackupException e = other.Fail(backup, "money_elsewhere", request => request with { Create = true });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("lacks the locale 'de_DE.UTF-8'", e.Message, StringComparison.Ordinal);
        VerificationResult rehearsed = Rehearse.Run(backup);
        Assert.Equal(Verdict.Inconclusive, rehearsed.Verdict);
        Assert.Contains("lacks the locale 'de_DE.UTF-8'", rehearsed.Reason, StringComparison.Ordinal);
    }
}
