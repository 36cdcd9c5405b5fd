using System.Text.RegularExpressions;
using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

/// <summary>Lengths of time in each of their forms, at their true length.</summary>
public sealed class DurationTextTests
{
    /// <summary>TimeSpan.FromSeconds makes of 7,593,627 ticks one less.</summary>
    [Theory]
    [InlineData(7_593_627)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(864_000_000_001)]
    public void OfARecordIsWhatWasRecorded(long ticks)
    {
        foreach (long about in (IEnumerable<long>)[ticks, .. Enumerable.Range(1, 1000).Select(i => ticks + (i * 7919L))])
        {
            var duration = new TimeSpan(about);
            Assert.Equal(duration, DurationText.OfSeconds(duration.TotalSeconds));
        }
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("30m", 30 * 60)]
    [InlineData("26h", 26 * 3600)]
    [InlineData("7d", 7 * 86_400)]
    [InlineData("0.5D", 43_200)]
    [InlineData("1.5h", 5400)]
    [InlineData("1h 30m", 5400)]
    [InlineData("1d2h3m4s", 93_784)]
    [InlineData("1.02:03:04", 93_784)]
    [InlineData("01:02:03", 3723)]
    [InlineData("1:02:03", 3723)]
    public void MeansWhatItSays(string text, double seconds)
    {
        Assert.Equal(TimeSpan.FromSeconds(seconds), DurationText.TryParse(text));
        Assert.Matches(DurationText.Pattern, text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("7")]
    [InlineData("1.5")]
    [InlineData("d")]
    [InlineData("s")]
    [InlineData("7w")]
    [InlineData("-7d")]
    [InlineData("30m 1h")]
    [InlineData("1h 1h")]
    [InlineData("1h 30")]
    [InlineData("25:61:00")]
    [InlineData("99999999999d")]
    public void RefusesWhatIsNone(string text) => Assert.Null(DurationText.TryParse(text));

    [Theory]
    [InlineData("00:00:00", "0s")]
    [InlineData("00:00:00.3", "0.3s")]
    [InlineData("00:01:00", "1m")]
    [InlineData("00:01:30", "1m 30s")]
    [InlineData("1.02:00:00", "1d 2h")]
    [InlineData("1.02:03:04.005", "1d 2h 3m 4.005s")]
    [InlineData("-00:00:05", "-5s")]
    public void IsWrittenInOneForm(string time, string text) => Assert.Equal(text, DurationText.Of(TimeSpan.Parse(time, null)));

    [Theory]
    [InlineData("00:00:00.0234", "0.023s")]
    [InlineData("00:00:02.34", "2.3s")]
    [InlineData("00:00:59.96", "1m")]
    [InlineData("00:01:02.34", "1m 2s")]
    [InlineData("02:03:04", "2h 3m")]
    [InlineData("17.03:12:05", "17d 3h")]
    public void IsMeasuredToTwoUnits(string time, string text) => Assert.Equal(text, DurationText.About(TimeSpan.Parse(time, null)));

    /// <summary>What is written can be read, and stands in a configuration.</summary>
    [Fact]
    public void ComesBackAsItWasWritten()
    {
        var random = new Random(1);
        for (int i = 0; i < 1000; i++)
        {
            var time = TimeSpan.FromMilliseconds(random.NextInt64(1L << random.Next(1, 38)));
            string text = DurationText.Of(time);
            Assert.Equal(time, DurationText.TryParse(text));
            Assert.True(Regex.IsMatch(text, DurationText.Pattern), text);
        }
    }
}
