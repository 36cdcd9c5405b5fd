using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

[Trait("Runs", "Once")]
public sealed class NamePatternTests
{
    [Theory]
    [InlineData("app", "app", true)]
    [InlineData("app", "App", false)]
    [InlineData("a*", "app", true)]
    [InlineData("a*", "b", false)]
    [InlineData("*", "", true)]
    [InlineData("a?p", "app", true)]
    [InlineData("a?p", "ap", false)]
    [InlineData("*_*_x", "a_b_c_x", true)]
    [InlineData("*ab", "aab", true)]
    [InlineData("*ab*cd", "xabab-cd-cd", true)]
    [InlineData("a**", "a", true)]
    [InlineData("a`*", "a*", true)]
    [InlineData("a`*", "abc", false)]
    [InlineData("a`**", "a*bc", true)]
    [InlineData("`[x`]", "[x]", true)]
    [InlineData("[x]", "[x]", true)]
    [InlineData("[x]", "x", false)]
    [InlineData("a``b", "a`b", true)]
    [InlineData("a`b", "a`b", true)]
    [InlineData("a\\*", "a\\b", true)]
    [InlineData("we*ird", "we*ird", true)]
    [InlineData("a`", "a`", true)]
    public void Fits(string pattern, string name, bool fits) => Assert.Equal(fits, NamePattern.Matches(pattern, name));

    [Fact]
    public void HostsAreComparedWithoutCase() => Assert.True(NamePattern.Matches("DB?.*", "db1.example.com", ignoreCase: true));

    [Theory]
    [InlineData("app", false, "app")]
    [InlineData("a*", true, null)]
    [InlineData("a?", true, null)]
    [InlineData("a`*", false, "a*")]
    [InlineData("`[a`]``", false, "[a]`")]
    [InlineData("a`b", false, "a`b")]
    [InlineData("`**", true, null)]
    public void TellsPatternsFromNames(string text, bool isPattern, string? literal)
    {
        var pattern = new NamePattern(text);
        Assert.Equal(isPattern, pattern.HasWildcard);
        if (literal is not null)
        {
            Assert.Equal(literal, pattern.Literal);
        }
    }

    /// <summary>Against the shortest definition of what a pattern means.</summary>
    [Fact]
    public void IsWhatTheDefinitionSays()
    {
        var dice = new Random(20260131);
        for (int i = 0; i < 20_000; i++)
        {
            string pattern = Text("ab*?", dice),
                name = Text("ab", dice);
            Assert.True(Means(pattern, name) == NamePattern.Matches(pattern, name), $"'{pattern}' and '{name}'");
        }
    }

    private static bool Means(string pattern, string name) =>
        pattern.Length == 0 ? name.Length == 0
        : pattern[0] == '*' ? Means(pattern[1..], name) || (name.Length > 0 && Means(pattern, name[1..]))
        : name.Length > 0 && (pattern[0] == '?' || pattern[0] == name[0]) && Means(pattern[1..], name[1..]);

    private static string Text(string letters, Random dice) =>
        string.Concat(Enumerable.Range(0, dice.Next(9)).Select(_ => letters[dice.Next(letters.Length)]));
}
