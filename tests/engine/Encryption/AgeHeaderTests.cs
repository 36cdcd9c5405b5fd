using System.Text;
using CryoBackup.Encryption;

namespace CryoBackup.Tests.Encryption;

public sealed class AgeHeaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AgeFact]
    public void TellsTheRecipientsOfAFileOfStockAge()
    {
        string recipients = string.Join(
            '\n',
            new[] { "age", "ed25519", "age", "rsa" }.Select(kind => KeyPairs.Make(_folder, kind).Recipient)
        );
        string list = _folder.Write("list", recipients + "\n");
        string file = Path.Combine(_folder.Path, "x.age");
        KeyPairs.Sh($"head -c 100000 /dev/urandom | age -R '{list}' > '{file}'");
        using FileStream stream = File.OpenRead(file);
        var header = AgeHeader.Read(stream);
        Assert.Equal(["X25519", "ssh-ed25519", "X25519", "ssh-rsa"], header.Kinds);
        Assert.Equal("2 of X25519, ssh-ed25519, ssh-rsa", header.Recipients);
        Assert.False(header.NeedsPassphrase);
    }

    [Theory]
    [InlineData("", "its line 1")]
    [InlineData("age-encryption.org/v2\n", "version")]
    [InlineData("age-encryption.org/v1\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "no recipient")]
    [InlineData("age-encryption.org/v1\n-> \n\n", "line 2")]
    [InlineData("age-encryption.org/v1\n-> a  b\n\n", "line 2")]
    [InlineData("age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n", "not a whole X25519")]
    [InlineData("age-encryption.org/v1\n-> a\nAAB\n--- A\n", "line 3")]
    [InlineData("age-encryption.org/v1\n-> a\nAAA=\n--- A\n", "line 3")]
    [InlineData("age-encryption.org/v1\n-> a\nAAAA\n--- AAAA\n", "line 4")]
    [InlineData("age-encryption.org/v1\n-> a\nAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "its line 4")]
    [InlineData("age-encryption.org/v1\n-> ä\n", "not text")]
    public void SaysWhereAHeaderIsDamaged(string text, string expected)
    {
        InvalidDataException error = Assert.Throws<InvalidDataException>(() =>
            AgeHeader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)))
        );
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KnowsAPluginsStanzaAndAPassphrase()
    {
        const string mac = "--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n";
        Assert.Equal(["piv-p256"], Read("-> piv-p256 x y z\n\n" + mac).Kinds);
        Assert.True(Read("-> scrypt AAAA 18\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n" + mac).NeedsPassphrase);
        Assert.Throws<InvalidDataException>(() => Read(string.Concat(Enumerable.Repeat("-> x\nAAAA\n", 200_000)) + mac));

        static AgeHeader Read(string stanzas) =>
            AgeHeader.Read(new MemoryStream(Encoding.UTF8.GetBytes("age-encryption.org/v1\n" + stanzas)));
    }
}
