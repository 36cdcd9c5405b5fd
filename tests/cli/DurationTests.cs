namespace CryoBackup.Cli.Tests;

public sealed class DurationTests
{
    [Theory]
    [InlineData("30s", 30)]
    [InlineData("10m", 600)]
    [InlineData("2h", 7200)]
    [InlineData("1d", 86400)]
    [InlineData("1D", 86400)]
    [InlineData("01:02:03", 3723)]
    [InlineData("1:02:03", 3723)]
    [InlineData("1.00:00:01", 86401)]
    public void Reads_what_people_write(string text, int seconds) => Assert.Equal(TimeSpan.FromSeconds(seconds), Duration.TryParse(text));

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("30")]
    [InlineData("0s")]
    [InlineData("-5s")]
    [InlineData("1.5h")]
    [InlineData("5x")]
    [InlineData("00:00:00")]
    [InlineData("25:61:00")]
    [InlineData("50d")]
    [InlineData("99999999999s")]
    public void Refuses_what_is_no_length_of_time(string text) => Assert.Null(Duration.TryParse(text));
}
