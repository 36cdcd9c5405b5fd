using System.Text;

namespace CryoBackup.Archive;

/// <summary>
/// One of .NET's encodings with the characters that PostgreSQL's tables (src/backend/utils/mb/Unicode) have otherwise. A name that is
/// read from an archive is then the one that the server tells, and goes back to it as the bytes that it came in.
/// </summary>
internal sealed class PostgresEncoding : Encoding
{
    /// <summary>The lead byte of JIS X 0212 in EUC_JP, whose characters take three bytes.</summary>
    private const byte SingleShift3 = 0x8F;

    /// <summary>The first lead byte that JIS X 0208 has not.</summary>
    private const byte BeyondJis = 0xF5;

    /// <summary>IBM's extensions, in their order from 8F F3 F3 to 8F F4 FE. What Unicode has for compatibility alone is not written
    /// as itself, of which an editor may make another character.</summary>
    private const string IbmExtensions =
        "ⅰⅱⅲⅳⅴⅵⅶⅷⅸⅹⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ＇＂㈱№℡炻仼僴凬匇匤\uFA0E咊坙\uFA0F\uFA10增寬峵嵓\uFA11德"
        + "悅愠敎昻晥\uFA12\uF929栁\uFA13\uFA14橫櫢淸淲瀨\uFA15\uFA16甁皂皞\uFA17礰\uFA18\uFA19\uFA1A\uFA1B竧\uFA1C\uFA1D綠緖\uFA1E"
        + "荢\uFA1F薰\uFA20\uFA21蠇\uFA22譿賴赶\uFA23\uFA24\uFA25郞\uFA26鄕\uFA27\uFA28閒\uF9DC\uFA29霻靍靑\uFA2A\uFA2B\uFA2C馞髙魲\uFA2D黑";

    private readonly Encoding _base;
    private readonly bool _hasLongCharacters;
    private readonly Dictionary<int, char> _characters;
    private readonly Dictionary<char, int> _codes = [];

    private PostgresEncoding(Encoding encoding, bool hasLongCharacters, Dictionary<int, char> characters)
    {
        _base = encoding;
        _hasLongCharacters = hasLongCharacters;
        _characters = characters;
        foreach ((int code, char character) in characters)
        {
            // The server takes the shorter of two forms, but none of .NET's beyond the rows of JIS X 0208.
            // A best fit, an a for an ã, is none.
            char[] one = [character];
            byte[] shorter = _base.GetBytes(one);
            bool isTaken = shorter is [< BeyondJis, _] && code > ushort.MaxValue && _base.GetString(shorter).AsSpan().SequenceEqual(one);
            if (!isTaken)
            {
                _codes.TryAdd(character, code);
            }
        }
    }

    /// <summary>An encoding, as PostgreSQL has it.</summary>
    /// <param name="postgresName">Its name in PostgreSQL.</param>
    /// <param name="encoding">.NET's.</param>
    public static Encoding Of(string postgresName, Encoding encoding) =>
        postgresName.ToUpperInvariant() switch
        {
            "EUC_JP" => new PostgresEncoding(encoding, hasLongCharacters: true, Jis()),
            "EUC_CN" => new PostgresEncoding(encoding, hasLongCharacters: true, new() { [0xA1A4] = '・', [0xA1AA] = '―' }),
            "EUC_KR" => new PostgresEncoding(encoding, hasLongCharacters: true, new() { [0xA2E8] = '㉾', [0xB4D3] = '닒' }),
            "KOI8U" => new PostgresEncoding(encoding, hasLongCharacters: false, new() { [0xAE] = '╝', [0xBE] = '╬' }),
            "ISO_8859_7" => new PostgresEncoding(
                encoding,
                hasLongCharacters: false,
                new()
                {
                    [0xA1] = '\u2018',
                    [0xA2] = '\u2019',
                    [0xA4] = '€',
                    [0xA5] = '\u20AF',
                    [0xAA] = '\u037A',
                }
            ),
            "ISO_8859_8" => new PostgresEncoding(
                encoding,
                hasLongCharacters: false,
                new()
                {
                    [0xAF] = '\u00AF',
                    [0xFD] = '\u200E',
                    [0xFE] = '\u200F',
                }
            ),
            _ => encoding,
        };

    /// <inheritdoc/>
    public override int GetByteCount(char[] chars, int index, int count) => Encode(chars.AsSpan(index, count)).Length;

    /// <inheritdoc/>
    public override int GetBytes(char[] chars, int charIndex, int charCount, byte[] bytes, int byteIndex)
    {
        byte[] encoded = Encode(chars.AsSpan(charIndex, charCount));
        encoded.CopyTo(bytes, byteIndex);
        return encoded.Length;
    }

    /// <inheritdoc/>
    public override int GetCharCount(byte[] bytes, int index, int count) => Decode(bytes.AsSpan(index, count)).Length;

    /// <inheritdoc/>
    public override int GetChars(byte[] bytes, int byteIndex, int byteCount, char[] chars, int charIndex)
    {
        string decoded = Decode(bytes.AsSpan(byteIndex, byteCount));
        decoded.CopyTo(0, chars, charIndex, decoded.Length);
        return decoded.Length;
    }

    /// <inheritdoc/>
    public override int GetMaxByteCount(int charCount) => Math.Max(3 * charCount, _base.GetMaxByteCount(charCount));

    /// <inheritdoc/>
    public override int GetMaxCharCount(int byteCount) => _base.GetMaxCharCount(byteCount);

    /// <summary>JIS X 0212, which .NET has in another form of EUC: in two bytes, the second without its high bit.</summary>
    private static Dictionary<int, char> Jis()
    {
        Encoding other = GetEncoding(20932);
        var characters = new Dictionary<int, char>();
        for (int row = 0xA1; row <= 0xFE; row++)
        {
            for (int cell = 0xA1; cell <= 0xFE; cell++)
            {
                int extension = ((row - 0xF3) * 94) + cell - 0xF3;
                if (row >= 0xF3 && (extension < 0 || extension >= IbmExtensions.Length))
                {
                    // .NET has the extensions there, in another order.
                    continue;
                }

                string text =
                    row >= 0xF3 ? IbmExtensions.Substring(extension, 1)
                    : (row, cell) == (0xA2, 0xC3) ? "￤"
                    : (row, cell) == (0xA2, 0xF1) ? "№"
                    : other.GetString([(byte)row, (byte)(cell & 0x7F)]);
                characters.Add((SingleShift3 << 16) | (row << 8) | cell, text[0]);
            }
        }

        return characters;
    }

    /// <summary>What .NET has the same is decoded by it, a run at a time.</summary>
    private string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        int start = 0;
        for (int i = 0; i < bytes.Length; )
        {
            int length = Math.Min(LengthAt(bytes[i]), bytes.Length - i);
            if (bytes[i] > 0x7F && _characters.TryGetValue(CodeOf(bytes.Slice(i, length)), out char character))
            {
                text.Append(_base.GetString(bytes[start..i])).Append(character);
                start = i + length;
            }

            i += length;
        }

        return start == 0 ? _base.GetString(bytes) : text.Append(_base.GetString(bytes[start..])).ToString();
    }

    private byte[] Encode(ReadOnlySpan<char> text)
    {
        using var bytes = new MemoryStream(text.Length);
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            int code = 0;
            if (i == text.Length || (text[i] > 0x7F && _codes.TryGetValue(text[i], out code)))
            {
                bytes.Write(_base.GetBytes(text[start..i].ToArray()));
                for (
                    int shift =
                        code > 0xFFFF ? 16
                        : code > 0xFF ? 8
                        : 0;
                    code > 0 && shift >= 0;
                    shift -= 8
                )
                {
                    bytes.WriteByte((byte)(code >> shift));
                }

                start = i + 1;
            }
        }

        return bytes.ToArray();
    }

    private int LengthAt(byte first) =>
        !_hasLongCharacters || first < 0x80 ? 1
        : first == SingleShift3 ? 3
        : 2;

    private static int CodeOf(ReadOnlySpan<byte> bytes)
    {
        int code = 0;
        foreach (byte one in bytes)
        {
            code = (code << 8) | one;
        }

        return code;
    }
}
