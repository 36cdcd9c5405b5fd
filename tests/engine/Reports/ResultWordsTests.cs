namespace CryoBackup.Tests.Reports;

/// <summary>What a result is within a text, as scripts write it into their own logs.</summary>
[Trait("Runs", "Once")]
public sealed class ResultWordsTests
{
    [Fact]
    public void EachSaysWhatItIsOfWhat()
    {
        Assert.Equal("Removed /b/app.dump", $"{new RemovalResult { Action = RemovalAction.Removed, Path = "/b/app.dump" }}");
        Assert.Equal("Email: sent", $"{new ChannelResult { Channel = "Email", Detail = "sent" }}");
        Assert.Equal("It is wrong. Mend it.", $"{new ConfigurationProblem { Message = "It is wrong.", Remedy = "Mend it." }}");
        Assert.Equal("It is wrong.", $"{new ConfigurationProblem { Message = "It is wrong." }}");
        Assert.Equal("/c.yaml: good", $"{new ConfigurationResult { Path = "/c.yaml" }}");
        Assert.Equal(
            "/c.yaml: not good",
            $"{new ConfigurationResult { Path = "/c.yaml", Problems = [new() { Message = "It is wrong." }] }}"
        );
    }
}
