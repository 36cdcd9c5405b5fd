using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CryoBackup.Configuration;

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

        return PostAsync(Address, body, settings.ContentType, headers, cancellationToken);
    }

    /// <summary>The body. In JSON a value stands as a JSON value, with its quotes; in anything else as its bare text.</summary>
    private string Render(RunDocument document)
    {
        string json = JsonSerializer.Serialize(document, RunDocument.Json);
        if (settings.Template is not { } template)
        {
            return json;
        }

        bool isJson = settings.ContentType.Contains("json", StringComparison.OrdinalIgnoreCase);
        using JsonDocument values = JsonDocument.Parse(json);
        return Placeholder().Replace(template, match =>
        {
            string name = match.Groups[1].Value;
            if (!values.RootElement.TryGetProperty(name, out JsonElement value))
            {
                string known = string.Join(", ", values.RootElement.EnumerateObject().Select(property => property.Name));
                throw new NotificationFailure($"its template asks for '{name}', which there is not; there are {known}", isTransient: false);
            }

            return !isJson && value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        });
    }

    [GeneratedRegex(@"\{\{\s*([A-Za-z0-9_]+)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
