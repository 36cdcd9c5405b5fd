using System.Collections.Concurrent;
using System.Text;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>Decodes names and definitions, whose bytes are in the source database's encoding.</summary>
internal static class ServerEncoding
{
    private static readonly Encoding StrictUtf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    // PostgreSQL's names (postgresql.org/docs/current/multibyte.html) where .NET's name differs.
    private static readonly Dictionary<string, string> DotNetNames = new(StringComparer.OrdinalIgnoreCase)
    {
        ["LATIN1"] = "iso-8859-1",
        ["LATIN2"] = "iso-8859-2",
        ["LATIN3"] = "iso-8859-3",
        ["LATIN4"] = "iso-8859-4",
        ["LATIN5"] = "iso-8859-9",
        ["LATIN9"] = "iso-8859-15",
        ["ISO_8859_5"] = "iso-8859-5",
        ["ISO_8859_6"] = "iso-8859-6",
        ["ISO_8859_7"] = "iso-8859-7",
        ["ISO_8859_8"] = "iso-8859-8",
        ["LATIN7"] = "iso-8859-13",
        ["WIN866"] = "cp866",
        ["WIN874"] = "windows-874",
        ["WIN1250"] = "windows-1250",
        ["WIN1251"] = "windows-1251",
        ["WIN1252"] = "windows-1252",
        ["WIN1253"] = "windows-1253",
        ["WIN1254"] = "windows-1254",
        ["WIN1255"] = "windows-1255",
        ["WIN1256"] = "windows-1256",
        ["WIN1257"] = "windows-1257",
        ["WIN1258"] = "windows-1258",
        ["KOI8R"] = "koi8-r",
        ["KOI8U"] = "koi8-u",
        ["EUC_JP"] = "euc-jp",
        ["EUC_KR"] = "euc-kr",
        ["EUC_CN"] = "gb2312",
        ["GBK"] = "gbk",
        ["GB18030"] = "gb18030",
        ["BIG5"] = "big5",
        ["SJIS"] = "shift_jis",
        ["JOHAB"] = "johab",
        ["UHC"] = "ks_c_5601-1987",
    };

    private static readonly ConcurrentDictionary<string, Encoding> Found = new(StringComparer.OrdinalIgnoreCase);

    static ServerEncoding() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    /// <summary>.NET's encoding for one of PostgreSQL's.</summary>
    /// <param name="postgresName">The name in PostgreSQL, for example LATIN1.</param>
    /// <returns>
    /// The encoding; null for UTF8. Latin-1, in which each byte stands for itself and comes back as it went, for SQL_ASCII and for
    /// those that .NET does not know.
    /// </returns>
    public static Encoding? Find(string postgresName)
    {
        if (string.Equals(postgresName, "UTF8", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        return Found.GetOrAdd(
            postgresName,
            static name => DotNetNames.TryGetValue(name, out string? other) ? Make(name, other) : Encoding.Latin1
        );
    }

    private static Encoding Make(string postgresName, string dotNetName)
    {
        try
        {
            return PostgresEncoding.Of(postgresName, Encoding.GetEncoding(dotNetName));
        }
        catch (ArgumentException)
        {
            return Encoding.Latin1;
        }
    }

    /// <summary>Whether names of an encoding are read byte by byte: those of SQL_ASCII, and of what .NET does not know.</summary>
    /// <param name="postgresName">The name in PostgreSQL; null for UTF8.</param>
    internal static bool IsRaw(string? postgresName) =>
        postgresName is not null
        && !string.Equals(postgresName, "LATIN1", StringComparison.OrdinalIgnoreCase)
        && ReferenceEquals(Find(postgresName), Encoding.Latin1);

    /// <summary>
    /// A role's name, as a database of UTF-8 has it. Roles belong to no database and have one name in bytes, which an archive of another
    /// encoding tells as if it were in that.
    /// </summary>
    /// <param name="name">The name, as it is read from the archive.</param>
    /// <param name="postgresName">The archive's encoding.</param>
    internal static string OfRole(string name, string postgresName)
    {
        try
        {
            return Find(postgresName) is { } encoding ? StrictUtf8.GetString(encoding.GetBytes(name)) : name;
        }
        catch (DecoderFallbackException)
        {
            return name;
        }
    }

    /// <summary>Decodes bytes: with the encoding given, else as UTF-8, else byte by byte as Latin-1. Never fails.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="encoding">What <see cref="Find"/> gave.</param>
    /// <returns>The text.</returns>
    public static string Decode(ReadOnlySpan<byte> bytes, Encoding? encoding) =>
        encoding is null ? BytesText.Of(bytes) : encoding.GetString(bytes);
}
