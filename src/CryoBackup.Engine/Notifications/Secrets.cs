using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.RegularExpressions;

namespace CryoBackup.Notifications;

/// <summary>
/// Takes a channel's secrets out of what the other side answers: some services repeat what they were sent, whole or in part, as it was or
/// escaped. Case does not matter.
/// </summary>
internal sealed partial class Secrets
{
    // Less than this is found in ordinary words.
    private const int Shortest = 4;

    // So much of a secret is masked wherever it stands, also without the rest.
    private const int Part = 8;

    private readonly HashSet<string> _whole = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _parts = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Knows secrets in the forms in which they travel.</summary>
    /// <param name="secrets">Passwords, keys, values of headers, and addresses; null and empty ones are left out.</param>
    public Secrets(params IEnumerable<string?> secrets)
    {
        foreach (
            string piece in secrets
                .OfType<string>()
                .SelectMany(PiecesOf)
                .Where(piece => piece.Length >= Shortest)
                .Distinct(StringComparer.Ordinal)
        )
        {
            foreach (string form in FormsOf(piece).Where(form => form.Length >= Shortest))
            {
                _whole.Add(form);
                for (int start = 0; start + Part <= form.Length; start++)
                {
                    _parts.Add(form.Substring(start, Part));
                }
            }
        }
    }

    /// <summary>A text on one line, without the secrets.</summary>
    /// <param name="text">Any text, whole: what is cut before could end within a secret.</param>
    public string Clean(string text)
    {
        bool[] hidden = new bool[text.Length];
        foreach (string form in _whole)
        {
            for (int at = 0; (at = text.IndexOf(form, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
            {
                hidden.AsSpan(at, form.Length).Fill(true);
            }

            // The other side may have cut it.
            for (int length = Math.Min(form.Length, text.Length) - 1; length >= Shortest; length--)
            {
                if (text.AsSpan().EndsWith(form.AsSpan(0, length), StringComparison.OrdinalIgnoreCase))
                {
                    hidden.AsSpan(text.Length - length).Fill(true);
                    break;
                }
            }
        }

        for (int start = 0; start + Part <= text.Length; start++)
        {
            if (_parts.Contains(text.Substring(start, Part)))
            {
                hidden.AsSpan(start, Part).Fill(true);
            }
        }

        return UserOfAddress().Replace(OneLine(text, hidden), "://***@");
    }

    private static string OneLine(string text, bool[] hidden)
    {
        var line = new StringBuilder();
        for (int at = 0; at < text.Length; at++)
        {
            if (!hidden[at])
            {
                line.Append(char.IsControl(text[at]) ? ' ' : text[at]);
            }
            else if (at == 0 || !hidden[at - 1])
            {
                line.Append("***");
            }
        }

        return line.ToString().Trim();
    }

    /// <summary>What of a secret is one too: the words of a header's value, the parts of an address but for its host.</summary>
    private static IEnumerable<string> PiecesOf(string secret)
    {
        if (Uri.TryCreate(secret, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https")
        {
            // A service knows its own name; the way to it is the secret.
            return address
                .UserInfo.Split(':')
                .Append(address.UserInfo)
                .Concat(address.Query.TrimStart('?').Split('&').SelectMany(pair => pair.Split('=', 2).Skip(1)))
                .Append(address.Query)
                .Append(address.Fragment)
                .Append(address.PathAndQuery)
                .Append(secret[(secret.IndexOf('/', secret.IndexOf("//", StringComparison.Ordinal) + 2) + 1)..])
                .Concat(address.Segments.Select(segment => segment.Trim('/')).Where(segment => segment.Length >= 2 * Shortest))
                .SelectMany(piece => new[] { piece, Uri.UnescapeDataString(piece), WebUtility.UrlDecode(piece) });
        }

        return secret
            .Split([' ', ',', ';', '=', ':', '"', '\t', '\0'], StringSplitOptions.RemoveEmptyEntries)
            .Append(secret)
            .SelectMany(piece => new[] { piece, FromBase64(piece) })
            .OfType<string>();
    }

    private static IEnumerable<string> FormsOf(string piece)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(piece);
        string url = Uri.EscapeDataString(piece);
        string json = JavaScriptEncoder.Default.Encode(piece);
        return
        [
            piece,
            url,
            Uri.EscapeDataString(url),
            WebUtility.UrlEncode(piece),
            Uri.EscapeDataString(json),
            json,
            JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(piece),
            json.Replace("/", "\\/", StringComparison.Ordinal),
            Escaped(piece, "\\u{0:x4}"),
            WebUtility.HtmlEncode(piece),
            HtmlEncoder.Default.Encode(piece),
            Escaped(piece, "&#{0};"),
            Escaped(piece, "&#x{0:x};"),
            Convert.ToHexString(bytes),
            .. Base64Of(bytes),
        ];
    }

    /// <summary>Base64, also within that of a longer text: what of it is the same wherever the secret begins.</summary>
    private static IEnumerable<string> Base64Of(byte[] bytes)
    {
        for (int before = 0; before < 3; before++)
        {
            string text = Convert.ToBase64String([.. new byte[before], .. bytes]);
            int start = (before * 8 + 5) / 6;
            string core = text[start..((before + bytes.Length) * 8 / 6)];
            yield return core;
            yield return core.Replace('+', '-').Replace('/', '_');
        }
    }

    private static string Escaped(string text, string form)
    {
        var escaped = new StringBuilder();
        foreach (char character in text)
        {
            escaped.AppendFormat(System.Globalization.CultureInfo.InvariantCulture, form, (int)character);
        }

        return escaped.ToString();
    }

    /// <summary>What a word such as that of Basic authentication holds; null where it is none.</summary>
    private static string? FromBase64(string word)
    {
        // Its padding was taken for the equals sign of a pair.
        word = word.PadRight((word.Length + 3) / 4 * 4, '=');
        byte[] bytes = new byte[word.Length];
        return
            word.Length >= 2 * Shortest
            && Convert.TryFromBase64String(word, bytes, out int length)
            && Encoding.UTF8.GetString(bytes, 0, length) is var text
            && !text.Any(char.IsControl)
            ? text
            : null;
    }

    [GeneratedRegex(@"://[^/\s@]+@", RegexOptions.CultureInvariant)]
    private static partial Regex UserOfAddress();
}
