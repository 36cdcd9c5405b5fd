using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;
using CryoBackup.Reports;

namespace CryoBackup.Notifications;

/// <summary>Any web server: the run as JSON, or a body of the user's own making, signed with HMAC-SHA-256.</summary>
internal sealed partial class WebhookChannel(WebhookSettings settings)
    : HttpChannel("webhook", settings, settings.Url, [settings.Secret, .. settings.Headers.Values])
{
    /// <inheritdoc/>
    protected override Task SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        byte[] body = Encoding.UTF8.GetBytes(Render(notification.Document));
        var headers = new List<KeyValuePair<string, string>>(settings.Headers);
        if (settings.Secret is { Length: > 0 } secret)
        {
            byte[] signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), body);
            headers.Add(new(settings.SignatureHeader, "sha256=" + Convert.ToHexString(signature).ToLowerInvariant()));
        }

        return PostAsync(new HttpMessage(Address, body, settings.ContentType, notification.Id) { Headers = headers }, cancellationToken);
    }

    /// <summary>The body, each value encoded as the body's media type demands.</summary>
    private string Render(RunDocument document)
    {
        string json = JsonSerializer.Serialize(document, RunDocument.Json);
        if (settings.Template is not { } template)
        {
            return json;
        }

        Func<JsonElement, string> encode = EncodingOf(settings.ContentType);
        using var values = JsonDocument.Parse(json);
        return Placeholder()
            .Replace(
                template,
                match =>
                {
                    string name = match.Groups[1].Value;
                    if (!values.RootElement.TryGetProperty(name, out JsonElement value))
                    {
                        string known = string.Join(", ", values.RootElement.EnumerateObject().Select(property => property.Name));
                        throw new NotificationFailure(
                            $"its template asks for '{name}', which there is not; there are {known}",
                            isTransient: false
                        );
                    }

                    return encode(value);
                }
            );
    }

    /// <summary>How a value stands in a body, so that none can become more than a value: a name may hold quotes,
    /// ampersands or tags.</summary>
    private static Func<JsonElement, string> EncodingOf(string contentType)
    {
        string type = contentType.Split(';')[0].Trim().ToLowerInvariant();
        return type switch
        {
            "text/plain" or "text/markdown" => Bare,
            "text/csv" => value => $"\"{Bare(value).Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
            "application/x-www-form-urlencoded" => value => Uri.EscapeDataString(Bare(value)),
            _ when type.Contains("xml", StringComparison.Ordinal) || type.Contains("html", StringComparison.Ordinal) => value =>
                HtmlText.Escape(Bare(value)),

            // JSON itself, and whatever takes it, as YAML does.
            _ => value => value.GetRawText(),
        };

        static string Bare(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
    }

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
