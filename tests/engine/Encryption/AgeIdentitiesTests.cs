using CryoBackup.Encryption;

namespace CryoBackup.Tests.Encryption;

public sealed class AgeIdentitiesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];

    public void Dispose() => _folder.Dispose();

    [AgeFact]
    public void TakesEveryKindAndWarnsOfOneThatOthersMayRead()
    {
        foreach (string kind in new[] { "age", "ed25519", "rsa" })
        {
            (string identity, _) = KeyPairs.Make(_folder, kind);
            Check(identity);
            Assert.Empty(_warnings);
            KeyPairs.Sh($"chmod 640 '{identity}'");
            Check(identity);
            Assert.Contains(identity, Assert.Single(_warnings), StringComparison.Ordinal);
            Assert.Contains("chmod 600", _warnings[0], StringComparison.Ordinal);
            _warnings.Clear();
        }
    }

    [AgeFact]
    public void RefusesWhatAsksForAPassphrase()
    {
        string ssh = Path.Combine(_folder.Path, "ssh");
        string pem = Path.Combine(_folder.Path, "pem");
        KeyPairs.Sh($"ssh-keygen -q -t ed25519 -N secret -f '{ssh}'; ssh-keygen -q -t rsa -b 2048 -m PEM -N secret -f '{pem}'");
        string encryptedFile = _folder.Write("encrypted", "age-encryption.org/v1\n-> scrypt AAAA 18\n");
        foreach (string path in new[] { ssh, pem, encryptedFile })
        {
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => Check(path));
            Assert.Equal((CryoBackupError.ConfigurationInvalid, path), (error.Error, error.Target));
            Assert.Contains("passphrase", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bm90IGEgcmVhbCBGZXJuZXQga2V5LCBvbmx5IGxpa2U=", "Fernet")]
    [InlineData("# nothing\n", "another kind")]
    [InlineData("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p\n", "public")]
    [InlineData("# created\nAGE-SECRET-KEY-1QQQSECRETQQQ\n", "Line 2")]
    public void RefusesAnotherFile(string text, string expected)
    {
        string path = _folder.Write("identity", text);
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => Check(path));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRETQ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TellsAMissingFileAndAnIdentityItself()
    {
        Assert.Equal(
            CryoBackupError.IdentityMissing,
            Assert.Throws<CryoBackupException>(() => Check(Path.Combine(_folder.Path, "none"))).Error
        );
        foreach (string given in new[] { "AGE-SECRET-KEY-1QQQSECRETQQQ", Path.Combine(_folder.Path, "AGE-SECRET-KEY-1QQQSECRETQQQ") })
        {
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => Check(given));
            Assert.DoesNotContain("QQQ", error.ToString() + error.Target, StringComparison.Ordinal);
        }
    }

    private void Check(string path) =>
        AgeIdentities.Check(
            [path],
            message =>
            {
                if (message is WarningMessage warning)
                {
                    _warnings.Add(warning.Text);
                }
            }
        );
}
