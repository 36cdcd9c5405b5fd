using System.Net;

namespace CryoBackup.Configuration;

/// <summary>Secrets that a configuration sends over a network in clear.</summary>
internal static class ClearText
{
    /// <summary>Looks for them.</summary>
    /// <param name="settings">Who is told.</param>
    /// <returns>One sentence a channel, which names keys and never values.</returns>
    public static IEnumerable<string> Find(NotificationSettings settings)
    {
        if (
            settings.Email is { Enabled: true, SmtpSecurity: SmtpSecurity.None, SmtpPassword.Length: > 0 } email
            && !IsThisMachine(email.SmtpServer)
        )
        {
            yield return "notifications.email sends smtp_password in clear, as smtp_security is none; say starttls or tls.";
        }

        (string Key, ChannelSettings? Channel, string? Address, bool SendsSecrets)[] channels =
        [
            ("slack.webhook_url", settings.Slack, settings.Slack?.WebhookUrl, true),
            ("teams.webhook_url", settings.Teams, settings.Teams?.WebhookUrl, true),
            ("webhook.url", settings.Webhook, settings.Webhook?.Url, settings.Webhook?.Headers.Count > 0),
            ("healthchecks.url", settings.Healthchecks, settings.Healthchecks?.Url, false),
        ];
        foreach ((string key, ChannelSettings? channel, string? text, bool sendsSecrets) in channels)
        {
            if (
                channel is { Enabled: true }
                && Uri.TryCreate(text, UriKind.Absolute, out Uri? address)
                && address.Scheme == Uri.UriSchemeHttp
                && (sendsSecrets || address.UserInfo.Length > 0 || address.Query.Length > 1)
                && !IsThisMachine(address.Host)
            )
            {
                yield return $"notifications.{key} sends secrets in clear, as it begins with http://; use https://.";
            }
        }
    }

    private static bool IsThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
