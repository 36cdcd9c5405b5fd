using CryoBackup.Text;

namespace CryoBackup.Processes;

/// <summary>What may end a run early: the user, a time limit, or silence. Tells afterwards which it was.</summary>
internal sealed class RunLimits : IDisposable
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(49);

    private readonly CancellationToken _user;
    private readonly TimeSpan? _timeout;
    private readonly CancellationTokenSource _source;
    private readonly Timer? _timeoutTimer;
    private volatile CryoBackupException? _reason;

    /// <summary>Begins to watch.</summary>
    /// <param name="timeout">How long the run may take; null for no limit.</param>
    /// <param name="user">The user's cancellation.</param>
    public RunLimits(TimeSpan? timeout, CancellationToken user)
    {
        _user = user;
        _timeout = timeout;
        _source = CancellationTokenSource.CreateLinkedTokenSource(user);
        if (timeout is { } limit)
        {
            // Longer than a timer can be set for is no limit either.
            _timeoutTimer = new Timer(
                _ => End(TimedOut()),
                null,
                limit < LongestTimer ? limit : Timeout.InfiniteTimeSpan,
                Timeout.InfiniteTimeSpan
            );
        }
    }

    /// <summary>Cancelled by whatever comes first.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Ends the run when a count stands still for too long.</summary>
    /// <param name="count">Grows while all is well.</param>
    /// <param name="limit">How long it may stand still; null for no limit.</param>
    /// <param name="stalled">The error that says who was silent.</param>
    /// <returns>Ends the watch when disposed of.</returns>
    public IDisposable? Watch(Func<long> count, TimeSpan? limit, Func<TimeSpan, CryoBackupException> stalled)
    {
        if (limit is not { } stall)
        {
            return null;
        }

        long last = count();
        long since = Environment.TickCount64;
        var period = TimeSpan.FromMilliseconds(Math.Clamp(stall.TotalMilliseconds / 10, 10, 1000));
        return new Timer(
            _ =>
            {
                long now = count();
                if (now != last)
                {
                    last = now;
                    since = Environment.TickCount64;
                }
                else if (Environment.TickCount64 - since > stall.TotalMilliseconds)
                {
                    End(stalled(stall));
                }
            },
            null,
            period,
            period
        );
    }

    /// <summary>Ends the run when something goes wrong beside it.</summary>
    /// <param name="trouble">Looks; returns the error once there is one.</param>
    /// <param name="period">The time between two looks.</param>
    /// <returns>Ends the watch when disposed of.</returns>
    public IDisposable Watch(Func<CryoBackupException?> trouble, TimeSpan period) =>
        new Timer(
            _ =>
            {
                if (trouble() is { } reason)
                {
                    End(reason);
                }
            },
            null,
            period,
            period
        );

    /// <summary>Why the run ended early. A user's cancellation is thrown as such.</summary>
    /// <returns>The error of a limit; null if none was met.</returns>
    /// <exception cref="OperationCanceledException">The user cancelled.</exception>
    public CryoBackupException? Reason()
    {
        if (_reason is null)
        {
            _user.ThrowIfCancellationRequested();
        }

        return _reason;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timeoutTimer?.Dispose();
        _source.Dispose();
    }

    private CryoBackupException TimedOut() =>
        new(
            CryoBackupError.Cancelled,
            $"The work was ended because it took longer than {DurationText.Of(_timeout ?? default)}.",
            remedy: "Give a longer -Timeout."
        );

    private void End(CryoBackupException reason)
    {
        _reason ??= reason;
        try
        {
            _source.Cancel();
        }
        catch (Exception exception) when (exception is ObjectDisposedException or AggregateException)
        {
            // The run ended by itself in this very moment, or what was cancelled complained; on this thread nobody could listen.
        }
    }
}
