using CryoBackup.Storage;

namespace CryoBackup.Tests.Encryption;

/// <summary>Recipients and identities of an age plugin: here a script that speaks the plugins' protocol and
/// wraps the file's key in nothing.</summary>
[Collection("rehearsed and encrypted")]
public sealed class PluginTests(PostgresServer server) : IDisposable
{
    // The bytes 'stand-in' in Bech32, under the names that age makes of the plugin's.
    private const string Recipient = "age1cryotest1wd6xzmny945kugxw9dh";
    private const string Identity = "AGE-PLUGIN-CRYOTEST-1WD6XZMNY945KU630EY6";

    private const string Script = """
        key=
        while read -r line; do
          case "$line" in
            "-> wrap-file-key"*|"-> recipient-stanza 0 cryotest"*) read -r key ;;
            "-> done"*) break ;;
          esac
        done
        read -r line
        case "$1" in
          *recipient-v1) printf -- '-> recipient-stanza 0 cryotest\n%s\n' "$key" ;;
          *) printf -- '-> file-key 0\n%s\n' "$key" ;;
        esac
        read -r line
        read -r line
        printf -- '-> done\n\n'
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        _folder.Dispose();
    }

    [AgeServerFact]
    public void PluginEncryptsAndDecrypts()
    {
        EncryptedBackup.MakeSample(server, "plugin_source", 50);
        _folder.WriteProgram("bin/age-plugin-cryotest", Script);
        Environment.SetEnvironmentVariable("PATH", Path.Combine(_folder.Path, "bin") + Path.PathSeparator + _path);
        string identity = _folder.Write("identity", Identity + "\n");
        BackupInfo backup = EncryptedBackup.New(server, "plugin_source", _folder.Path, [Recipient]);
        Assert.Equal([Recipient], BackupManifest.Read(backup.ManifestPath).Encryption!.Recipients);
        VerificationResult result = EncryptedBackup.Test(backup.Path, VerificationLevel.Content, identity);
        Assert.True(result.Verdict == Verdict.Passed, result.Reason);
        Assert.Equal(RestoreStatus.Restored, EncryptedBackup.Restore(server, backup.Path, "plugin_target", [identity]).Status);

        // Another's identity does not open it, and the name of the plugin's stanza is told.
        (string other, _) = KeyPairs.Make(_folder, "age");
        VerificationResult wrong = EncryptedBackup.Test(backup.Path, VerificationLevel.Content, other);
        Assert.Equal(Verdict.Inconclusive, wrong.Verdict);
        Assert.Contains("cryotest", wrong.Reason, StringComparison.Ordinal);
    }

    /// <summary>age's armored form is refused in words, by every verb: it is never taken for damage.</summary>
    [AgeServerFact]
    public void ArmoredFileIsRefusedWithRemedy()
    {
        EncryptedBackup.MakeSample(server, "plugin_source", 50);
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        BackupInfo clear = EncryptedBackup.New(server, "plugin_source", _folder.Path, []);
        string armored = Path.Combine(_folder.Path, "armored.dump.gz.age");
        KeyPairs.Sh($"age -a -r '{recipient}' -o '{armored}' '{clear.Path}'");
        VerificationResult result = EncryptedBackup.Test(armored, VerificationLevel.Content, identity);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("armored", result.Reason, StringComparison.Ordinal);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            EncryptedBackup.Restore(server, armored, "plugin_target", [identity])
        );
        Assert.Equal(CryoBackupError.NotABackup, failure.Error);
        Assert.Contains("age -d", failure.Remedy, StringComparison.Ordinal);
    }
}
