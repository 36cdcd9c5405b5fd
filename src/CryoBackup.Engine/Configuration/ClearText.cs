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

        foreach (ConfigurationKey section in ConfigurationKey.Of(typeof(NotificationSettings)))
        {
            if (
                section.Property.GetValue(settings) is ChannelSettings { Enabled: true } channel
                && ConfigurationKey.Of(section.ValueType).FirstOrDefault(key => key.Setting.IsUrl) is { } url
                && Uri.TryCreate(url.Property.GetValue(channel) as string, UriKind.Absolute, out Uri? address)
                && address.Scheme == Uri.UriSchemeHttp
                && (channel.SendsSecrets || address.UserInfo.Length > 0 || address.Query.Length > 1)
                && !IsThisMachine(address.Host)
            )
            {
                yield return $"notifications.{section.Name}.{url.Name} sends secrets in clear, as it begins with http://; use https://.";
            }
        }
    }

    private static bool IsThisMachine(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
