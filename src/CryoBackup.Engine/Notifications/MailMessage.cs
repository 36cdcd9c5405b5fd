using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace CryoBackup.Notifications;

/// <summary>A notification as a mail of two alternatives, plain text and HTML (RFC 5322, 2045 to 2047).
/// Every byte of it is ASCII.</summary>
internal static class MailMessage
{
    private const int LineOfBase64 = 76;

    // So that a word with its =?utf-8?B?…?= around it has at most 75 characters, as RFC 2047 demands.
    private const int BytesOfWord = 42;

    /// <summary>Writes the mail.</summary>
    /// <param name="from">The sender.</param>
    /// <param name="to">The receivers.</param>
    /// <param name="notification">What is told.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>Lines ended by CR LF.</returns>
    public static byte[] Write(MailAddress from, IReadOnlyList<MailAddress> to, Notification notification, DateTime now)
    {
        string boundary = "=_cryobackup_" + Guid.NewGuid().ToString("N");
        var mail = new StringBuilder();
        Line(mail, $"Date: {now.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture)}");
        Line(mail, $"From: {Format(from)}");
        Line(mail, $"To: {string.Join(",\r\n ", to.Select(Format))}");
        Line(mail, $"Subject: {Encode($"[CryoBackup] {notification.Title}")}");
        Line(mail, $"Message-ID: <{notification.Id}@{SmtpAddress.Host(from)}>");
        Line(mail, "Auto-Submitted: auto-generated");
        Line(mail, $"X-CryoBackup-Event: {notification.EventName}");
        Line(mail, "MIME-Version: 1.0");
        Line(mail, $"Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"");
        Line(mail, "");
        Part(mail, boundary, "text/plain", $"{notification.Title}\n\n{notification.Body}".ReplaceLineEndings("\r\n"));
        Part(mail, boundary, "text/html", MailPage.Write(notification));
        Line(mail, $"--{boundary}--");
        return Encoding.ASCII.GetBytes(mail.ToString());
    }

    /// <summary>A header's text: as it is where it is plain ASCII, else in encoded words, none of which tears a character apart.</summary>
    internal static string Encode(string text)
    {
        if (text.All(character => character is >= ' ' and <= '~') && !text.Contains("=?", StringComparison.Ordinal) && text.Length <= 900)
        {
            return text;
        }

        var words = new List<string>();
        var word = new List<byte>();
        var bytes = new byte[4];
        foreach (Rune rune in text.EnumerateRunes())
        {
            int length = rune.EncodeToUtf8(bytes);
            if (word.Count + length > BytesOfWord)
            {
                Close();
            }

            word.AddRange(bytes.AsSpan(0, length));
        }

        Close();
        return string.Join("\r\n ", words);

        void Close()
        {
            words.Add($"=?utf-8?B?{Convert.ToBase64String([.. word])}?=");
            word.Clear();
        }
    }

    private static string Format(MailAddress address)
    {
        string bare = SmtpAddress.Of(address);
        if (address.DisplayName.Length == 0)
        {
            return bare;
        }

        string name = Encode(address.DisplayName);
        return name.StartsWith("=?", StringComparison.Ordinal)
            ? $"{name} <{bare}>"
            : $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\" <{bare}>";
    }

    private static void Part(StringBuilder mail, string boundary, string type, string text)
    {
        Line(mail, $"--{boundary}");
        Line(mail, $"Content-Type: {type}; charset=utf-8");
        Line(mail, "Content-Transfer-Encoding: base64");
        Line(mail, "");
        string base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        for (int i = 0; i < base64.Length; i += LineOfBase64)
        {
            Line(mail, base64.Substring(i, Math.Min(LineOfBase64, base64.Length - i)));
        }
    }

    private static void Line(StringBuilder mail, string line) => mail.Append(line).Append("\r\n");
}

/// <summary>Addresses in the form in which every mail server takes them.</summary>
internal static class SmtpAddress
{
    /// <summary>Reads an address.</summary>
    /// <param name="text">For example <c>Backup &lt;backup@example.com&gt;</c>.</param>
    /// <exception cref="NotificationFailure">It is none.</exception>
    public static MailAddress Read(string text) =>
        MailAddress.TryCreate(text, out MailAddress? address) && Of(address).All(character => character is > ' ' and <= '~')
            ? address
            : throw new NotificationFailure("one of its addresses is not a mail address", isTransient: false);

    /// <summary>The bare address; a domain beyond ASCII in its encoded form.</summary>
    /// <param name="address">The address.</param>
    public static string Of(MailAddress address) => $"{address.User}@{Host(address)}";

    /// <summary>The address's domain in ASCII.</summary>
    /// <param name="address">The address.</param>
    public static string Host(MailAddress address)
    {
        try
        {
            return address.Host.All(char.IsAscii) ? address.Host : new IdnMapping().GetAscii(address.Host);
        }
        catch (ArgumentException)
        {
            return address.Host;
        }
    }
}
