using System.Globalization;

namespace CryoBackup.Stores;

/// <summary>Repeats what may go better the next time, after a wait that doubles; never what was refused.</summary>
internal sealed class StoreRetry
{
    private const int Attempts = 8;

    // Somebody who waits for a wrong address learns it soon.
    private const int UnreachableAttempts = 3;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    private readonly Func<Exception, StoreFault> _judge;
    private readonly Action<EngineMessage> _observer;
    private readonly TimeSpan _firstPause;

    /// <summary>Prepares repeating.</summary>
    /// <param name="judge">What an exception means.</param>
    /// <param name="observer">Learns of each fault that is passed over.</param>
    /// <param name="firstPause">The mean of the first wait.</param>
    public StoreRetry(Func<Exception, StoreFault> judge, Action<EngineMessage> observer, TimeSpan firstPause)
    {
        _judge = judge;
        _observer = observer;
        _firstPause = firstPause;
    }

    /// <summary>What an exception means.</summary>
    public StoreFault Judge(Exception exception) => _judge(exception);

    /// <summary>Tries until it succeeds, is refused, or has failed too often.</summary>
    /// <param name="what">What is tried, for the message.</param>
    /// <param name="work">An attempt; takes how many failed before it.</param>
    /// <param name="cancellationToken">Ends the waiting; attempts end by it themselves.</param>
    public async Task<T> RunAsync<T>(string what, Func<int, Task<T>> work, CancellationToken cancellationToken)
    {
        for (int failed = 0; ; failed++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await work(failed).ConfigureAwait(false);
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested && MayRepeat(exception, failed + 1))
            {
                TimeSpan pause = Pause(failed);
                _observer(
                    new VerboseMessage(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{what} failed ({_judge(exception).Text}); trying again in {pause.TotalSeconds:0.0} seconds."
                        )
                    )
                );
                await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>As the other, for work without a result.</summary>
    public Task RunAsync(string what, Func<int, Task> work, CancellationToken cancellationToken) =>
        RunAsync<bool>(
            what,
            async failed =>
            {
                await work(failed).ConfigureAwait(false);
                return true;
            },
            cancellationToken
        );

    private bool MayRepeat(Exception exception, int attempts) =>
        _judge(exception).Kind switch
        {
            StoreFaultKind.Transient => attempts < Attempts,
            StoreFaultKind.Unreachable => attempts < UnreachableAttempts,
            _ => false,
        };

    // Between half and one and a half of the mean: many that were sent away together do not come back together.
    private TimeSpan Pause(int failed)
    {
        double mean = Math.Min(_firstPause.TotalSeconds * Math.Pow(2, failed), LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(mean * (0.5 + Random.Shared.NextDouble()));
    }
}
