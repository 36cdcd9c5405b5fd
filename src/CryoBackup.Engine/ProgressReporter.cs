namespace CryoBackup;

/// <summary>Tells a few times a second how far an archive has flowed by, by table and bytes, and how long it may still take.</summary>
internal sealed class ProgressReporter : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstEstimate = TimeSpan.FromSeconds(2);

    private readonly string _activity;
    private readonly Action<EngineMessage> _observer;
    private readonly Func<(string Status, double? Fraction)> _look;
    private readonly long _start = Environment.TickCount64;
    private readonly object _gate = new();
    private readonly Timer _timer;
    private bool _completed;

    /// <summary>Begins to report.</summary>
    /// <param name="activity">What is being done.</param>
    /// <param name="observer">Takes the messages.</param>
    /// <param name="look">Tells where the work is and which part (0 to 1) is done; called on a timer's thread.</param>
    public ProgressReporter(string activity, Action<EngineMessage> observer, Func<(string Status, double? Fraction)> look)
    {
        _activity = activity;
        _observer = observer;
        _look = look;
        _timer = new Timer(_ => Report(), null, TimeSpan.Zero, Period);
    }

    /// <summary>Reports the end.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            if (!_completed)
            {
                _completed = true;
                _observer(new ProgressMessage(_activity, "", 1, TimeSpan.Zero, Completed: true));
            }
        }
    }

    private void Report()
    {
        // A report that takes long is not stacked up behind itself.
        if (!Monitor.TryEnter(_gate))
        {
            return;
        }

        try
        {
            if (_completed)
            {
                return;
            }

            (string status, double? fraction) = _look();
            var passed = TimeSpan.FromMilliseconds(Environment.TickCount64 - _start);
            TimeSpan? remaining =
                fraction is > 0.01 and <= 1 && passed > FirstEstimate ? passed * ((1 - fraction.Value) / fraction.Value) : null;
            _observer(new ProgressMessage(_activity, status, fraction, remaining));
        }
        catch (Exception)
        {
            // An observer that fails on a timer's thread would end the process. It is not asked again.
            _completed = true;
        }
        finally
        {
            Monitor.Exit(_gate);
        }
    }
}
