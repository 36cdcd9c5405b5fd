using CryoBackup.Text;

namespace CryoBackup.Tests.Sql;

/// <summary>SQL is cut as the server cuts it: what stands in quotes or comments cuts nothing.</summary>
public sealed class SqlLexerTests
{
    [Theory]
    [InlineData("SELECT 1", "SELECT|1")]
    [InlineData("'a;b' \"c;\"\"d\" e$f", "'a;b'|\"c;\"\"d\"|e$f")]
    [InlineData(@"E'it\'s;\\' x", @"E'it\'s;\\'|x")]
    [InlineData(@"'back\' x", @"'back\'|x")]
    [InlineData("'one'\n  'two;' x", "'one'\n  'two;'|x")]
    [InlineData("E'one' -- ; \n '\\'' x", "E'one' -- ; \n '\\''|x")]
    [InlineData("'one' 'two'", "'one'|'two'")]
    [InlineData("U&'d\\0061' U&\"d\\0061t\" u & v", "U&'d\\0061'|U&\"d\\0061t\"|u|&|v")]
    [InlineData("$$a;'b$$ $t$ $$ ; $t$ $1 $_x9$y$_x9$", "$$a;'b$$|$t$ $$ ; $t$|$1|$_x9$y$_x9$")]
    [InlineData("a$$b$$", "a$$b$$")]
    [InlineData("$a b$ c", "$|a|b$|c")]
    [InlineData("/* ; /* ' */ ; */ x -- ; '\ny --", "x|y")]
    [InlineData("\\restrict a'b\nSELECT 1.5e3;\n\\unrestrict a'b\n", "SELECT|1.5e3|;")]
    [InlineData("größe.Ü", "größe|.|Ü")]
    [InlineData("'never closed; ", "'never closed; ")]
    [InlineData("/* never closed ; ", "")]
    [InlineData("$x$ never closed $", "$x$ never closed $")]
    [InlineData("", "")]
    public void ReadsTokens(string sql, string tokens) =>
        Assert.Equal(tokens, string.Join('|', SqlLexer.Read(sql).Select(token => token.Text.ToString())));

    [Fact]
    public void BackslashesEscapeInPlainStringsOnlyWhereTheSettingSaysSo()
    {
        const string Sql = @"'a\'; z' c";
        Assert.Equal([@"'a\'", ";", "z", "' c"], SqlLexer.Read(Sql).Select(token => token.Text.ToString()));
        Assert.Equal([@"'a\'; z'", "c"], SqlLexer.Read(Sql, standardStrings: false).Select(token => token.Text.ToString()));
    }

    [Theory]
    [InlineData("App", "app")]
    [InlineData("\"App\"", "App")]
    [InlineData("\"a\"\"b.c;\"", "a\"b.c;")]
    [InlineData("ÄPP", "Äpp")]
    [InlineData("U&\"d\\0061t\\+000061 \\\\ \"", "data \\ ")]
    [InlineData("U&\"\\+01F600\\zz\"", "😀\\zz")]
    public void ReadsNames(string sql, string name) => Assert.Equal(name, Assert.Single(SqlLexer.Read(sql)).Name);

    [Fact]
    public void SplitsStatements()
    {
        const string Script = """
            -- ; nothing
            ;;COMMENT ON DATABASE d IS E'a;\nb';
            CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b) ;
            CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; /* x; */
            CREATE FUNCTION g() RETURNS int AS $$BEGIN; END$$ LANGUAGE sql;
            SELECT 'end'
            """;
        IReadOnlyList<SqlStatement> statements = SqlStatement.Split(Script);
        Assert.Equal(
            ["COMMENT", "CREATE", "CREATE", "CREATE", "SELECT"],
            statements.Select(statement => statement.Tokens[0].Text.ToString())
        );
        Assert.Equal("COMMENT ON DATABASE d IS E'a;\\nb'", statements[0].Text);
        Assert.EndsWith("DELETE FROM b)", statements[1].Text, StringComparison.Ordinal);
        Assert.EndsWith("SELECT 2; END", statements[2].Text, StringComparison.Ordinal);
        Assert.True(statements[0].Has(0, "comment", "ON", "DATABASE", null, "IS"));
        Assert.False(statements[0].Has(4, "IS", null, null));
        Assert.Equal("COMMENT ON DATABASE \"e\" IS E'a;\\nb'", statements[0].With(3, "\"e\""));
    }

    /// <summary>Whatever stands beside whatever, with whatever between: the same tokens come out that were put in.</summary>
    [Fact]
    public void RandomScriptsComeApartAsTheyWerePutTogether()
    {
        string[] tokens =
        [
            "word",
            "\"q;\"\"--\"",
            "'s;''/*'",
            @"E'\';--'",
            "$$;'$$",
            "$t$;$$;$t$",
            "U&'\\0061;'",
            "U&\"x;\"",
            "42",
            "(",
            ")",
            ",",
            "=",
            "x'1f'",
            "n'a;'",
            "é",
            "a$1",
            "$2",
        ];
        string[] gaps = [" ", "\n\t", " -- ;'\"$$\n", "/* ; /* ' */ \" */", " /*--*/ "];
        var random = new Random(14);
        for (int i = 0; i < Thoroughness.Of(2000, 100_000); i++)
        {
            List<string> expected = [.. Enumerable.Range(0, random.Next(1, 12)).Select(_ => tokens[random.Next(tokens.Length)])];
            string sql = string.Concat(expected.Select(token => token + gaps[random.Next(gaps.Length)]));

            // Strings with a line break between them are one to the server, and so here.
            if (SqlLexer.Read(sql).Any(token => token.Kind == SqlTokenKind.Literal && token.Text.Contains('\n')))
            {
                continue;
            }

            Assert.Equal(expected, SqlLexer.Read(sql).Select(token => token.Text.ToString()));
        }
    }

    [Fact]
    public void LongHostileTextsAreReadOnce()
    {
        foreach (string part in (string[])["\"", "''", "/*", "$a$", "$", "E'\\", "-", "'\n--\n", ";", "\\\n", "(", "U&\""])
        {
            string sql = string.Concat(Enumerable.Repeat(part, 300_000));
            Assert.True(SqlStatement.Split(sql).Count >= 0);
            Assert.True(SqlStatement.Split(sql, standardStrings: false).Count >= 0);
        }
    }
}
