using CryoBackup.Configuration;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;
using CryoBackup.Tests.Standalone;
using static CryoBackup.Tests.Notifications.Told;

namespace CryoBackup.Tests.Notifications;

/// <summary>Web servers that refuse, break off, or are not the one that was meant.</summary>
public sealed class WebFailureTests : IAsyncDisposable
{
    private readonly WebServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("503 busy", 3, "503 (not available)")]
    [InlineData("429 slow", 3, "429 (too often for it)")]
    [InlineData("404 gone", 1, "404 (there is nothing at that address)")]
    [InlineData("302 away\r\nLocation: /hook", 1, "302 (a redirection, which is not followed)")]
    public async Task TriesAgainAfterWhatMayPass(string answer, int attempts, string expected)
    {
        _server.Answer = (request, _) => $"{answer}\r\n\r\nno: {request.Path}";
        Delivery delivery = Assert.Single(
            await TryAsync(
                new() { Slack = new() { WebhookUrl = _server.Url("/services/canary-slack-token") } },
                RunItem.Of(SampleResults.Backup())
            )
        );
        Assert.False(delivery.Sent);
        Assert.Equal(CryoBackupError.NotificationFailed, delivery.ErrorId);
        Assert.Equal($"the server answered {expected}", delivery.Detail);
        Assert.Equal($"{answer.Split('\r')[0][4..]} no: ***", delivery.Answer);
        Assert.Equal(attempts, _server.Requests.Length);

        // Whoever has taken it already knows it again.
        Assert.Single(_server.Requests.Select(request => request.Headers["X-CryoBackup-Delivery"]).Distinct());
    }

    [Fact]
    public async Task SucceedsAtTheSecondAttempt()
    {
        _server.Answer = (_, number) => number == 0 ? "502 bad\r\n\r\n" : "204 none\r\n\r\n";
        await SendAsync(new() { Slack = new() { WebhookUrl = _server.Url("/s") } }, RunItem.Of(SampleResults.Backup()));
        Assert.Equal(2, _server.Requests.Length);
    }

    [Trait(WineLimits.Trait, WineLimits.Certificates)]
    [Fact]
    public async Task ServerThatIsNotTrustedIsToldNothing()
    {
        await using var stranger = new MailServer { ImplicitTls = true };
        Delivery delivery = Assert.Single(
            await TryAsync(
                new() { Slack = new() { WebhookUrl = $"https://127.0.0.1:{stranger.Port}/canary-slack-token" } },
                RunItem.Of(SampleResults.Backup())
            )
        );
        Assert.StartsWith("the server's identity could not be verified", delivery.Detail, StringComparison.Ordinal);
        Assert.Empty(stranger.Lines);
    }

    [Theory]
    [InlineData("A b", "application/json", "'A b' is not the name of a header")]
    [InlineData("A", "not a type", "its content_type is not a media type")]
    public async Task RequestThatCannotBeMade(string header, string contentType, string expected)
    {
        WebhookSettings webhook = new()
        {
            Url = _server.Url("/hook"),
            ContentType = contentType,
            Headers = new Dictionary<string, string> { [header] = "b" },
        };
        Assert.Equal(expected, Assert.Single(await TryAsync(new() { Webhook = webhook }, RunItem.Of(SampleResults.Backup()))).Detail);
        Assert.Empty(_server.Requests);
    }
}
