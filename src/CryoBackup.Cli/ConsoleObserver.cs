using System.Diagnostics;
using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Cli;

/// <summary>Writes what the engine says to standard error. Progress is one line that is redrawn,
/// and only where a person can see it.</summary>
internal sealed class ConsoleObserver(bool verbose) : IDisposable
{
    private static readonly TimeSpan s_betweenRedraws = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly bool _showsProgress =
        !Console.IsErrorRedirected && !string.Equals(Environment.GetEnvironmentVariable("TERM"), "dumb", StringComparison.Ordinal);
    private long _lastDrawn;
    private int _drawnWidth;

    public void Observe(EngineMessage message)
    {
        lock (_lock)
        {
            switch (message)
            {
                case ProgressMessage progress when _showsProgress:
                    Draw(progress);
                    break;
                case WarningMessage warning:
                    WriteLine($"cryobackup: warning: {warning.Text}");
                    break;
                case VerboseMessage said when verbose:
                    WriteLine(said.Text);
                    break;
            }
        }
    }

    public void Say(string text)
    {
        lock (_lock)
        {
            WriteLine(text);
        }
    }

    /// <summary>Prints a failure: the sentence, the tool's last words, what to do.</summary>
    public void Fail(CryoBackupException failure)
    {
        lock (_lock)
        {
            WriteLine($"cryobackup: {failure.Message}");
            foreach (string line in failure.StandardError)
            {
                WriteLine($"    {line}");
            }
            if (failure.Remedy is not null)
            {
                WriteLine($"Remedy: {failure.Remedy}");
            }
            if (verbose)
            {
                string cause = failure.InnerException is { } inner ? $", caused by {inner.GetType().Name}: {inner.Message}" : "";
                WriteLine($"Error: {failure.Error}{cause}");
            }
        }
    }

    /// <summary>Prints a failure that the engine did not foresee: our mistake, so its trace is what a report needs.</summary>
    public void FailUnexpectedly(Exception exception)
    {
        lock (_lock)
        {
            WriteLine($"cryobackup: unexpected {exception.GetType().Name}: {exception.Message}");
            foreach (
                string line in verbose
                    ? exception.ToString().Split('\n')
                    : ["Remedy: this is a mistake in CryoBackup; run again with --verbose and report what it prints."]
            )
            {
                WriteLine(line.TrimEnd('\r'));
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            Erase();
        }
    }

    private void WriteLine(string text)
    {
        Erase();
        Console.Error.WriteLine(VisibleText.Of(text));
    }

    private void Draw(ProgressMessage progress)
    {
        if (progress.Completed)
        {
            Erase();
            return;
        }
        if (_drawnWidth > 0 && Stopwatch.GetElapsedTime(_lastDrawn) < s_betweenRedraws)
        {
            return;
        }
        string percent = progress.Fraction is { } fraction
            ? string.Create(CultureInfo.InvariantCulture, $"  {Math.Floor(fraction * 100):0} %")
            : "";
        string remaining = progress.Remaining is { } time ? $"  {DurationText.About(time)} left" : "";
        string line = VisibleText.Of($"{progress.Activity}{percent}{remaining}  {progress.Status}");
        int width = Math.Max(20, Console.WindowWidth) - 1;
        line = line.Length > width ? line[..width] : line;
        Console.Error.Write($"\r{line.PadRight(_drawnWidth)}");
        _drawnWidth = line.Length;
        _lastDrawn = Stopwatch.GetTimestamp();
    }

    private void Erase()
    {
        if (_drawnWidth > 0)
        {
            Console.Error.Write($"\r{new string(' ', _drawnWidth)}\r");
            _drawnWidth = 0;
        }
    }
}
