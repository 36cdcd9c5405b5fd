using System.Runtime.Versioning;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Postgres;

public sealed class PgPassFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("db.example:5432:app:alice:secret", "secret")]
    [InlineData("*:*:*:*:secret", "secret")]
    [InlineData("db.example:*:app:*:secret", "secret")]
    [InlineData("# db.example:5432:app:alice:no\n\ndb.example:5432:app:alice:secret\r\n", "secret")]
    [InlineData("db.example:5433:app:alice:no\ndb.example:5432:app:alice:first\n*:*:*:*:second", "first")]
    [InlineData(@"db.example:5432:app:alice:a\:b\\c", @"a:b\c")]
    [InlineData("db.example:5432:app:alice:cut:here", "cut")]
    [InlineData("db.example:5432:app:alice:wörd €", "wörd €")]
    [InlineData("db.example:5432:app:alice: two spaces ", " two spaces ")]
    [InlineData("db.example:5432:ap:alice:no", null)]
    [InlineData("db.example:5432:apple:alice:no", null)]
    [InlineData("db.example:5432:app:alice", null)]
    [InlineData("db.example:5432:app:alice:", null)]
    [InlineData("**:5432:app:alice:no", null)]
    [InlineData(@"db\.example:5432:app:alice:secret", "secret")]
    public void FindsThePasswordAsLibpqDoes(string text, string? expected)
    {
        PgPassFile? file = Open(text);
        Assert.NotNull(file);
        Assert.Equal(expected, file.PasswordFor("db.example", 5432, "app", "alice"));
    }

    [Fact]
    public void MatchesEscapedNames()
    {
        PgPassFile? file = Open(@"fe80\:\:1:5432:a\:b:c\\d:secret");
        Assert.Equal("secret", file!.PasswordFor("fe80::1", 5432, "a:b", @"c\d"));
    }

    [Theory]
    [InlineData("/var/run/postgresql", "by-localhost")]
    [InlineData("/tmp", "by-localhost")]
    [InlineData("/srv/socket", "by-folder")]
    [InlineData("localhost", "by-localhost")]
    public void TakesLocalhostForTheDefaultSocketFolderOnly(string host, string expected)
    {
        PgPassFile? file = Open("localhost:5432:app:alice:by-localhost\n/srv/socket:5432:app:alice:by-folder");
        Assert.Equal(expected, file!.PasswordFor(host, 5432, "app", "alice"));
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void IgnoresAFileThatOthersMayReadAndSaysSo()
    {
        string path = _folder.Write("pgpass", "*:*:*:*:secret");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Null(PgPassFile.Open(path, _messages.Add));
        WarningMessage warning = Assert.IsType<WarningMessage>(Assert.Single(_messages));
        Assert.Contains(path, warning.Text, StringComparison.Ordinal);
        Assert.Contains("chmod 0600", warning.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", warning.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void IsSilentWithoutAFile()
    {
        Assert.Null(PgPassFile.Open(Path.Combine(_folder.Path, "none"), _messages.Add));
        Assert.Null(PgPassFile.Open(PgPassFile.None, _messages.Add));
        Assert.Empty(_messages);
    }

    [Fact]
    public void WarnsOfAFolder()
    {
        Assert.Null(PgPassFile.Open(_folder.Path, _messages.Add));
        Assert.Single(_messages);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData(@"a:b\c:")]
    [InlineData(" # € \\")]
    public void WritesALineThatItReads(string password) =>
        Assert.Equal(password, Open(PgPassFile.LineForAnyServer(password))!.PasswordFor("any", 1, "any", "any"));

    private PgPassFile? Open(string text) => PgPassFile.Open(_folder.Write("pgpass", text), _messages.Add);
}
