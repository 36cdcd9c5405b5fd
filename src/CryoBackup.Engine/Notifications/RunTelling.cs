using CryoBackup.Runs;

namespace CryoBackup.Notifications;

/// <summary>Tells the channels how a run begins and ends.</summary>
/// <param name="notifier">The channels.</param>
internal sealed class RunTelling(Notifier notifier) : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private Task<Delivery[]> _beginning = Task.FromResult<Delivery[]>([]);

    /// <summary>Tells that the run begins. Returns at once; the telling goes on beside the work.</summary>
    public void Begin() => _beginning = notifier.BeginAsync(_stop.Token);

    /// <summary>Tells how the run ended.</summary>
    /// <param name="run">A run that has ended.</param>
    /// <param name="sent">Takes the name of each channel that was told.</param>
    /// <param name="failed">Takes a sentence on each channel that was not.</param>
    /// <param name="observer">Takes who was told, and what a channel answered that was not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public void End(
        RunRecord run,
        Action<string> sent,
        Action<string> failed,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        Delivery[] ends = notifier.EndAsync(run, cancellationToken).GetAwaiter().GetResult();
        foreach (Delivery delivery in ends)
        {
            if (delivery.Sent)
            {
                sent(delivery.Channel);
                observer(new VerboseMessage($"Notification sent by {delivery.Channel}."));
                continue;
            }

            failed($"The notification by {delivery.Channel} failed: {delivery.Detail}");
            if (delivery.Answer is { } answer)
            {
                observer(new VerboseMessage($"By {delivery.Channel} came this answer: {answer}"));
            }
        }

        // What is not told by now belongs to a channel that does not want the end; it has had its time.
        _stop.Cancel();
        foreach (Delivery delivery in _beginning.GetAwaiter().GetResult().Where(delivery => !delivery.Sent))
        {
            failed($"The notification of the beginning by {delivery.Channel} failed: {delivery.Detail}");
        }
    }

    /// <summary>Gives up what is still being told.</summary>
    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
    }
}
