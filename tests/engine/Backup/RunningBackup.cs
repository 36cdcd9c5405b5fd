using System.Collections.Concurrent;
using CryoBackup.Backup;

namespace CryoBackup.Tests.Backup;

/// <summary>A backup that runs beside the test, which can watch and disturb it.</summary>
internal sealed class RunningBackup : IDisposable
{
    // Only so that a hang becomes a failed test.
    private static readonly TimeSpan Hang = TimeSpan.FromMinutes(2);

    private readonly CancellationTokenSource _user = new();
    private readonly TaskCompletionSource _rows = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task<BackupInfo> _run;

    public RunningBackup(BackupRequest request)
    {
        _run = Task.Factory.StartNew(
            () => BackupWriter.Run(request, Observe, _user.Token),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default
        );
    }

    public ConcurrentQueue<EngineMessage> Messages { get; } = new();

    /// <summary>Waits until pg_dump sends rows of the slow table.</summary>
    public async Task WaitForRowsAsync()
    {
        Task first = await Task.WhenAny(_rows.Task, _run).WaitAsync(Hang);
        if (first == _run)
        {
            await _run;
            Assert.Fail("The backup ended before it could be disturbed.");
        }
    }

    public void Cancel() => _user.Cancel();

    public Task<BackupInfo> ResultAsync() => _run.WaitAsync(Hang);

    public async Task<CryoBackupException> FailureAsync() => await Assert.ThrowsAsync<CryoBackupException>(ResultAsync);

    public void Dispose()
    {
        _user.Cancel();
        ((IAsyncResult)_run).AsyncWaitHandle.WaitOne(Hang);
        _ = _run.Exception;
        _user.Dispose();
    }

    private void Observe(EngineMessage message)
    {
        Messages.Enqueue(message);
        if (message is ProgressMessage progress && progress.Status.Contains(SlowDatabase.Table, StringComparison.Ordinal))
        {
            _rows.TrySetResult();
        }
    }
}
