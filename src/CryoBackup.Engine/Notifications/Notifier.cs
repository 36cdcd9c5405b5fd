using CryoBackup.Configuration;
using CryoBackup.Runs;

namespace CryoBackup.Notifications;

/// <summary>All channels of a configuration. They go out at the same time; none waits for another.</summary>
public sealed class Notifier
{
    private readonly List<NotificationChannel> _channels = [];

    /// <summary>Prepares the channels that are enabled.</summary>
    /// <param name="settings">The section of the configuration.</param>
    public Notifier(NotificationSettings settings)
    {
        Add(settings.Email, email => new EmailChannel(email));
        Add(settings.Slack, slack => new SlackChannel(slack));
        Add(settings.Teams, teams => new TeamsChannel(teams));
        Add(settings.Webhook, webhook => new WebhookChannel(webhook));
        Add(settings.Healthchecks, healthchecks => new HealthchecksChannel(healthchecks));

        void Add<T>(T? section, Func<T, NotificationChannel> make)
            where T : ChannelSettings
        {
            if (section is { Enabled: true })
            {
                _channels.Add(make(section));
            }
        }
    }

    /// <summary>True if nobody is to be told anything.</summary>
    public bool IsEmpty => _channels.Count == 0;

    /// <summary>Sends a test through each channel, whatever it wants to hear of.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What each channel says, in the order email, slack, teams, webhook, healthchecks; empty if none is enabled.</returns>
    public Task<Delivery[]> TryAllAsync(CancellationToken cancellationToken)
    {
        DateTime now = DateTime.UtcNow;
        var notification = new Notification(
            new RunRecord
            {
                Kind = RunKind.Trial,
                Start = now,
                End = now,
            }
        );
        return Task.WhenAll(_channels.Select(channel => channel.DeliverAsync(notification, cancellationToken)));
    }

    /// <summary>Tells those channels that want to know that a run begins.</summary>
    /// <param name="cancellationToken">Gives up.</param>
    internal Task<Delivery[]> BeginAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(
            _channels
                .OfType<HealthchecksChannel>()
                .Where(channel => channel.TellsStart)
                .Select(channel => channel.BeginAsync(cancellationToken))
        );

    /// <summary>Tells each channel that wants to know how a run ended.</summary>
    /// <param name="run">A run that has ended.</param>
    /// <param name="cancellationToken">Gives up.</param>
    internal Task<Delivery[]> EndAsync(RunRecord run, CancellationToken cancellationToken)
    {
        var notification = new Notification(run);
        return Task.WhenAll(
            _channels
                .Where(channel => channel.Wants(notification.Event))
                .Select(channel => channel.DeliverAsync(notification, cancellationToken))
        );
    }
}
