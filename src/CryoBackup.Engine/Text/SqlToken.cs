namespace CryoBackup.Text;

/// <summary>What a token of SQL is.</summary>
internal enum SqlTokenKind
{
    /// <summary>A keyword or a name without quotes.</summary>
    Word,

    /// <summary>A name in double quotes, also U&amp;"…".</summary>
    QuotedName,

    /// <summary>A string in any form: '…', E'…', U&amp;'…', B'…', $tag$…$tag$.</summary>
    Literal,

    /// <summary>A number, or a parameter such as $1.</summary>
    Number,

    /// <summary>Any other character.</summary>
    Symbol,
}

/// <summary>One token of an SQL text: where it stands, and what it is.</summary>
/// <param name="Sql">The text that it stands in.</param>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it begins.</param>
/// <param name="End">Where it has ended.</param>
internal readonly record struct SqlToken(string Sql, SqlTokenKind Kind, int Start, int End)
{
    /// <summary>The token as it is written.</summary>
    public ReadOnlySpan<char> Text => Sql.AsSpan(Start, End - Start);

    /// <summary>True for a name, with or without quotes; every keyword looks like one.</summary>
    public bool IsName => Kind is SqlTokenKind.Word or SqlTokenKind.QuotedName;

    /// <summary>Whether it is a keyword or symbol; what stands in quotes is none.</summary>
    /// <param name="word">The keyword or symbol.</param>
    public bool Is(string word) =>
        Kind is SqlTokenKind.Word or SqlTokenKind.Symbol && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>The name that it means, as the catalog has it; only for a name.</summary>
    public string Name => Kind == SqlTokenKind.Word ? Fold(Text) : Unquote(Text);

    // PostgreSQL folds the letters of ASCII; of others only such of one byte, which no encoding of ours has.
    private static string Fold(ReadOnlySpan<char> text) =>
        string.Create(
            text.Length,
            text.ToString(),
            static (folded, source) =>
            {
                for (int at = 0; at < source.Length; at++)
                {
                    folded[at] = char.IsAsciiLetterUpper(source[at]) ? (char)(source[at] | 0x20) : source[at];
                }
            }
        );

    private static string Unquote(ReadOnlySpan<char> text)
    {
        int open = text.IndexOf('"');

        // What is not closed may be the quote alone.
        string name = text[(open + 1)..Math.Max(open + 1, text.Length - 1)].ToString().Replace("\"\"", "\"", StringComparison.Ordinal);
        return open == 0 ? name : Unescape(name);
    }

    /// <summary>Of U&amp;"…", with the backslash as its escape character: \0041, \+000041, \\.</summary>
    private static string Unescape(string name)
    {
        var plain = new System.Text.StringBuilder(name.Length);
        for (int at = 0; at < name.Length; )
        {
            if (name[at] != '\\' || at + 1 == name.Length)
            {
                plain.Append(name[at++]);
                continue;
            }

            (int skip, int digits) = name[at + 1] switch
            {
                '\\' => (1, 0),
                '+' => (2, 6),
                _ => (1, 4),
            };
            int end = Math.Min(name.Length, at + skip + digits);
            bool isCode = uint.TryParse(
                name.AsSpan(at + skip, end - at - skip),
                System.Globalization.NumberStyles.AllowHexSpecifier,
                null,
                out uint code
            );
            plain.Append(
                !isCode ? "\\"
                : digits == 4 ? ((char)code).ToString()
                : System.Text.Rune.IsValid(code) ? new System.Text.Rune(code).ToString()
                : "\uFFFD"
            );
            at = isCode ? end : at + (name[at + 1] == '\\' ? 2 : 1);
        }

        return plain.ToString();
    }
}
