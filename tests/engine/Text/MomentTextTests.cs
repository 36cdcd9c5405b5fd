using CryoBackup.Text;

namespace CryoBackup.Tests.Text;

[Trait("Runs", "Once")]
public sealed class MomentTextTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData("2026-01-31 23:59Z", "2026-01-31T23:59:00Z")]
    [InlineData("2026-01-31T23:59:58+02:00", "2026-01-31T21:59:58Z")]
    [InlineData(" 2026-01-31T23:59:58.25Z ", "2026-01-31T23:59:58.25Z")]
    [InlineData("1d", "2026-02-28T12:00:00Z")]
    [InlineData("1h 30m", "2026-03-01T10:30:00Z")]
    public void IsRead(string text, string expected) =>
        Assert.Equal(
            DateTime.Parse(expected, System.Globalization.CultureInfo.InvariantCulture, System.Globalization.DateTimeStyles.RoundtripKind),
            MomentText.TryParse(text, Now)
        );

    [Fact]
    public void WithoutAZoneItIsLocal() =>
        Assert.Equal(new DateTime(2026, 1, 31, 0, 0, 0, DateTimeKind.Local).ToUniversalTime(), MomentText.TryParse("2026-01-31", Now));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("31.01.2026")]
    [InlineData("7")]
    [InlineData("2026-02-30")]
    [InlineData("999999d")]
    public void IsRefused(string? text) => Assert.Null(MomentText.TryParse(text, Now));
}
