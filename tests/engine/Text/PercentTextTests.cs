using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

/// <summary>Shares as users write them.</summary>
public sealed class PercentTextTests
{
    [Theory]
    [InlineData("5%", 5)]
    [InlineData("5", 5)]
    [InlineData("1%", 1)]
    [InlineData("99", 99)]
    [InlineData("05%", 5)]
    public void MeansWhatItSays(string text, int percent) => Assert.Equal(percent, PercentText.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("0")]
    [InlineData("100%")]
    [InlineData("-5%")]
    [InlineData("0.5%")]
    [InlineData("5 %")]
    [InlineData("5%%")]
    [InlineData("five")]
    [InlineData("99999999999%")]
    public void RefusesWhatIsNone(string text)
    {
        Assert.Null(PercentText.TryParse(text));
        Assert.StartsWith($"'{text}' is no share of a file", PercentText.Refusal(text), StringComparison.Ordinal);
    }
}
