using System.Globalization;
using System.Text;

namespace CryoBackup.Text;

/// <summary>
/// Text for a terminal or a log, on which nobody's name may act: databases, tables and files are named by people whom nobody knows. Every
/// host prints through it; objects keep the raw values.
/// </summary>
public static class VisibleText
{
    /// <summary>A text on one line, in which what a terminal would obey or hide can be read.</summary>
    /// <param name="text">Any text; null counts as empty.</param>
    /// <returns>
    /// The text; line breaks as <c>\n</c> and <c>\r</c>, tabs as blanks, other control characters, direction marks and what has no form of
    /// its own as <c>\x1B</c> or <c>\u202E</c>.
    /// </returns>
    public static string Of(string? text)
    {
        if (text is null || !Acts(text))
        {
            return text ?? "";
        }

        var visible = new StringBuilder(text.Length + 16);
        for (int at = 0; at < text.Length; )
        {
            bool whole = Rune.TryGetRuneAt(text, at, out Rune rune);
            int value = whole ? rune.Value : text[at];
            _ = value switch
            {
                '\n' => visible.Append("\\n"),
                '\r' => at + 1 < text.Length && text[at + 1] == '\n' ? visible : visible.Append("\\r"),
                '\t' => visible.Append(' '),
                _ when whole && !Acts(rune) => visible.Append(text, at, rune.Utf16SequenceLength),
                <= 0xFF => visible.Append(CultureInfo.InvariantCulture, $"\\x{value:X2}"),
                <= 0xFFFF => visible.Append(CultureInfo.InvariantCulture, $"\\u{value:X4}"),
                _ => visible.Append(CultureInfo.InvariantCulture, $"\\U{value:X8}"),
            };
            at += whole ? rune.Utf16SequenceLength : 1;
        }

        return visible.ToString();
    }

    /// <summary>JSON in which direction marks and the like are escaped too; its meaning is the same.</summary>
    /// <param name="json">JSON, in which such characters stand only within texts.</param>
    public static string OfJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return json.Any(character => character > '\x7E' && Acts(character))
            ? string.Concat(
                json.Select(character =>
                    character > '\x7E' && Acts(character)
                        ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)character:X4}")
                        : character.ToString()
                )
            )
            : json;
    }

    private static bool Acts(string text)
    {
        foreach (char character in text)
        {
            if (char.IsSurrogate(character) || Acts(character))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Acts(char character) => !char.IsSurrogate(character) && Acts(new Rune(character));

    private static bool Acts(Rune rune) =>
        Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,

            // Those that join letters belong to some scripts; all others hide, or turn the direction round.
            UnicodeCategory.Format => rune.Value is not (0x200C or 0x200D),
            _ => false,
        };
}
