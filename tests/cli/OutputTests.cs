using CryoBackup.Cli.Output;
using CryoBackup.Text;

namespace CryoBackup.Cli.Tests;

public sealed class OutputTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KB")]
    [InlineData(1048575, "1.0 MB")]
    [InlineData(1610612736, "1.5 GB")]
    [InlineData(long.MaxValue, "8.0 EB")]
    public void Sizes_are_in_steps_of_1024(long bytes, string expected) => Assert.Equal(expected, SizeText.Of(bytes));

    [Fact]
    public void A_table_is_as_wide_as_its_content_and_every_row_one_line()
    {
        var table = new Table("Name", ">Rows", "Path");
        table.Add("a", "1,234", "x\ny");
        table.Add("longer", "5", "z");
        var output = new StringWriter { NewLine = "\n" };

        table.Print(output);

        Assert.Equal("Name     Rows  Path\n----     ----  ----\na       1,234  x\\ny\nlonger      5  z\n", output.ToString());
    }

    [Theory]
    [InlineData(0, 4, 4)]
    [InlineData(4, 3, 3)]
    [InlineData(3, 1, 1)]
    [InlineData(1, 2, 2)]
    [InlineData(2, 0, 2)]
    public void Of_several_exit_codes_the_worst_counts(int one, int other, int worst) => Assert.Equal(worst, ExitCode.Worst(one, other));

    [Fact]
    public void Json_is_an_array_of_camel_case_objects_with_names_of_enumerations()
    {
        var output = new StringWriter();

        Json.Print(
            [
                new VerificationResult
                {
                    Database = "größe",
                    Verdict = Verdict.Inconclusive,
                    Duration = TimeSpan.FromSeconds(61.5),
                },
            ],
            output
        );

        Assert.Contains("\"database\": \"größe\"", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"verdict\": \"Inconclusive\"", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"duration\": \"00:01:01.5000000\"", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\"reportPath\": null", output.ToString(), StringComparison.Ordinal);
    }
}
