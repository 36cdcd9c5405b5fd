namespace CryoBackup.Tests.Text;

[Trait("Runs", "Once")]
public sealed class ResultListTests
{
    [Fact]
    public void SaysItsThingsWithSemicolons()
    {
        ResultList<string> none = [];
        ResultList<string> some = ["a; b", "", "c"];
        ResultList<string?> withNothing = new string?[] { null, "x" };
        Assert.Equal("", none.ToString());
        Assert.Equal("a; b; ; c", some.ToString());
        Assert.Equal("; x", withNothing.ToString());
        Assert.Equal(3, some.Length);
    }

    [Theory]
    [InlineData(5_000, 40)]
    [InlineData(100_000, 1)]
    [InlineData(2, 40_000)]
    public void FitsIntoACellHoweverManyThereAre(int count, int length)
    {
        ResultList<string> many = Enumerable.Repeat(new string('t', length), count).ToArray();
        string text = many.ToString();
        int shown = text.Split("; ").Length - 1;
        Assert.EndsWith($"; … and {count - shown} more", text, StringComparison.Ordinal);
        Assert.True(length > 32_767 || text.Length <= 32_767, $"It is {text.Length} characters long.");
    }
}
