using CryoBackup.Streams;

namespace CryoBackup.Restore;

/// <summary>
/// Feeds an archive to pg_restore, which closes its input when it has what it was told to restore, or has failed. The rest is not written
/// any more, but the archive is read on: it is proven to its end.
/// </summary>
/// <param name="input">pg_restore's standard input.</param>
/// <param name="finish">Waits for its end, and throws where that was a failure.</param>
internal sealed class ArchiveFeed(Stream input, Action finish) : WriteOnlyStream
{
    private bool _isClosed;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_isClosed)
        {
            return;
        }

        try
        {
            input.Write(buffer);
        }
        catch (IOException)
        {
            _isClosed = true;
            finish();
        }
    }

    /// <inheritdoc/>
    public override void Complete()
    {
        if (_isClosed)
        {
            return;
        }

        _isClosed = true;
        try
        {
            input.Dispose();
        }
        catch (IOException)
        {
            // It has closed it itself.
        }

        finish();
    }
}
