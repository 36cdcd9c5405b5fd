using System.Net;
using System.Net.Http.Headers;
using System.Text;
using CryoBackup.Configuration;

namespace CryoBackup.Notifications;

/// <summary>A channel that posts to a web address.</summary>
internal abstract class HttpChannel : NotificationChannel
{
    private const int MostOfAnAnswer = 200;
    private readonly string _address;

    /// <summary>Prepares a channel.</summary>
    /// <param name="name">Its key in the configuration.</param>
    /// <param name="settings">Its settings.</param>
    /// <param name="address">Where it posts to; secret.</param>
    /// <param name="moreSecrets">What else must never be shown.</param>
    private protected HttpChannel(string name, ChannelSettings settings, string address, params IEnumerable<string?> moreSecrets)
        : base(name, settings, new Secrets(moreSecrets.Prepend(address)))
        => _address = address;

    /// <summary>The settings' address.</summary>
    /// <exception cref="NotificationFailure">It is not a web address.</exception>
    private protected Uri Address => Uri.TryCreate(_address, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
        ? address
        : throw new NotificationFailure("its address is not a web address (http or https)", isTransient: false);

    /// <summary>Posts once.</summary>
    /// <param name="address">Where to.</param>
    /// <param name="body">The body's bytes.</param>
    /// <param name="contentType">The body's media type.</param>
    /// <param name="headers">More headers.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="NotificationFailure">The answer is not one of 200 to 299.</exception>
    private protected static async Task PostAsync(
        Uri address, byte[] body, string contentType, IEnumerable<KeyValuePair<string, string>> headers, CancellationToken cancellationToken)
    {
        // What is posted is meant for this address alone: no redirection is followed.
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.TryParse(contentType, out MediaTypeHeaderValue? type)
            ? type
            : throw new NotificationFailure($"'{contentType}' is not a media type", isTransient: false);
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("CryoBackup", ToolVersion.Text));
        foreach ((string name, string value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value) && !request.Content.Headers.TryAddWithoutValidation(name, value))
            {
                throw new NotificationFailure($"'{name}' is not the name of a header", isTransient: false);
            }
        }

        using HttpResponseMessage answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccessStatusCode)
        {
            int status = (int)answer.StatusCode;
            string text = await ReadAsync(answer, cancellationToken).ConfigureAwait(false);
            throw new NotificationFailure(
                $"the server answered {status} {answer.ReasonPhrase}" + (text.Length > 0 ? $": {text}" : ""),
                isTransient: status >= 500 || answer.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
            {
                RetryAfter = answer.Headers.RetryAfter?.Delta,
            };
        }
    }

    /// <summary>The beginning of an answer: it often says what is wrong.</summary>
    private static async Task<string> ReadAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var buffer = new byte[4 * MostOfAnAnswer];
        using Stream stream = await answer.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        string text = Encoding.UTF8.GetString(buffer, 0, length).Trim();

        // A web page says nothing in its first words.
        return text.StartsWith('<') ? "" : Notification.Cut(text, MostOfAnAnswer);
    }
}
