using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CryoBackup.Configuration;

namespace CryoBackup.Notifications;

/// <summary>A channel that posts to a web address.</summary>
internal abstract class HttpChannel : NotificationChannel
{
    private const int MostThatIsRead = 1 << 14;
    private static readonly TimeSpan TimeForAnAnswer = TimeSpan.FromSeconds(2);
    private readonly string _address;

    /// <summary>Prepares a channel.</summary>
    /// <param name="name">Its key in the configuration.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="address">Where it posts to; secret.</param>
    /// <param name="moreSecrets">What else must never be shown.</param>
    private protected HttpChannel(string name, ChannelSettings settings, string address, params IEnumerable<string?> moreSecrets)
        : base(name, settings, new Secrets(moreSecrets.Prepend(address).Concat(Proxies()))) => _address = address;

    /// <summary>The settings' address.</summary>
    /// <exception cref="NotificationFailure">It is not a web address.</exception>
    private protected Uri Address =>
        Uri.TryCreate(_address, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address
            : throw new NotificationFailure("its address is not a web address (http or https)", isTransient: false);

    /// <summary>Posts once.</summary>
    /// <param name="message">What, and where to.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="NotificationFailure">The answer is not one of 200 to 299.</exception>
    private protected static async Task PostAsync(HttpMessage message, CancellationToken cancellationToken)
    {
        // What is posted is meant for this address alone: no redirection is followed.
        var identity = new ServerIdentity(message.Address.IdnHost);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        handler.SslOptions.RemoteCertificateValidationCallback = identity.IsTrusted;
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, message.Address) { Content = new ByteArrayContent(message.Body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(message.ContentType, out MediaTypeHeaderValue? type)
            ? type
            : throw new NotificationFailure("its content_type is not a media type", isTransient: false);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("CryoBackup", ToolVersion.Text));
        request.Headers.Add(HttpMessage.DeliveryHeader, message.Delivery);
        foreach ((string name, string value) in message.Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value) && !request.Content.Headers.TryAddWithoutValidation(name, value))
            {
                throw new NotificationFailure($"'{name}' is not the name of a header", isTransient: false);
            }
        }

        using HttpResponseMessage answer = await SendAsync(client, request, identity, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            int status = (int)answer.StatusCode;
            throw new NotificationFailure(
                string.Create(CultureInfo.InvariantCulture, $"the server answered {status} ({InWords(answer.StatusCode)})"),
                isTransient: status >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
            )
            {
                Answer = $"{answer.ReasonPhrase} {await ReadAsync(answer, cancellationToken).ConfigureAwait(false)}".Trim(),
                RetryAfter = answer.Headers.RetryAfter?.Delta,
            };
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(
        HttpClient client,
        HttpRequestMessage request,
        ServerIdentity identity,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException exception) when (identity.Failure(exception.InnerException) is { } failure)
        {
            throw failure;
        }
    }

    // What comes with a status is the server's own text, which may repeat what it was sent.
    private static string InWords(HttpStatusCode status) =>
        (int)status switch
        {
            < 400 => "a redirection, which is not followed",
            400 => "it did not understand",
            401 or 403 => "not permitted",
            404 or 410 => "there is nothing at that address",
            407 => "the proxy demands an account",
            408 or 504 => "it took too long",
            413 => "too large for it",
            429 => "too often for it",
            < 500 => "refused",
            502 or 503 => "not available",
            _ => "an error of the server",
        };

    /// <summary>An answer, as much as comes soon: it often says what is wrong.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeForAnAnswer);
        byte[] buffer = new byte[MostThatIsRead];
        int length = 0;
        try
        {
            using Stream stream = await answer.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            int read;
            while (
                length < buffer.Length && (read = await stream.ReadAsync(buffer.AsMemory(length), limit.Token).ConfigureAwait(false)) > 0
            )
            {
                length += read;
            }
        }
        catch (Exception exception)
            when (exception is IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            // The status says enough.
        }

        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    // Their addresses may carry an account, which .NET repeats.
    private static IEnumerable<string?> Proxies() =>
        ((string[])["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
            .Select(Environment.GetEnvironmentVariable)
            .Select(proxy => proxy is null || proxy.Contains("://", StringComparison.Ordinal) ? proxy : "http://" + proxy)
            .Select(proxy => Uri.TryCreate(proxy, UriKind.Absolute, out Uri? address) ? address.UserInfo : null)
            .SelectMany(user => new[] { user, user is null ? null : Uri.UnescapeDataString(user) });
}

/// <summary>What is posted.</summary>
/// <param name="Address">Where to.</param>
/// <param name="Body">The body's bytes.</param>
/// <param name="ContentType">The body's media type.</param>
/// <param name="Delivery">The same at every attempt, so that a receiver knows what it has taken already.</param>
internal sealed record HttpMessage(Uri Address, byte[] Body, string ContentType, string Delivery)
{
    /// <summary>The header that bears <see cref="Delivery"/>.</summary>
    public const string DeliveryHeader = "X-CryoBackup-Delivery";

    /// <summary>More headers.</summary>
    public IReadOnlyCollection<KeyValuePair<string, string>> Headers { get; init; } = [];
}
