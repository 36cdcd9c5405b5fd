using CryoBackup.Configuration;

namespace CryoBackup.Tests.Configuration;

/// <summary>Secrets that would cross a network in clear: warned of when the file is read, by the key and never by the value.</summary>
[Trait("Runs", "Once")]
public sealed class ClearTextTests : IDisposable
{
    private const string Canary = "canary-";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("slack: {webhook_url: http://hooks.example.com/services/canary-1}", "notifications.slack.webhook_url")]
    [InlineData("slack: {webhook_url: HTTP://hooks.example.com/services/canary-1}", "notifications.slack.webhook_url")]
    [InlineData("teams: {webhook_url: 'http://teams.example.com/x?sig=canary-1'}", "notifications.teams.webhook_url")]
    [InlineData("webhook: {url: http://robot:canary-1@a.example.com/}", "notifications.webhook.url")]
    [InlineData("webhook: {url: 'http://a.example.com/?key=canary-1'}", "notifications.webhook.url")]
    [InlineData("webhook: {url: http://a.example.com/, headers: {Authorization: Bearer canary-1}}", "notifications.webhook.url")]
    [InlineData("webhook: {url: 'http://[2001:db8::1]/?key=canary-1'}", "notifications.webhook.url")]
    [InlineData("webhook: {url: 'http://127.0.0.1.example.com/?key=canary-1'}", "notifications.webhook.url")]
    [InlineData("healthchecks: {url: http://robot:canary-1@hc.example.com/ping}", "notifications.healthchecks.url")]
    public void AnAddressThatBeginsWithHttpWarns(string channel, string key)
    {
        string warning = Assert.Single(Warnings(channel));
        Assert.Contains($"{key} sends secrets in clear, as it begins with http://; use https://.", warning, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("slack: {webhook_url: https://hooks.example.com/services/canary-1}")]
    [InlineData("teams: {webhook_url: 'https://teams.example.com/x?sig=canary-1'}")]
    [InlineData("webhook: {url: 'https://robot:canary-1@a.example.com/?key=canary-2', headers: {Authorization: Bearer canary-3}}")]
    [InlineData("healthchecks: {url: https://robot:canary-1@hc.example.com/ping}")]
    // Nothing in them is secret: a signature is sent, and its key is not.
    [InlineData("webhook: {url: http://a.example.com/hook, secret: canary-1}")]
    [InlineData("healthchecks: {url: http://hc.example.com/ping}")]
    // Nothing crosses a network.
    [InlineData("webhook: {url: 'http://robot:canary-1@localhost:8080/?key=canary-2'}")]
    [InlineData("webhook: {url: 'http://127.0.0.1/?key=canary-2'}")]
    [InlineData("webhook: {url: 'http://[::1]:80/?key=canary-2'}")]
    // Nothing is sent.
    [InlineData("slack: {enabled: false, webhook_url: http://hooks.example.com/services/canary-1}")]
    public void OthersDoNot(string channel) => Assert.Empty(Warnings(channel));

    [Theory]
    [InlineData("smtp_security: none, smtp_username: robot, smtp_password: canary-1", true)]
    [InlineData("smtp_security: starttls, smtp_username: robot, smtp_password: canary-1", false)]
    [InlineData("smtp_security: tls, smtp_username: robot, smtp_password: canary-1", false)]
    [InlineData("smtp_username: robot, smtp_password: canary-1", false)]
    [InlineData("smtp_security: none", false)]
    [InlineData("enabled: false, smtp_security: none, smtp_username: robot, smtp_password: canary-1", false)]
    public void APasswordToAMailServerWarnsWithoutTls(string settings, bool warns)
    {
        IReadOnlyList<string> warnings = Warnings(
            $"email: {{from: a@example.com, to: b@example.com, smtp_server: mail.example.com, {settings}}}"
        );
        Assert.Equal(warns, warnings.Count == 1);
        Assert.All(
            warnings,
            warning =>
                Assert.Contains(
                    "notifications.email sends smtp_password in clear, as smtp_security is none; say starttls or tls.",
                    warning,
                    StringComparison.Ordinal
                )
        );
        Assert.All(warnings, warning => Assert.DoesNotContain(Canary, warning, StringComparison.Ordinal));
        Assert.Empty(Warnings($"email: {{from: a@example.com, to: b@example.com, smtp_server: localhost, {settings}}}"));
    }

    private List<string> Warnings(string channel)
    {
        var warnings = new List<string>();
        ConfigurationFile.Read(
            _folder.Write("c.yaml", $"notifications:\n  {channel}\n"),
            message => warnings.Add(((WarningMessage)message).Text)
        );
        return warnings;
    }
}
