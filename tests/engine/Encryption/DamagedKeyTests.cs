using CryoBackup.Encryption;

namespace CryoBackup.Tests.Encryption;

/// <summary>Keys that were cut, mistyped or mixed up are told from whole ones.</summary>
public sealed class DamagedKeyTests : IDisposable
{
    private const string Header = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    private const string Footer = "-----END OPENSSH PRIVATE KEY-----\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeFact]
    public void PrivateKeyOfSshTellsItsPublicOneUntilItIsCut()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "ed25519");
        string text = File.ReadAllText(identity);
        Assert.Equal(SshPublicKey.Read(recipient), SshPublicKey.OfPrivateKey(text, out bool isProtected));
        Assert.False(isProtected);

        byte[] blob = Convert.FromBase64String(
            text.Replace(Header, "", StringComparison.Ordinal).Replace(Footer, "", StringComparison.Ordinal)
        );
        int found = 0;
        for (int length = 0; length < blob.Length; length++)
        {
            string? key = SshPublicKey.OfPrivateKey(Header + Convert.ToBase64String(blob[..length]) + "\n" + Footer, out _);
            Assert.True(key is null || key == SshPublicKey.Read(recipient), $"cut to {length}: {key}");
            found += key is null ? 0 : 1;
        }

        // The public key ends well before the secret one.
        Assert.InRange(found, 1, blob.Length - 64);
    }

    [Theory]
    [InlineData("")]
    [InlineData(Header + "AAAA\n")]
    [InlineData(Footer + Header)]
    [InlineData(Header + "not base64!\n" + Footer)]
    [InlineData(Header + "bm90IG9wZW5zc2gta2V5LXYx\n" + Footer)]
    public void AnotherFormIsNoPrivateKeyOfSsh(string text) => Assert.Null(SshPublicKey.OfPrivateKey(text, out _));

    [Theory]
    [InlineData("ssh-ed25519")]
    [InlineData("ssh-dss AAAAB3NzaC1kc3M=")]
    [InlineData("ssh-ed25519 not-base64!")]
    [InlineData("ssh-ed25519 AAAA")]
    [InlineData("ssh-ed25519 AAAAB3NzaC1yc2EAAAADAQABAAAAAQA=")]
    public void CutOrForeignPublicKeyIsNone(string line) => Assert.Null(SshPublicKey.Read(line));

    [Theory]
    [InlineData("1qqqqqqq")]
    [InlineData("age1qqqqq")]
    [InlineData("age1QQQqqqqqqq")]
    [InlineData("a\u00e4ge1qqqqqqqqqq")]
    [InlineData("age1bbbbbbbbbbbb")]
    [InlineData("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8q")]
    public void WhatIsNoBech32(string text) => Assert.False(Bech32.TryRead(text, out _, out _));

    [Fact]
    public void FileThatIsNoneOfKeysIsNamedAndNeverShown()
    {
        string large = _folder.Write("large", new string('x', (1 << 20) + 1));
        CryoBackupException error = Assert.Throws<CryoBackupException>(() =>
            KeyFile.Read(large, "The key file", CryoBackupError.IdentityMissing)
        );
        Assert.Equal((CryoBackupError.ConfigurationInvalid, large), (error.Error, error.Target));
        Assert.DoesNotContain("xxx", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<CryoBackupException>(() => KeyFile.Read(_folder.Path, "The key file", CryoBackupError.IdentityMissing));
        Assert.Equal(CryoBackupError.PermissionDenied, error.Error);
        Assert.False(KeyFile.HoldsIdentities(_folder.Path));
        Assert.False(KeyFile.HoldsIdentities(large));
        Assert.True(KeyFile.HoldsIdentities(_folder.Write("plugin", "# made by a plugin\nAGE-PLUGIN-YUBIKEY-1QQQ\n")));
        Assert.Equal("it is encrypted itself", KeyFile.Describe("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        Assert.Equal("it is a private key", KeyFile.Describe("-----BEGIN RSA PRIVATE KEY-----\n"));
    }
}
