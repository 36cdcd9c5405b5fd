using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Tests.Notifications;

namespace CryoBackup.Tests.Configuration;

/// <summary>What a test of a configuration tells: of a good one what it means, of a bad one where and what is wrong.</summary>
public sealed class ConfigurationCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void AGoodOneSaysWhatItMeans()
    {
        ConfigurationResult result = Check(
            "databases: [one, {name: two, local_backup_dir: b}]\nlocal_backup_dir: a\ndatabase: {username: u, password: canary}\n"
        );
        Assert.True(result.IsValid);
        Assert.Empty(result.Problems);
        Assert.Equal(["one", "two"], result.Databases);
        Assert.Equal(["a", "b"], result.Folders.Select(folder => Path.GetFileName(folder)!));
        Assert.Contains("password: \"***\"", result.Settings, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", result.Settings, StringComparison.Ordinal);
        Assert.Empty(result.Channels);
    }

    [Theory]
    [InlineData("database:\n  hots: db\n", 2, 3, "database.hots", "Did you mean 'host'?")]
    [InlineData("database: {port: many}\n", 1, 18, "database.port", "Give")]
    [InlineData("databases: [a, a]\n", 1, 16, null, "Keep one")]
    [InlineData("a: [\n", 2, 1, null, "Correct the line")]
    [InlineData("", 0, 0, null, "Write what is wanted")]
    public void ABadOneSaysWhereAndWhat(string text, long line, long column, string? key, string remedy)
    {
        ConfigurationResult result = Check(text);
        Assert.False(result.IsValid);
        ConfigurationProblem problem = Assert.Single(result.Problems);
        Assert.Equal((line, column, key), (problem.Line, problem.Column, problem.Key));
        Assert.StartsWith(remedy, problem.Remedy, StringComparison.Ordinal);
        Assert.Null(result.Settings);
    }

    [Fact]
    public void EveryVariableThatIsNotSetIsTold()
    {
        ConfigurationResult result = Check(
            "database: {password: \"${CRYO_UNSET_ONE}\"}\nnotifications: {slack: {webhook_url: \"${CRYO_UNSET_TWO}\"}}\n",
            notify: true
        );
        Assert.Equal(["database.password", "notifications.slack.webhook_url"], result.Problems.Select(problem => problem.Key).Order());
        Assert.All(result.Problems, problem => Assert.Contains("is not set", problem.Message, StringComparison.Ordinal));
        Assert.Empty(result.Channels);
    }

    [Fact]
    public void WhatIsNotThereIsAProblemToo()
    {
        string none = Path.Combine(_folder.Path, "none.yaml");
        Assert.Contains(none, Assert.Single(Run(none, notify: false).Problems).Message, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable(ConfigurationFile.Variable) is null)
        {
            Assert.Equal("There is no configuration here.", Assert.Single(Run(null, notify: false).Problems).Message);
        }
    }

    [Fact]
    public async Task EveryChannelIsTried()
    {
        await using var server = new WebServer();
        string text = $$"""
            notifications:
              slack: {webhook_url: "{{server.Url("/slack")}}", on: [failure]}
              healthchecks: {url: "http://127.0.0.1:1/ping"}
              teams: {enabled: false, webhook_url: "{{server.Url("/teams")}}"}
            """;
        ConfigurationResult result = Check(text, notify: true);
        Assert.Equal([("slack", true), ("healthchecks", false)], result.Channels.Select(channel => (channel.Channel, channel.Sent)));
        Assert.Equal(["/slack"], server.Requests.Select(request => request.Path));
        Assert.False(result.IsValid);
        Assert.Empty(result.Problems);
        Assert.True(Check(text, notify: false).IsValid);
        Assert.Single(server.Requests);
    }

    [Fact]
    public void NotOneChannelIsAProblemForWhoTriesThem()
    {
        Assert.Equal("notifications", Assert.Single(Check("local_backup_dir: a\n", notify: true).Problems).Key);
        Assert.True(Check("local_backup_dir: a\n").IsValid);
    }

    [Fact]
    public void TheExampleIsWrittenOnce()
    {
        string file = ConfigurationExample.Write(Path.Combine(_folder.Path, "new", "here.yaml"));
        Assert.Equal(ConfigurationExample.Create(), File.ReadAllText(file));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }

        File.WriteAllText(file, "mine: 1");
        Assert.Equal(
            CryoBackupError.DestinationNotWritable,
            Assert.Throws<CryoBackupException>(() => ConfigurationExample.Write(file)).Error
        );
        Assert.Equal("mine: 1", File.ReadAllText(file));
        Assert.Equal(Path.Combine(_folder.Path, "cryobackup.yaml"), ConfigurationExample.Write(_folder.Path));
        Assert.Throws<CryoBackupException>(() => ConfigurationExample.Write(_folder.Path));
        Assert.Throws<CryoBackupException>(() => ConfigurationExample.Write(Path.Combine(file, "below.yaml")));
    }

    private ConfigurationResult Check(string text, bool notify = false) => Run(_folder.Write("checked.yaml", text), notify);

    private ConfigurationResult Run(string? path, bool notify) =>
        ConfigurationCheck.Run(path, _folder.Path, notify, _messages.Add, CancellationToken.None);
}
