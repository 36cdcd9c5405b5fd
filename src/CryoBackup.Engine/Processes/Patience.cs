namespace CryoBackup.Processes;

/// <summary>
/// The end of work that a server may hold up. Npgsql cancels by asking the server and waits for its answer, so a frozen server would
/// keep us from ending the rest.
/// </summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <summary>Runs work on the server and, once cancelled, waits no longer than three seconds for it to give in.</summary>
    /// <param name="work">The work; its token is cancelled on another thread.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="OperationCanceledException">It was cancelled, and may still be waiting for the server.</exception>
    public static async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        // Not disposed of: the abandoned work may still look at it.
        var inner = new CancellationTokenSource();
        Task task = work(inner.Token);
        try
        {
            await task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = Task.Run(inner.Cancel, CancellationToken.None);
            await EndAsync(task).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits for the end of work that was told to end, whatever its outcome, but no longer than three seconds.</summary>
    public static async Task EndAsync(Task work)
    {
        await Task.WhenAny(work, Task.Delay(Limit, CancellationToken.None)).ConfigureAwait(false);
        _ = work.ContinueWith(
            static ended => ended.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default
        );
    }
}
