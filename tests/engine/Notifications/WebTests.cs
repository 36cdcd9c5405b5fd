using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Notifications;
using CryoBackup.Restore;
using CryoBackup.Runs;
using CryoBackup.Tests.Reports;
using static CryoBackup.Tests.Notifications.Told;

namespace CryoBackup.Tests.Notifications;

/// <summary>Slack, Teams, the generic webhook and the pings, to a real web server on loopback.</summary>
public sealed class WebTests : IAsyncDisposable
{
    private readonly WebServer _server = new();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Slack()
    {
        var item = RunItem.Failed(RunKind.Backup, "a<b>&c", "", SampleResults.Failure("It <broke> & *burns* ```."), SampleResults.Noon);
        await SendAsync(
            new()
            {
                Slack = new() { WebhookUrl = _server.Url("/services/T/B/x"), Channel = "#backups" },
            },
            item
        );
        (WebServer.Request request, JsonElement message) = Single("/services/T/B/x");
        Assert.Equal("application/json; charset=utf-8", request.Headers["Content-Type"]);
        Assert.Equal("#backups", message.GetProperty("channel").GetString());
        Assert.Equal("Backup of a&lt;b&gt;&amp;c failed", message.GetProperty("text").GetString());
        JsonElement header = message.GetProperty("blocks")[0].GetProperty("text");
        Assert.Equal(
            ("plain_text", "\u274C Backup of a<b>&c failed"),
            (header.GetProperty("type").GetString(), header.GetProperty("text").GetString())
        );
        string body = message.GetProperty("blocks")[1].GetProperty("text").GetProperty("text").GetString()!;
        Assert.StartsWith(
            "```Backup failed: It &lt;broke&gt; &amp; *burns* '''.\n  pg_dump: error: connection refused\n  Remedy: "
                + "Check that it runs.\nRun on ",
            body,
            StringComparison.Ordinal
        );
        Assert.Equal(2, body.Split("```").Length - 1);
    }

    /// <summary>What these services refuse, an alarm must not be: it is cut after it is escaped, which makes it longer.</summary>
    [Theory]
    [InlineData('&')]
    [InlineData('<')]
    [InlineData('\n')]
    [InlineData('\u0001')]
    [InlineData('日')]
    public async Task LongAlarmsFit(char character)
    {
        string name = new(character, 20_000);
        await SendAsync(
            new()
            {
                Slack = new() { WebhookUrl = _server.Url("/slack") },
                Teams = new() { WebhookUrl = _server.Url("/teams") },
            },
            RunItem.Failed(RunKind.Backup, name, "", SampleResults.Failure(name), SampleResults.Noon)
        );
        JsonElement blocks = JsonDocument
            .Parse(_server.Requests.Single(request => request.Path == "/slack").Body)
            .RootElement.GetProperty("blocks");
        Assert.InRange(blocks[0].GetProperty("text").GetProperty("text").GetString()!.Length, 1, 150);
        string block = blocks[1].GetProperty("text").GetProperty("text").GetString()!;
        Assert.InRange(block.Length, 1, 3000);
        Assert.DoesNotMatch("&(?!(amp|lt|gt);)", block);
        Assert.InRange(_server.Requests.Single(request => request.Path == "/teams").Body.Length, 1, 28 * 1024);
    }

    [Fact]
    public async Task Teams()
    {
        await SendAsync(
            new() { Teams = new() { WebhookUrl = _server.Url("/workflows/1?sig=x") } },
            RunItem.Of(SampleResults.Backup(warnings: "Something [odd](x)."))
        );
        JsonElement message = Single("/workflows/1?sig=x").Message;
        Assert.Equal("message", message.GetProperty("type").GetString());
        JsonElement attachment = Assert.Single(message.GetProperty("attachments").EnumerateArray());
        Assert.Equal("application/vnd.microsoft.card.adaptive", attachment.GetProperty("contentType").GetString());
        JsonElement card = attachment.GetProperty("content");
        Assert.Equal(("AdaptiveCard", "1.4"), (card.GetProperty("type").GetString(), card.GetProperty("version").GetString()));
        JsonElement[] runs = [.. card.GetProperty("body").EnumerateArray().Select(block => block.GetProperty("inlines")[0])];
        Assert.Equal(
            ("Backup of app completed with warnings", "warning"),
            (runs[0].GetProperty("text").GetString(), runs[0].GetProperty("color").GetString())
        );
        Assert.Contains(runs, run => run.GetProperty("text").GetString() == "Warning: Something [odd](x).");
    }

    [Fact]
    public async Task WebhookIsTheSignedResult()
    {
        const string secret = "canary-key-Ω";
        await SendAsync(
            new()
            {
                Webhook = new()
                {
                    Url = _server.Url("/hook"),
                    Secret = secret,
                    Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer t" },
                },
            },
            RunItem.Of(SampleResults.Backup()),
            RunItem.Failed(RunKind.Backup, "other", "", SampleResults.Failure(), SampleResults.Noon)
        );
        (WebServer.Request request, JsonElement message) = Single("/hook");
        byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), request.Body);
        Assert.Equal("sha256=" + Convert.ToHexString(signature).ToLowerInvariant(), request.Headers["X-CryoBackup-Signature"]);
        Assert.Equal(
            ("POST", "application/json", "Bearer t"),
            (request.Method, request.Headers["Content-Type"], request.Headers["Authorization"])
        );
        Assert.Equal(("failure", "backup", "Backup failed for 1 of 2 databases"), (Text("event"), Text("verb"), Text("summary")));
        Assert.Equal(("2026-01-31T12:00:00.000000Z", 90), (Text("started_at"), message.GetProperty("duration_seconds").GetDouble()));
        JsonElement good = message.GetProperty("results")[0];
        Assert.Equal(
            ("app", "success", 4711, 1234),
            (
                good.GetProperty("database").GetString(),
                good.GetProperty("state").GetString(),
                good.GetProperty("size_bytes").GetInt64(),
                good.GetProperty("rows").GetInt64()
            )
        );
        JsonElement bad = message.GetProperty("results")[1];
        Assert.Equal(
            ("other", "ConnectionFailed"),
            (bad.GetProperty("database").GetString(), bad.GetProperty("error").GetProperty("id").GetString())
        );

        string? Text(string name) => message.GetProperty(name).GetString();
    }

    [Fact]
    public async Task SignatureStandsUnderTheHeaderThatWasChosen()
    {
        await SendAsync(
            new()
            {
                Webhook = new()
                {
                    Url = _server.Url("/hook"),
                    Secret = "key",
                    SignatureHeader = "X-Our-Signature",
                },
            },
            RunItem.Of(SampleResults.Backup())
        );
        WebServer.Request request = Assert.Single(_server.Requests);
        Assert.StartsWith("sha256=", request.Headers["X-Our-Signature"], StringComparison.Ordinal);
        Assert.False(request.Headers.ContainsKey("X-CryoBackup-Signature"));
    }

    [Theory]
    [InlineData(
        "application/json",
        """{"text":{{summary}},"n":{{ schema_version }}}""",
        """{"text":"Backup of \"q\" completed successfully","n":1}"""
    )]
    [InlineData("text/plain", "{{event}}: {{summary}}", "success: Backup of \"q\" completed successfully")]
    [InlineData(
        "application/x-www-form-urlencoded",
        "text={{summary}}&n={{schema_version}}",
        "text=Backup%20of%20%22q%22%20completed%20successfully&n=1"
    )]
    [InlineData(
        "text/xml; charset=utf-8",
        "<a b=\"{{summary}}\">{{event}}</a>",
        "<a b=\"Backup of &quot;q&quot; completed successfully\">success</a>"
    )]
    [InlineData("text/html", "<p>{{summary}}</p>", "<p>Backup of &quot;q&quot; completed successfully</p>")]
    [InlineData("text/csv", "{{summary}},{{event}}", "\"Backup of \"\"q\"\" completed successfully\",\"success\"")]
    [InlineData("application/yaml", "text: {{summary}}", "text: \"Backup of \\\"q\\\" completed successfully\"")]
    public async Task Template(string contentType, string template, string expected)
    {
        await SendAsync(
            new()
            {
                Webhook = new()
                {
                    Url = _server.Url("/hook"),
                    Template = template,
                    ContentType = contentType,
                },
            },
            RunItem.Of(SampleResults.Backup("\"q\""))
        );
        WebServer.Request request = Assert.Single(_server.Requests);
        Assert.Equal((expected, contentType), (request.Text, request.Headers["Content-Type"]));
        Assert.False(request.Headers.ContainsKey("X-CryoBackup-Signature"));
    }

    [Fact]
    public async Task TemplateWithAnUnknownName()
    {
        Delivery delivery = Assert.Single(
            await TryAsync(
                new()
                {
                    Webhook = new() { Url = _server.Url("/hook"), Template = "{{sumary}}" },
                },
                RunItem.Of(SampleResults.Backup())
            )
        );
        Assert.False(delivery.Sent);
        Assert.StartsWith(
            "its template asks for 'sumary', which there is not; there are schema_version, event,",
            delivery.Detail,
            StringComparison.Ordinal
        );
        Assert.Empty(_server.Requests);
    }

    [Theory]
    [InlineData(false, "/ping/abc?x=1")]
    [InlineData(true, "/ping/abc/fail?x=1")]
    public async Task Healthchecks(bool fails, string path)
    {
        var configuration = new BackupConfiguration
        {
            Notifications = new() { Healthchecks = new() { Url = _server.Url("/ping/abc?x=1") } },
        };
        using var evidence = new RecordedRun(RunKind.Backup, configuration, null);
        evidence.Begin("app", "/backups");
        if (fails)
        {
            evidence.Fail("app", SampleResults.Failure());
        }
        else
        {
            evidence.Add(SampleResults.Backup());
        }

        evidence.Finish(message => Assert.IsNotType<WarningMessage>(message), CancellationToken.None);
        Assert.Equal(["/ping/abc/start?x=1", path], _server.Requests.Select(request => request.Path));
        Assert.Equal("", _server.Requests[0].Text);
        Assert.StartsWith(
            fails
                ? "Backup of app failed\nBackup failed: The server 'db' refused the connection.\n"
                : "Backup of app completed successfully\n",
            _server.Requests[1].Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task RestoreInAFewLines()
    {
        var restored = new RestoreResult
        {
            Path = "/b/app.dump",
            SourceDatabase = "app",
            TargetDatabase = "copy",
            Status = RestoreStatus.Restored,
            Objects = ["TABLE a", "TABLE b"],
            Duration = TimeSpan.FromSeconds(90),
        };
        await SendAsync(
            new()
            {
                Healthchecks = new() { Url = _server.Url("/ping"), Start = false },
            },
            RunItem.Of(new RestoreRequest(), restored)
        );
        Assert.Contains(
            "completed successfully from: /b/app.dump into copy\n  2 objects, 0 tables, 1m 30s\n",
            Assert.Single(_server.Requests).Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task OnlyWhatAChannelWantsToHear()
    {
        NotificationSettings settings = new()
        {
            Slack = new() { WebhookUrl = _server.Url("/failure"), On = [NotificationEvent.Failure] },
            Teams = new() { WebhookUrl = _server.Url("/warning"), On = [NotificationEvent.Warning] },
            Webhook = new() { Url = _server.Url("/success"), On = [NotificationEvent.Success] },
            Healthchecks = new() { Enabled = false },
        };
        await SendAsync(settings, RunItem.Of(SampleResults.Backup()));
        Assert.Equal("/success", Assert.Single(_server.Requests).Path);
        await SendAsync(settings, RunItem.Of(SampleResults.Backup()), RunItem.Of(SampleResults.Backup(warnings: "odd")));
        Assert.Equal("/warning", _server.Requests[1].Path);
        await SendAsync(settings, RunItem.Of(SampleResults.Verification(verdict: Verdict.Inconclusive)));
        Assert.Equal("/failure", _server.Requests[2].Path);
    }

    [Fact]
    public async Task TrialGoesThroughEveryChannel()
    {
        var notifier = new Notifier(
            new()
            {
                Slack = new() { WebhookUrl = _server.Url("/slack"), On = [NotificationEvent.Failure] },
                Webhook = new() { Url = "not an address" },
                Healthchecks = new() { Url = _server.Url("/ping") },
            }
        );
        Delivery[] deliveries = await notifier.TryAllAsync(CancellationToken.None);
        Assert.Equal(
            [
                new("slack", true, "sent"),
                new("webhook", false, "its address is not a web address (http or https)"),
                new("healthchecks", true, "sent"),
            ],
            deliveries
        );
        Assert.All(_server.Requests, request => Assert.Contains("CryoBackup test notification", request.Text, StringComparison.Ordinal));
    }

    private (WebServer.Request Request, JsonElement Message) Single(string path)
    {
        WebServer.Request request = Assert.Single(_server.Requests);
        Assert.Equal(path, request.Path);
        return (request, JsonDocument.Parse(request.Body).RootElement);
    }
}
