using System.Text;
using CryoBackup.Configuration;
using MimeKit;

namespace CryoBackup.Notifications;

/// <summary>A notification as a mail of two alternatives, plain text and HTML. Every byte of it is ASCII.</summary>
internal static class MailMessage
{
    /// <summary>Writes the mail.</summary>
    /// <param name="settings">Sender and receivers.</param>
    /// <param name="notification">What is told.</param>
    /// <exception cref="NotificationFailure">One of the addresses is none.</exception>
    public static MimeMessage Of(EmailSettings settings, Notification notification)
    {
        MailboxAddress from = ReadAddress(settings.From);
        var message = new MimeMessage
        {
            // A reader would decode what looks like an encoded word.
            Subject = $"[CryoBackup] {notification.Title}".Replace("=?", "= ?", StringComparison.Ordinal),
            MessageId = notification.Id + from.GetAddress(idnEncode: true)[from.LocalPart.Length..],
            Date = DateTimeOffset.UtcNow,
            Body = new MultipartAlternative
            {
                Part("plain", $"{notification.Title}\n\n{notification.Body}".ReplaceLineEndings("\r\n")),
                Part("html", MailPage.Write(notification)),
            },
        };
        message.From.Add(from);
        message.To.AddRange(settings.To.Select(ReadAddress));
        message.Headers.Add(HeaderId.AutoSubmitted, "auto-generated");
        message.Headers.Add("X-CryoBackup-Event", notification.EventName);
        return message;
    }

    /// <summary>An address that every mail server takes: ASCII, but for a domain that has an encoded form.</summary>
    private static MailboxAddress ReadAddress(string text) =>
        MailboxAddress.TryParse(text, out MailboxAddress? address)
        && address.LocalPart.Length > 0
        && !string.IsNullOrEmpty(address.Domain)
        && address.GetAddress(idnEncode: true).All(character => character is > ' ' and <= '~')
            ? address
            : throw new NotificationFailure("one of its addresses is not a mail address", isTransient: false);

    // Lines of any length and characters of any kind pass every server as base64.
    private static TextPart Part(string subtype, string text)
    {
        var part = new TextPart(subtype) { ContentTransferEncoding = ContentEncoding.Base64 };
        part.SetText(Encoding.UTF8, text);
        return part;
    }
}
