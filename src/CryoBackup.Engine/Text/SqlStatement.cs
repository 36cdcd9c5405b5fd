namespace CryoBackup.Text;

/// <summary>One statement of an SQL script: its text without the semicolon, and its tokens.</summary>
internal sealed class SqlStatement
{
    private readonly int _start;

    private SqlStatement(string sql, IReadOnlyList<SqlToken> tokens)
    {
        _start = tokens[0].Start;
        Tokens = tokens;
        Text = sql[_start..tokens[^1].End];
    }

    /// <summary>From its first token to its last; comments around it are left out, those within stay.</summary>
    public string Text { get; }

    /// <summary>Its tokens; at least one.</summary>
    public IReadOnlyList<SqlToken> Tokens { get; }

    /// <summary>Cuts a script where a server would: not in quotes, comments, parentheses,
    /// nor the body of a function in SQL (BEGIN ATOMIC).</summary>
    /// <param name="sql">The script.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off.</param>
    /// <returns>Its statements, in order; none is empty.</returns>
    public static IReadOnlyList<SqlStatement> Split(string sql, bool standardStrings = true) => [.. Enumerate(sql, standardStrings)];

    /// <summary>As <see cref="Split"/>, one after the other: a long text has more of them than one may want to hold.</summary>
    /// <param name="sql">The text.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off.</param>
    public static IEnumerable<SqlStatement> Enumerate(string sql, bool standardStrings = true)
    {
        var tokens = new List<SqlToken>();
        var depth = new Depth();
        foreach (SqlToken token in SqlLexer.Read(sql, standardStrings))
        {
            if (!token.Is(";") || !depth.IsOutside)
            {
                tokens.Add(token);
                depth.Follow(token, tokens);
                continue;
            }

            if (tokens.Count > 0)
            {
                yield return new SqlStatement(sql, [.. tokens]);
            }

            tokens.Clear();
            depth = new Depth();
        }

        if (tokens.Count > 0)
        {
            yield return new SqlStatement(sql, [.. tokens]);
        }
    }

    /// <summary>Whether keywords or symbols stand in a row.</summary>
    /// <param name="at">The index of the first token.</param>
    /// <param name="words">The words; null for any name or literal.</param>
    public bool Has(int at, params string?[] words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            if (
                at < 0
                || at + i >= Tokens.Count
                || !(words[i] is { } word ? Tokens[at + i].Is(word) : Tokens[at + i].IsName || Tokens[at + i].Kind == SqlTokenKind.Literal)
            )
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The statement with other text in the place of a token, and only there.</summary>
    /// <param name="token">The token's index.</param>
    /// <param name="text">What stands there instead.</param>
    public string With(int token, string text) =>
        string.Concat(Text.AsSpan(0, Tokens[token].Start - _start), text, Text.AsSpan(Tokens[token].End - _start));

    /// <summary>How deep in parentheses and in the body of a function a token stands; told as psql tells it.</summary>
    private struct Depth
    {
        private int _parentheses;
        private int _blocks;

        public readonly bool IsOutside => _parentheses <= 0 && _blocks <= 0;

        public void Follow(SqlToken token, List<SqlToken> tokens)
        {
            _parentheses +=
                token.Is("(") ? 1
                : token.Is(")") ? -1
                : 0;
            if (token.Kind != SqlTokenKind.Word || _parentheses > 0 || !MakesRoutine(tokens))
            {
                return;
            }

            _blocks +=
                token.Is("BEGIN") || (token.Is("CASE") && _blocks > 0) ? 1
                : token.Is("END") && _blocks > 0 ? -1
                : 0;
        }

        private static bool MakesRoutine(List<SqlToken> tokens)
        {
            int kind = tokens.Count > 3 && tokens[1].Is("OR") && tokens[2].Is("REPLACE") ? 3 : 1;
            return tokens.Count > kind && tokens[0].Is("CREATE") && (tokens[kind].Is("FUNCTION") || tokens[kind].Is("PROCEDURE"));
        }
    }
}
