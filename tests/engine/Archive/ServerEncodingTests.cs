using System.Text;
using CryoBackup.Archive;

namespace CryoBackup.Tests.Archive;

public sealed class ServerEncodingTests
{
    // Every encoding that a database can have (postgresql.org/docs/current/multibyte.html).
    internal static readonly string[] Names =
    [
        "EUC_CN",
        "EUC_JP",
        "EUC_JIS_2004",
        "EUC_KR",
        "EUC_TW",
        "ISO_8859_5",
        "ISO_8859_6",
        "ISO_8859_7",
        "ISO_8859_8",
        "KOI8R",
        "KOI8U",
        "LATIN1",
        "LATIN2",
        "LATIN3",
        "LATIN4",
        "LATIN5",
        "LATIN6",
        "LATIN7",
        "LATIN8",
        "LATIN9",
        "LATIN10",
        "MULE_INTERNAL",
        "SQL_ASCII",
        "UTF8",
        "WIN866",
        "WIN874",
        "WIN1250",
        "WIN1251",
        "WIN1252",
        "WIN1253",
        "WIN1254",
        "WIN1255",
        "WIN1256",
        "WIN1257",
        "WIN1258",
    ];

    public static TheoryData<string> All => [.. Names];

    [Theory]
    [MemberData(nameof(All))]
    public void DecodesAnyBytesWithoutFailing(string name)
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        string text = ServerEncoding.Decode(all, ServerEncoding.Find(name));
        Assert.StartsWith("\0\u0001", text, StringComparison.Ordinal);
        Assert.Contains("ABC", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("LATIN1", "Größe", "iso-8859-1")]
    [InlineData("LATIN2", "żółw", "iso-8859-2")]
    [InlineData("WIN1251", "Проба", "windows-1251")]
    [InlineData("KOI8R", "Проба", "koi8-r")]
    [InlineData("EUC_JP", "試料", "euc-jp")]
    public void DecodesWhatThatEncodingWrote(string postgres, string text, string dotnet) =>
        Assert.Equal(
            text,
            ServerEncoding.Decode(
                CodePagesEncodingProvider.Instance.GetEncoding(dotnet)?.GetBytes(text) ?? Encoding.GetEncoding(dotnet).GetBytes(text),
                ServerEncoding.Find(postgres)
            )
        );

    [Fact]
    public void TakesBytesThatAreNoUtf8OneByOne()
    {
        Assert.Equal("é\u00ff", ServerEncoding.Decode([0xe9, 0xff], ServerEncoding.Find("UTF8")));
        Assert.Equal("é", ServerEncoding.Decode("é"u8, ServerEncoding.Find("UTF8")));
        Assert.Equal("Ã©", ServerEncoding.Decode("é"u8, ServerEncoding.Find("SQL_ASCII")));
    }
}
