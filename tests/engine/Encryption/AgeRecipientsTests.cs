using CryoBackup.Encryption;

namespace CryoBackup.Tests.Encryption;

public sealed class AgeRecipientsTests : IDisposable
{
    // The example of age's own help.
    private const string Good = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    private const string SshEd25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB2P0NVRyNg3fcjGLuV1lWVJwl3ylqSzEJ2aQPHkcKH3";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsKeysAndFilesOfThemEachOnce()
    {
        string file = _folder.Write("team.txt", $"# the team\r\n{Good}\r\n\r\n{SshEd25519} somebody@host\n");
        Assert.Equal([SshEd25519, Good], AgeRecipients.Read([SshEd25519 + " me", Good.ToUpperInvariant(), file], static _ => { }));
    }

    [Fact]
    public void FindsEveryMistypedCharacter()
    {
        for (int i = 0; i < Good.Length; i++)
        {
            string mistyped = Good[..i] + (Good[i] == 'q' ? 'p' : 'q') + Good[(i + 1)..];
            // What no longer begins as a key is taken for a file, which does not exist.
            Assert.Equal(
                CryoBackupError.ConfigurationInvalid,
                Assert.Throws<CryoBackupException>(() => AgeRecipients.Read([mistyped], static _ => { })).Error
            );
        }

        for (int length = 4; length < Good.Length; length++)
        {
            Assert.Throws<CryoBackupException>(() => AgeRecipients.Read([Good[..length]], static _ => { }));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB2P0NVRyNg3fcjGLuV1lWVJwl3ylqSzEJ2aQPHkcK")]
    [InlineData("ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIB2P0NVRyNg3fcjGLuV1lWVJwl3ylqSzEJ2aQPHkcKH3")]
    [InlineData("ecdsa-sha2-nistp256 AAAA")]
    [InlineData("/no/such/file")]
    public void RefusesWhatIsNone(string given)
    {
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => AgeRecipients.Read([Good, given], static _ => { }));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
        Assert.Contains("age-keygen", error.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("# nothing\n\n", "holds no recipient")]
    [InlineData("AGE-SECRET-KEY-1QQQSECRETQQQ\n", "secret")]
    [InlineData("bm90IGEgcmVhbCBGZXJuZXQga2V5LCBvbmx5IGxpa2U=", "Fernet")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n-----END OPENSSH PRIVATE KEY-----\n", "private key")]
    [InlineData(Good + "\nsomething else\n", "Line 2")]
    public void SaysWhatAFileIsThatHoldsNone(string text, string expected)
    {
        string file = _folder.Write("recipients", text);
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => AgeRecipients.Read([file], static _ => { }));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("SECRETQ", error.ToString() + error.Remedy, StringComparison.Ordinal);
        Assert.Contains("age-keygen", error.Remedy, StringComparison.Ordinal);
    }

    /// <summary>As age -R does with the keys of an account.</summary>
    [Fact]
    public void PassesOverKindsThatAgeDoesNotKnowWhereOthersStandBeside()
    {
        string[] foreign = ["ecdsa-sha2-nistp256 AAAA me", "sk-ssh-ed25519@openssh.com AAAA me", "ssh-dss AAAA me"];
        string file = _folder.Write("authorized_keys", string.Join('\n', [foreign[0], SshEd25519, foreign[1], foreign[2]]));
        var warnings = new List<string>();
        IReadOnlyList<string> read = AgeRecipients.Read([file], message => warnings.Add(((WarningMessage)message).Text));
        Assert.Equal([SshEd25519], read);
        Assert.Equal(3, warnings.Count);
        Assert.Equal($"Line 1 of '{file}' is passed over: age does not encrypt to keys of the kind ecdsa-sha2-nistp256.", warnings[0]);

        string alone = _folder.Write("alone", string.Join('\n', foreign));
        foreach (string given in foreign.Append(alone))
        {
            CryoBackupException error = Assert.Throws<CryoBackupException>(() => AgeRecipients.Read([given], static _ => { }));
            Assert.Contains("to which age does not encrypt", error.Message, StringComparison.Ordinal);
            Assert.Contains("ssh-ed25519", error.Remedy, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void DoesNotRepeatAnIdentityGivenAsARecipient()
    {
        CryoBackupException error = Assert.Throws<CryoBackupException>(() =>
            AgeRecipients.Read(["AGE-SECRET-KEY-1QQQSECRETQQQ"], static _ => { })
        );
        Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
        Assert.DoesNotContain("QQQ", error.ToString() + error.Remedy + error.Target, StringComparison.Ordinal);
    }

    [AgeFact]
    public void ReadsAKeyFileOfEitherKind()
    {
        foreach (string kind in new[] { "age", "ed25519", "rsa" })
        {
            (string identity, string recipient) = KeyPairs.Make(_folder, kind);
            Assert.Equal([recipient], AgeRecipients.ReadKeyFile(identity, static _ => { }, CancellationToken.None));
            Assert.Equal(
                [recipient],
                AgeRecipients.ReadKeyFile(_folder.Write(kind + ".pub.txt", recipient + "\n"), static _ => { }, CancellationToken.None)
            );
        }

        string fernet = _folder.Write("fernet.key", "bm90IGEgcmVhbCBGZXJuZXQga2V5LCBvbmx5IGxpa2U=");
        foreach (string path in new[] { fernet, Path.Combine(_folder.Path, "missing") })
        {
            CryoBackupException error = Assert.Throws<CryoBackupException>(() =>
                AgeRecipients.ReadKeyFile(path, static _ => { }, CancellationToken.None)
            );
            Assert.Equal((CryoBackupError.ConfigurationInvalid, path), (error.Error, error.Target));
            Assert.Contains("age-keygen -o identity.txt", error.Remedy, StringComparison.Ordinal);
            Assert.Contains("age-keygen -y identity.txt", error.Remedy, StringComparison.Ordinal);
        }
    }
}
