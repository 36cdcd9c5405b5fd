using System.Collections.Concurrent;
using System.Diagnostics;
using System.Management.Automation;

namespace CryoBackup.Commands;

/// <summary>
/// Lets the engine work on threads of its own. What it has to say comes through one queue, and only the pipeline's thread, which waits in
/// <see cref="Run"/>, speaks to PowerShell.
/// </summary>
/// <param name="cmdlet">The cmdlet whose pipeline it is.</param>
/// <param name="display">Shows what the engine says.</param>
/// <param name="stop">What ends the engine's work.</param>
internal sealed class EnginePump(Cmdlet cmdlet, MessageDisplay display, CancellationTokenSource stop)
{
    /// <summary>
    /// Works on each item, several at once, and returns only when no thread is left, whatever happens: they have programs running.
    /// </summary>
    /// <typeparam name="TItem">What is worked on.</typeparam>
    /// <typeparam name="TResult">What the work returns.</typeparam>
    /// <param name="items">The items; none is begun once the pipeline is stopped.</param>
    /// <param name="atOnce">How many are worked on at once, each with its own progress bar.</param>
    /// <param name="work">The work, on a thread of its own; takes an item, an observer and a token.</param>
    /// <param name="ended">Called on the pipeline's thread as each ends, with its task, which is complete.</param>
    /// <exception cref="PipelineStoppedException">The pipeline was stopped.</exception>
    internal void Run<TItem, TResult>(
        IReadOnlyList<TItem> items,
        int atOnce,
        Func<TItem, Action<EngineMessage>, CancellationToken, TResult> work,
        Action<TItem, Task<TResult>> ended
    )
    {
        using BlockingCollection<Said> queue = [];
        using var closing = new HostClosing(stop);
        CancellationToken token = stop.Token;
        var running = new Dictionary<int, (TItem Item, Task<TResult> Worker)>();
        int next = 0;

        void Begin(int bar)
        {
            if (next < items.Count && !cmdlet.Stopping)
            {
                TItem item = items[next++];
                running[bar] = (item, Start(new MessageGate(queue, bar), observer => work(item, observer, token)));
            }
        }

        bool drained = false;
        try
        {
            for (int bar = 0; bar < atOnce; bar++)
            {
                Begin(bar);
            }

            while (running.Count > 0)
            {
                Said said = queue.Take(CancellationToken.None);
                if (said.Message is { } message)
                {
                    display.Show(message, said.Bar);
                    continue;
                }

                display.Complete(said.Bar);
                (TItem item, Task<TResult> worker) = running[said.Bar];
                Task.WaitAny(worker);
                running.Remove(said.Bar);
                ended(item, worker);
                Begin(said.Bar);
            }

            drained = true;
        }
        finally
        {
            // A Write call throws when the pipeline is stopped.
            if (!drained)
            {
                stop.Cancel();
            }

            Task.WaitAll([.. running.Values.Select(run => Task.WhenAny(run.Worker))], CancellationToken.None);
        }
    }

    private static Task<TResult> Start<TResult>(MessageGate gate, Func<Action<EngineMessage>, TResult> work) =>
        Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return work(gate.Post);
                }
                finally
                {
                    gate.Close();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );

    // A bare class: of the engine's types only references may stand in what PowerShell loads first.
    private sealed class Said(int bar, EngineMessage? message)
    {
        internal int Bar { get; } = bar;

        /// <summary>Null once the work has ended.</summary>
        internal EngineMessage? Message { get; } = message;
    }

    /// <summary>
    /// The way into the queue. It lets through at most five progress messages a second, so that neither the queue nor the
    /// console grows with the engine's zeal, and is silent once the work has ended.
    /// </summary>
    private sealed class MessageGate(BlockingCollection<Said> queue, int bar)
    {
        private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

        private readonly object _lock = new();
        private long _lastProgress;
        private bool _closed;

        internal void Post(EngineMessage message)
        {
            lock (_lock)
            {
                if (!_closed && IsDue(message))
                {
                    queue.Add(new Said(bar, message));
                }
            }
        }

        internal void Close()
        {
            lock (_lock)
            {
                _closed = true;
                queue.Add(new Said(bar, null));
            }
        }

        private bool IsDue(EngineMessage message)
        {
            if (message is not ProgressMessage { Completed: false })
            {
                return true;
            }

            if (_lastProgress != 0 && Stopwatch.GetElapsedTime(_lastProgress) < ProgressInterval)
            {
                return false;
            }

            _lastProgress = Stopwatch.GetTimestamp();
            return true;
        }
    }
}
