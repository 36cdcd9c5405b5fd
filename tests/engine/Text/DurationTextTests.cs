using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

/// <summary>Lengths of time in each of their forms, at their true length.</summary>
public sealed class DurationTextTests
{
    [Theory]
    [InlineData("90s", 90)]
    [InlineData("30m", 30 * 60)]
    [InlineData("26h", 26 * 3600)]
    [InlineData("7d", 7 * 86_400)]
    [InlineData("0.5D", 43_200)]
    [InlineData("1.02:03:04", 93_784)]
    public void MeansWhatItSays(string text, double seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), DurationText.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("d")]
    [InlineData("7w")]
    [InlineData("-7d")]
    [InlineData("99999999999d")]
    public void RefusesWhatIsNone(string text) => Assert.Null(DurationText.TryParse(text));
}
