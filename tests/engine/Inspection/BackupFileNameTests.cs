using System.Text;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

public sealed class BackupFileNameTests
{
    private static readonly DateTime Start = new(2024, 8, 6, 5, 34, 12, DateTimeKind.Utc);

    [Theory]
    [InlineData("app", "app")]
    [InlineData("App.v2", "App.v2")]
    [InlineData("Größe 試料 🧊", "Größe 試料 🧊")]
    [InlineData("a/b\\c", "a%2Fb%5Cc")]
    [InlineData("100%", "100%25")]
    [InlineData("a:b*c?d<e>f|g\"h", "a%3Ab%2Ac%3Fd%3Ce%3Ef%7Cg%22h")]
    [InlineData("..", "%2E.")]
    [InlineData("-dash", "%2Ddash")]
    [InlineData("~home", "%7Ehome")]
    [InlineData(" space", "%20space")]
    [InlineData("tab\tnew\nline", "tab%09new%0Aline")]
    [InlineData("con", "%63on")]
    [InlineData("Con.x", "%43on.x")]
    [InlineData("NUL .txt", "%4EUL .txt")]
    [InlineData("console", "console")]
    [InlineData("right\u200fto\u202eleft", "right%E2%80%8Fto%E2%80%AEleft")]
    public void EncodesWhatAFileSystemRefuses(string database, string expected) => Assert.Equal(expected, BackupFileName.Encode(database));

    [Fact]
    public void IsNamedByDatabaseAndTime()
    {
        Assert.Equal("app_20240806_053412_full.dump.gz", BackupFileName.Create("app", Start, CompressionKind.Gzip, isEncrypted: false));
        Assert.Equal("app_20240806_053412_full.dump.zst", BackupFileName.Create("app", Start, CompressionKind.Zstd, isEncrypted: false));
        Assert.Equal("app_20240806_053412_full.dump", BackupFileName.Create("app", Start, CompressionKind.None, isEncrypted: false));
        Assert.Equal("app_20240806_053412_partial.dump", BackupFileName.Create("app", Start, CompressionKind.None, isPartial: true));
    }

    [Fact]
    public void NeverGivesTwoNamesTheSame()
    {
        // What encoding could confuse, in all short combinations; each name decodes to what it came from.
        string[] parts = ["a", "%", "2", "F", "/", "%2F", ".", "_", "é", "e\u0301", "🧊", "con", " ", "-", "\\", "\u0001", "A"];
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string first in parts)
        {
            foreach (string second in parts)
            {
                foreach (string third in (string[])[.. parts, ""])
                {
                    string name = first + second + third,
                        encoded = BackupFileName.Encode(name);
                    Assert.True(seen.TryAdd(encoded, name) || seen[encoded] == name, $"{name} and {seen[encoded]} are both {encoded}");
                    Assert.Equal(name, Uri.UnescapeDataString(encoded));
                    Assert.Equal(-1, encoded.AsSpan().IndexOfAny("/\\:*?\"<>|\0"));
                }
            }
        }
    }

    [Fact]
    public void FitsAFileSystemAlsoForTheLongestName()
    {
        // PostgreSQL's names have at most 63 bytes.
        string longest =
            BackupFileName.Create(new string('/', 63), Start, CompressionKind.Gzip, isEncrypted: false)
            + BackupFileName.ManifestSuffix
            + BackupFileName.PartialSuffix;
        Assert.InRange(Encoding.UTF8.GetByteCount(longest), 1, 255);
    }
}
