using System.Globalization;

namespace CryoBackup;

/// <summary>A part of a run begins: told to the <see cref="StepProgress"/> around it.</summary>
/// <param name="Number">Which, from 1.</param>
internal sealed record StepMessage(int Number) : EngineMessage;

/// <summary>One bar for a run of several steps: what each tells of its progress stands behind the step's name, and where it tells nothing
/// the step's name stands there alone, so that the screen is never empty.</summary>
internal sealed class StepProgress : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);

    private readonly string _activity;
    private readonly IReadOnlyList<string> _steps;
    private readonly Action<EngineMessage> _observer;
    private readonly object _gate = new();
    private readonly Timer _timer;
    private int _step = 1;
    private ProgressMessage? _part;
    private bool _ended;

    /// <summary>Begins with the first step.</summary>
    /// <param name="activity">What is done as a whole.</param>
    /// <param name="steps">The steps' names.</param>
    /// <param name="observer">Takes the messages.</param>
    public StepProgress(string activity, IReadOnlyList<string> steps, Action<EngineMessage> observer)
    {
        (_activity, _steps, _observer) = (activity, steps, observer);
        Tell();
        _timer = new Timer(_ => Tell(), null, Period, Period);
    }

    /// <summary>Takes what the steps say: progress becomes that of the whole, all else goes on as it is.</summary>
    /// <param name="message">The message.</param>
    public void Observe(EngineMessage message)
    {
        switch (message)
        {
            case StepMessage step:
                (_step, _part) = (step.Number, null);
                // A step may be over before the timer comes.
                Tell();
                break;
            case ProgressMessage part:
                _part = part.Completed ? null : part;
                break;
            default:
                _observer(message);
                break;
        }
    }

    /// <summary>Takes the bar away.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            if (!_ended)
            {
                _ended = true;
                _observer(new ProgressMessage(_activity, "", 1, TimeSpan.Zero, Completed: true));
            }
        }
    }

    private void Tell()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            ProgressMessage? part = _part;
            string status = part is { Status.Length: > 0 } ? ": " + part.Status : "";
            try
            {
                _observer(
                    new ProgressMessage(
                        _activity,
                        string.Create(CultureInfo.InvariantCulture, $"step {_step} of {_steps.Count}, {_steps[_step - 1]}{status}"),
                        part?.Fraction,
                        part?.Remaining
                    )
                );
            }
            catch (Exception)
            {
                // An observer that fails on a timer's thread would end the process. It is not asked again.
                _ended = true;
            }
        }
    }
}
