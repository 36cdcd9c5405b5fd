using System.Text;
using System.Text.Json;
using CryoBackup.Configuration;

namespace CryoBackup.Notifications;

/// <summary>Slack's incoming webhook.</summary>
internal sealed class SlackChannel(SlackSettings settings) : HttpChannel("slack", settings, settings.WebhookUrl)
{
    // Slack takes 150 characters of a header and 3000 of a section.
    private const int MostOfHeader = 150;
    private const int MostOfSection = 2900;

    /// <inheritdoc/>
    protected override Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        var message = new Dictionary<string, object>
        {
            ["text"] = Escape(notification.Title),
            ["blocks"] = new object[]
            {
                new
                {
                    type = "header",
                    text = new
                    {
                        type = "plain_text",
                        text = Notification.Cut($"{Sign(notification.Event)} {notification.Title}", MostOfHeader),
                    },
                },
                new { type = "section", text = new { type = "mrkdwn", text = $"```{Block(notification.Body)}```" } },
            },
        };
        if (settings.Channel is not null)
        {
            message["channel"] = settings.Channel;
        }

        byte[] body = JsonSerializer.SerializeToUtf8Bytes(message, RunDocument.Json);
        return PostAsync(new HttpMessage(Address, body, "application/json; charset=utf-8", notification.Id), cancellationToken);
    }

    /// <summary>A text as a block of code, cut so that it still fits when it is escaped, which makes it up to five times as long.</summary>
    private static string Block(string text)
    {
        for (int length = Math.Min(text.Length, MostOfSection); ; length -= length / 10)
        {
            string block = Escape(Notification.Cut(text, length)).Replace("```", "'''", StringComparison.Ordinal);
            if (block.Length <= MostOfSection)
            {
                return block;
            }
        }
    }

    private static string Sign(NotificationEvent what) =>
        what switch
        {
            NotificationEvent.Success => "\u2705",
            NotificationEvent.Warning => "\u26A0\uFE0F",
            _ => "\u274C",
        };

    // The three that Slack asks for; none else has a meaning within a block of code.
    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal)
            .Replace(">", "&gt;", StringComparison.Ordinal);
}

/// <summary>A workflow of Microsoft Teams: an adaptive card.</summary>
internal sealed class TeamsChannel(TeamsSettings settings) : HttpChannel("teams", settings, settings.WebhookUrl)
{
    // A card may have 28 KB.
    private const int MostOfCard = 27_000;
    private const int MostOfBody = 6000;

    /// <inheritdoc/>
    protected override Task SendAsync(Notification notification, CancellationToken cancellationToken) =>
        PostAsync(new HttpMessage(Address, Card(notification), "application/json; charset=utf-8", notification.Id), cancellationToken);

    private static byte[] Card(Notification notification)
    {
        // Lines and what must be escaped take more than their characters.
        for (int length = MostOfBody; ; length /= 2)
        {
            byte[] card = JsonSerializer.SerializeToUtf8Bytes(
                Message(notification, Notification.Cut(notification.Body, length)),
                RunDocument.Json
            );
            if (card.Length <= MostOfCard || length < 100)
            {
                return card;
            }
        }
    }

    private static Dictionary<string, object?> Message(Notification notification, string text)
    {
        string colour = notification.Event switch
        {
            NotificationEvent.Success => "good",
            NotificationEvent.Warning => "warning",
            _ => "attention",
        };
        IEnumerable<object> lines = text.TrimEnd('\n')
            .Split('\n')
            .Select(line => Text(line.TrimStart(), line.StartsWith(' ') ? "none" : "small", "default", bold: false));
        return new()
        {
            ["type"] = "message",
            ["attachments"] = new object[]
            {
                new Dictionary<string, object?>
                {
                    ["contentType"] = "application/vnd.microsoft.card.adaptive",
                    ["contentUrl"] = null,
                    ["content"] = new Dictionary<string, object>
                    {
                        ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
                        ["type"] = "AdaptiveCard",
                        ["version"] = "1.4",
                        ["msteams"] = new { width = "Full" },
                        ["body"] = lines.Prepend(Text(notification.Title, "none", colour, bold: true)).ToArray(),
                    },
                },
            },
        };
    }

    // A TextBlock would take * and [ in a name for Markdown; a run of rich text takes nothing.
    private static object Text(string text, string spacing, string colour, bool bold) =>
        new
        {
            type = "RichTextBlock",
            spacing,
            inlines = new object[]
            {
                new
                {
                    type = "TextRun",
                    text,
                    color = colour,
                    weight = bold ? "bolder" : "default",
                    size = bold ? "medium" : "default",
                },
            },
        };
}

/// <summary>A service that waits to hear from us, and cries when it does not: the address itself, with /start or /fail.</summary>
internal sealed class HealthchecksChannel(HealthchecksSettings settings) : HttpChannel("healthchecks", settings, settings.Url)
{
    // healthchecks.io keeps 100 kB.
    private const int MostOfBody = 20_000;

    private Task _begin = Task.CompletedTask;

    /// <summary>Tells that a run begins. Never throws.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What happened.</returns>
    public Task<Delivery> BeginAsync(CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N");
        Task<Delivery> begin = AttemptAsync(
            token => PostAsync(new HttpMessage(With("/start"), [], "text/plain; charset=utf-8", id), token),
            cancellationToken
        );
        _begin = begin;
        return begin;
    }

    /// <summary>True if the beginning of a run is told.</summary>
    public bool TellsStart => settings.Start;

    /// <inheritdoc/>
    protected override async Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        // The end must not overtake the beginning; waiting for it counts towards the limit.
        await _begin.WaitAsync(cancellationToken).ConfigureAwait(false);
        Uri address = notification.Event == NotificationEvent.Failure ? With("/fail") : Address;
        byte[] body = Encoding.UTF8.GetBytes(Notification.Cut($"{notification.Title}\n{notification.Body}", MostOfBody));
        await PostAsync(new HttpMessage(address, body, "text/plain; charset=utf-8", notification.Id), cancellationToken)
            .ConfigureAwait(false);
    }

    private Uri With(string more)
    {
        var address = new UriBuilder(Address);
        address.Path = address.Path.TrimEnd('/') + more;
        return address.Uri;
    }
}
