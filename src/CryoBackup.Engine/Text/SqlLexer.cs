namespace CryoBackup.Text;

/// <summary>
/// Reads SQL as PostgreSQL's own lexer does (scan.l): words, names in quotes, strings in every form, dollar quotes, comments that nest.
/// Whoever cuts SQL, or looks for a word in it, does it by this; text in quotes can hold anything.
/// </summary>
internal static class SqlLexer
{
    /// <summary>Reads the tokens of a text, without blanks and comments. What is not closed goes on to the end.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off: a backslash in '…' escapes then too.</param>
    /// <returns>The tokens, in order; each is read once, so that the time is proportional to the text.</returns>
    public static IEnumerable<SqlToken> Read(string sql, bool standardStrings = true)
    {
        int at = 0;
        while ((at = AfterBlanks(sql, at)) < sql.Length)
        {
            (SqlTokenKind kind, int end) = ReadOne(sql, at, standardStrings);
            yield return new SqlToken(sql, kind, at, end);
            at = end;
        }
    }

    private static (SqlTokenKind Kind, int End) ReadOne(string sql, int at, bool standardStrings)
    {
        char c = sql[at];
        char next = At(sql, at + 1);
        if (c == '\'')
        {
            return (SqlTokenKind.Literal, AfterString(sql, at, escapes: !standardStrings));
        }

        if (c == '"')
        {
            return (SqlTokenKind.QuotedName, AfterQuotes(sql, at, escapes: false));
        }

        if (next == '\'' && c is 'E' or 'e' or 'B' or 'b' or 'X' or 'x' or 'N' or 'n')
        {
            // N'…' is a plain string; digits of bits escape nothing.
            return (SqlTokenKind.Literal, AfterString(sql, at + 1, escapes: c is 'E' or 'e' || (c is 'N' or 'n' && !standardStrings)));
        }

        if (c is 'U' or 'u' && next == '&' && At(sql, at + 2) is '\'' or '"' && sql[at + 2] is char quote)
        {
            return quote == '"'
                ? (SqlTokenKind.QuotedName, AfterQuotes(sql, at + 2, escapes: false))
                : (SqlTokenKind.Literal, AfterString(sql, at + 2, escapes: false));
        }

        if (c == '$')
        {
            return ReadDollar(sql, at);
        }

        if (StartsName(c))
        {
            return (SqlTokenKind.Word, After(sql, at, static other => StartsName(other) || char.IsAsciiDigit(other) || other == '$'));
        }

        return char.IsAsciiDigit(c)
            ? (SqlTokenKind.Number, After(sql, at, static other => char.IsAsciiLetterOrDigit(other) || other is '.' or '_'))
            : (SqlTokenKind.Symbol, at + 1);
    }

    private static (SqlTokenKind Kind, int End) ReadDollar(string sql, int at)
    {
        if (char.IsAsciiDigit(At(sql, at + 1)))
        {
            return (SqlTokenKind.Number, After(sql, at + 1, char.IsAsciiDigit));
        }

        int tag = After(sql, at + 1, static other => StartsName(other) || char.IsAsciiDigit(other));
        if (At(sql, tag) != '$')
        {
            return (SqlTokenKind.Symbol, at + 1);
        }

        int close = sql.IndexOf(sql[at..(tag + 1)], tag + 1, StringComparison.Ordinal);
        return (SqlTokenKind.Literal, close < 0 ? sql.Length : close + tag + 1 - at);
    }

    /// <summary>Passes a string with its continuations: behind a line break the next part belongs to it,
    /// and escapes as its first does.</summary>
    private static int AfterString(string sql, int quote, bool escapes)
    {
        int end = AfterQuotes(sql, quote, escapes);
        while (At(sql, end) is not '\0')
        {
            int next = AfterBlanks(sql, end, onlyLines: true);
            if (At(sql, next) != '\'' || sql.AsSpan(end, next - end).IndexOfAny('\n', '\r') < 0)
            {
                break;
            }

            end = AfterQuotes(sql, next, escapes);
        }

        return end;
    }

    private static int AfterQuotes(string sql, int open, bool escapes)
    {
        char quote = sql[open];
        for (int at = open + 1; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
            {
                at++;
            }
            else if (sql[at] == quote && At(sql, ++at) != quote)
            {
                return at;
            }
        }

        return sql.Length;
    }

    private static int AfterBlanks(string sql, int at, bool onlyLines = false)
    {
        while (at < sql.Length)
        {
            char next = At(sql, at + 1);
            if (sql[at] is ' ' or '\t' or '\n' or '\r' or '\f' or '\v')
            {
                at++;
            }
            else if ((sql[at] == '-' && next == '-') || (sql[at] == '\\' && (at == 0 || sql[at - 1] == '\n')))
            {
                // A line that begins with a backslash is meant for psql; to the server it could mean nothing.
                int end = sql.AsSpan(at).IndexOfAny('\n', '\r');
                at = end < 0 ? sql.Length : at + end;
            }
            else if (sql[at] == '/' && next == '*' && !onlyLines)
            {
                at = AfterComment(sql, at);
            }
            else
            {
                break;
            }
        }

        return at;
    }

    private static int AfterComment(string sql, int at)
    {
        int depth = 0;
        while (at < sql.Length)
        {
            (char one, char two) = (sql[at], At(sql, at + 1));
            depth += (one, two) switch
            {
                ('/', '*') => 1,
                ('*', '/') => -1,
                _ => 0,
            };
            bool isMark = (one, two) is ('/', '*') or ('*', '/');
            at += isMark ? 2 : 1;
            if (isMark && depth == 0)
            {
                break;
            }
        }

        return Math.Min(at, sql.Length);
    }

    private static int After(string sql, int at, Func<char, bool> belongs)
    {
        while (at < sql.Length && belongs(sql[at]))
        {
            at++;
        }

        return at;
    }

    // Every byte beyond ASCII is a letter to PostgreSQL, whatever it means.
    private static bool StartsName(char c) => char.IsAsciiLetter(c) || c == '_' || c >= 0x80;

    private static char At(string sql, int at) => at < sql.Length ? sql[at] : '\0';
}
