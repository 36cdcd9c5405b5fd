namespace CryoBackup.Stores;

/// <summary>
/// An upload in parts of one size, several at once, each repeated by itself. The memory is that of the parts on their way; what fits into
/// one part is put as a whole.
/// </summary>
internal abstract class PartedUpload : StoreUpload
{
    /// <summary>What S3 takes at least, but for the last; and what makes a round trip cheap.</summary>
    internal const int SmallestPart = 8 << 20;

    private const int Mebibyte = 1 << 20;
    private const int MostAtOnce = 4;
    private const long MemoryOnTheWay = 64L << 20;
    private static readonly TimeSpan LongestAbort = TimeSpan.FromSeconds(5);

    private readonly StoreRetry _retry;
    private readonly CancellationTokenSource _stop;
    private readonly SemaphoreSlim _room;
    private readonly Stack<byte[]> _free = new();
    private readonly List<Task<string>> _parts = [];
    private byte[]? _part;
    private int _filled;
    private string? _upload;
    private bool _committed;

    /// <summary>Prepares the upload; nothing is sent yet.</summary>
    /// <param name="key">The object's name.</param>
    /// <param name="estimate">How many bytes it may get; null if nobody knows.</param>
    /// <param name="options">The parts' number and least size.</param>
    /// <param name="retry">Repeats what may go better the next time.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    protected PartedUpload(string key, long? estimate, StoreOptions options, StoreRetry retry, CancellationToken cancellationToken)
    {
        Key = key;
        Options = options;
        _retry = retry;
        PartSize = PartSizeFor(estimate ?? 0, options.MaximumParts, options.SmallestPart);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _room = new SemaphoreSlim(AtOnce(PartSize));
    }

    /// <summary>The object's name.</summary>
    protected string Key { get; }

    /// <summary>What the location does not say.</summary>
    protected StoreOptions Options { get; }

    /// <inheritdoc/>
    public override string Mark { get; } = Guid.NewGuid().ToString("N");

    /// <summary>The size of each part but the last.</summary>
    internal int PartSize { get; }

    /// <summary>The size of parts for an object: as many mebibytes as leave the parts within their number.</summary>
    /// <param name="estimate">The object's bytes.</param>
    /// <param name="mostParts">The most parts.</param>
    /// <param name="smallest">The least size.</param>
    internal static int PartSizeFor(long estimate, int mostParts, int smallest = SmallestPart)
    {
        long least = (estimate + mostParts - 1) / mostParts;
        long whole = (least + Mebibyte - 1) / Mebibyte * Mebibyte;
        return (int)Math.Clamp(least <= smallest ? smallest : whole, smallest, Array.MaxLength / Mebibyte * (long)Mebibyte);
    }

    /// <summary>How many parts are on their way at once.</summary>
    internal static int AtOnce(int partSize) => (int)Math.Clamp(MemoryOnTheWay / partSize, 2, MostAtOnce);

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_part is not null && _filled == PartSize)
            {
                await SendAsync().ConfigureAwait(false);
            }

            _part ??= await TakeAsync().ConfigureAwait(false);
            int count = Math.Min(bytes.Length, PartSize - _filled);
            bytes[..count].CopyTo(_part.AsMemory(_filled));
            _filled += count;
            bytes = bytes[count..];
        }
    }

    /// <inheritdoc/>
    public override async Task CommitAsync()
    {
        if (_parts.Count == 0)
        {
            await CommitAsync("Putting", () => PutAsync(_part.AsMemory(0, _filled), _stop.Token)).ConfigureAwait(false);
        }
        else
        {
            if (_filled > 0)
            {
                await SendAsync().ConfigureAwait(false);
            }

            string[] tags = await Task.WhenAll(_parts).ConfigureAwait(false);
            await CommitAsync("Completing", () => CompleteAsync(_upload!, tags, _stop.Token)).ConfigureAwait(false);
        }

        _committed = true;
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_parts.Select(part => Task.WhenAny(part))).ConfigureAwait(false);
        if (!_committed && _upload is not null)
        {
            using var limit = new CancellationTokenSource(LongestAbort);
            try
            {
                await AbortAsync(_upload, limit.Token).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is not OutOfMemoryException)
            {
                // What went wrong before is the one to tell; the next run removes what is left.
                Left?.Invoke();
            }
        }

        _stop.Dispose();
        _room.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Puts the whole object, if nothing bears its name.</summary>
    protected abstract Task PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Begins an upload in parts.</summary>
    /// <returns>The upload's name.</returns>
    protected abstract Task<string> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Sends a part.</summary>
    /// <param name="upload">The upload.</param>
    /// <param name="number">Which part, from 1.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="cancellationToken">Ends the sending.</param>
    /// <returns>What the store names it.</returns>
    protected abstract Task<string> SendAsync(string upload, int number, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Makes the parts an object, if nothing bears its name.</summary>
    protected abstract Task CompleteAsync(string upload, IReadOnlyList<string> parts, CancellationToken cancellationToken);

    /// <summary>Removes the parts.</summary>
    protected abstract Task AbortAsync(string upload, CancellationToken cancellationToken);

    /// <summary>The mark of the object that bears the name; null if there is none.</summary>
    protected abstract Task<string?> FindMarkAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The one step that decides. An answer that got lost may have been a yes, and HTTP itself repeats a request now and then: whoever
    /// finds the name taken, or the parts gone, looks whose mark the object bears.
    /// </summary>
    private async Task CommitAsync(string what, Func<Task> commit)
    {
        try
        {
            await _retry.RunAsync($"{what} '{Key}'", _ => commit(), _stop.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (!_stop.IsCancellationRequested)
        {
            bool mayBeOurs = _retry.Judge(exception).Kind is StoreFaultKind.Transient or StoreFaultKind.Exists or StoreFaultKind.Missing;
            if (!mayBeOurs || !await IsOursAsync().ConfigureAwait(false))
            {
                throw;
            }
        }
    }

    private async Task<bool> IsOursAsync()
    {
        string? found = await _retry.RunAsync($"Looking at '{Key}'", _ => FindMarkAsync(_stop.Token), _stop.Token).ConfigureAwait(false);
        return string.Equals(found, Mark, StringComparison.Ordinal);
    }

    private async Task<byte[]> TakeAsync()
    {
        await _room.WaitAsync(_stop.Token).ConfigureAwait(false);
        lock (_free)
        {
            return _free.TryPop(out byte[]? part) ? part : GC.AllocateUninitializedArray<byte>(PartSize);
        }
    }

    private async Task SendAsync()
    {
        // What went wrong with an earlier part ends the upload here.
        if (_parts.Find(part => part.IsFaulted || part.IsCanceled) is { } failed)
        {
            await failed.ConfigureAwait(false);
        }

        if (_parts.Count == Options.MaximumParts)
        {
            throw new InvalidDataException(
                $"the object has more bytes than {Options.MaximumParts} parts of {PartSize / Mebibyte} MiB hold, "
                    + "which were fixed by an estimate"
            );
        }

        if (_upload is null)
        {
            int tried = 0;
            try
            {
                _upload = await _retry
                    .RunAsync(
                        $"Beginning '{Key}'",
                        failed =>
                        {
                            tried = failed;
                            return OpenAsync(_stop.Token);
                        },
                        _stop.Token
                    )
                    .ConfigureAwait(false);
            }
            catch
            {
                // It may have been begun, and only the answers were lost.
                Left?.Invoke();
                throw;
            }

            // One whose answer was lost may lie there besides.
            Begun?.Invoke(tried == 0 ? _upload : null);
        }

        _parts.Add(SendPartAsync(_upload, _parts.Count + 1, _part!, _filled));
        _part = null;
        _filled = 0;
    }

    private async Task<string> SendPartAsync(string upload, int number, byte[] part, int length)
    {
        try
        {
            return await _retry
                .RunAsync(
                    $"Sending part {number} of '{Key}'",
                    _ => SendAsync(upload, number, part.AsMemory(0, length), _stop.Token),
                    _stop.Token
                )
                .ConfigureAwait(false);
        }
        finally
        {
            lock (_free)
            {
                _free.Push(part);
            }

            _room.Release();
        }
    }
}
