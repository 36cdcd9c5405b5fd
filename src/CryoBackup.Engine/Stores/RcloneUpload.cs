using CryoBackup.Processes;

namespace CryoBackup.Stores;

/// <summary>An object on its way through rclone's standard input to a temporary name.</summary>
internal sealed class RcloneUpload : StoreUpload
{
    private static readonly TimeSpan LongestAbort = TimeSpan.FromSeconds(5);

    private readonly RcloneDriver _driver;
    private readonly string _key;
    private readonly CancellationToken _cancellation;
    private readonly ToolProcess _rclone;
    private bool _committed;

    /// <summary>Starts the program.</summary>
    /// <param name="driver">The remote.</param>
    /// <param name="key">The object's name.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public RcloneUpload(RcloneDriver driver, string key, CancellationToken cancellationToken)
    {
        _driver = driver;
        _key = key;
        _cancellation = cancellationToken;
        _rclone = ToolProcess.Start(driver.Command("rcat", driver.Target(Partial)) with { WritesInput = true }, cancellationToken);
    }

    private string Partial => _key + RcloneDriver.PartialSuffix;

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _rclone.StandardInput.WriteAsync(bytes, _cancellation).ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It no longer reads; its exit says why.
            Finish();
            throw;
        }
    }

    /// <inheritdoc/>
    public override async Task CommitAsync()
    {
        try
        {
            await _rclone.StandardInput.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The program ended before it read everything; its exit code says so.
        }

        await Task.Run(Finish, CancellationToken.None).ConfigureAwait(false);
        await _driver.MoveAsync(Partial, _key, _cancellation).ConfigureAwait(false);
        _committed = true;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        // Killed before its standard input ends, so that it cannot take a part for the whole.
        _rclone.Dispose();
        if (_committed)
        {
            return;
        }

        using var limit = new CancellationTokenSource(LongestAbort);
        try
        {
            await _driver.DeleteAsync(Partial, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // What went wrong before is the one to tell; the next run removes what is left.
            Left?.Invoke();
        }
    }

    private void Finish()
    {
        int code = _rclone.WaitForExit(_cancellation);
        if (code != 0)
        {
            throw RcloneDriver.Failed(code, _rclone.StandardErrorTail);
        }
    }
}
