using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json.Serialization;
using CryoBackup.Configuration;
using CryoBackup.Text;

namespace CryoBackup.Notifications;

/// <summary>One way to tell somebody. Its limit holds for all attempts together, whatever the other side does or does not do.</summary>
internal abstract class NotificationChannel
{
    private const int MostOfAnAnswer = 400;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private readonly ChannelSettings _settings;
    private readonly Secrets _secrets;

    /// <summary>Prepares a channel.</summary>
    /// <param name="name">Its key in the configuration.</param>
    /// <param name="settings">Its limit and retries, and what it wants to hear of.</param>
    /// <param name="secrets">What must never be shown.</param>
    private protected NotificationChannel(string name, ChannelSettings settings, Secrets secrets)
    {
        Name = name;
        _settings = settings;
        _secrets = secrets;
    }

    /// <summary>Its key in the configuration: email, slack, teams, webhook, healthchecks.</summary>
    public string Name { get; }

    /// <summary>Tells whether it wants to hear of something.</summary>
    /// <param name="what">How a run ended.</param>
    public bool Wants(NotificationEvent what) => _settings.On.Contains(what);

    /// <summary>Delivers, trying again where that may help. Never throws.</summary>
    /// <param name="notification">What is told.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What happened.</returns>
    public async Task<Delivery> DeliverAsync(Notification notification, CancellationToken cancellationToken) =>
        await AttemptAsync(token => SendAsync(notification, token), cancellationToken).ConfigureAwait(false);

    /// <summary>Sends once.</summary>
    /// <param name="notification">What is told.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="NotificationFailure">It was not delivered.</exception>
    protected abstract Task SendAsync(Notification notification, CancellationToken cancellationToken);

    /// <summary>Sends within the limit, again and again while that may help.</summary>
    private protected async Task<Delivery> AttemptAsync(Func<CancellationToken, Task> send, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_settings.Timeout);
        NotificationFailure? last = null;
        try
        {
            for (int attempt = 0; ; attempt++)
            {
                try
                {
                    // Not every name resolver can be ended: the run goes on without it.
                    await Task.Run(() => send(limit.Token), limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
                    return new Delivery(Name, true, "sent");
                }
                catch (Exception exception) when (!limit.IsCancellationRequested)
                {
                    last = Explain(exception);
                }

                TimeSpan pause = last.RetryAfter ?? FirstPause * Math.Pow(2, attempt);
                if (!last.IsTransient || attempt >= _settings.Retries || Stopwatch.GetElapsedTime(start) + pause >= _settings.Timeout)
                {
                    return Undelivered(last.Message, last);
                }

                await Task.Delay(pause, limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception) when (limit.IsCancellationRequested)
        {
            string ended = cancellationToken.IsCancellationRequested
                ? "it was ended before it was done"
                : $"no answer within {DurationText.Of(_settings.Timeout)}";
            return Undelivered(last is null ? ended : $"{ended}; before, {last.Message}", last);
        }
    }

    private Delivery Undelivered(string detail, NotificationFailure? why) =>
        new(Name, false, detail)
        {
            // Masked as a whole, and only then cut: a cut could leave half a secret.
            Answer = why?.Answer is { Length: > 0 } answer ? Notification.Cut(_secrets.Clean(answer), MostOfAnAnswer) : null,
        };

    // The platform's own sentences may hold an address, or a proxy's password.
    private static NotificationFailure Explain(Exception exception) =>
        exception switch
        {
            NotificationFailure known => known,
            HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError } => Failed(
                "the proxy did not let it through",
                exception
            ),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => Failed(
                "the server's name is not known",
                exception
            ),
            HttpRequestException
            {
                HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError
            } => Failed("what answers there does not speak HTTP", exception),
            HttpRequestException or IOException or SocketException => Failed($"the connection failed{Why(exception)}", exception),
            _ => new NotificationFailure($"it failed ({exception.GetType().Name})", isTransient: false, exception)
            {
                Answer = exception.Message,
            },
        };

    private static NotificationFailure Failed(string message, Exception exception) =>
        new(message, isTransient: true, exception) { Answer = exception.Message };

    /// <summary>The system's words for what became of a connection, where it has any.</summary>
    private static string Why(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is SocketException { SocketErrorCode: var code })
            {
                return $": {new SocketException((int)code).Message}";
            }
        }

        return "";
    }
}

/// <summary>What became of one channel's notification.</summary>
/// <param name="Channel">The channel's key in the configuration.</param>
/// <param name="Sent">True if the other side took it.</param>
/// <param name="Detail">What happened, in our own words: nothing of what the other side said.</param>
public sealed record Delivery(string Channel, bool Sent, string Detail)
{
    /// <summary>The beginning of what the other side said, without the channel's secrets, for verbose messages alone;
    /// null where it said nothing.</summary>
    [JsonIgnore]
    public string? Answer { get; init; }

    /// <summary>NotificationFailed, or null for what was sent: the run that it tells of goes on either way.</summary>
    public CryoBackupError? ErrorId => Sent ? null : CryoBackupError.NotificationFailed;
}
