using System.Buffers;
using System.Globalization;
using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>A file of a new backup on its way into a store.</summary>
internal sealed class StoreOutput : BackupOutput
{
    private static readonly TimeSpan LongestRemoval = TimeSpan.FromSeconds(5);

    private readonly Store _store;
    private readonly string _name;
    private readonly UploadStream _stream;
    private readonly UploadJournal? _journal;
    private readonly Action<EngineMessage> _observer;
    private readonly CancellationToken _cancellation;
    private bool _asked;
    private bool _isUnknown;
    private bool _committed;
    private bool _withdrawn;

    /// <summary>Begins the upload; nothing is sent before a part is full.</summary>
    /// <param name="store">The store.</param>
    /// <param name="name">The file's name.</param>
    /// <param name="estimate">How many bytes there may be; null if nobody knows.</param>
    /// <param name="journal">Records the upload; null for nothing.</param>
    /// <param name="observer">Takes warnings.</param>
    /// <param name="cancellationToken">Ends the upload.</param>
    public StoreOutput(
        Store store,
        string name,
        long? estimate,
        UploadJournal? journal,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        _store = store;
        _name = name;
        _journal = journal;
        _observer = observer;
        _cancellation = cancellationToken;
        _stream = new UploadStream(store, name, () => store.Begin(name, estimate, journal, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    public override string FinalPath => _store.Location.PathOf(_name);

    /// <inheritdoc/>
    public override Stream Stream => _stream;

    /// <summary>Nothing: what is sent lies in the store, without a name.</summary>
    public override void Complete() { }

    /// <inheritdoc/>
    public override void Publish()
    {
        _asked = true;
        _isUnknown = true;
        try
        {
            Wait(_stream.Upload.CommitAsync);
            _committed = true;
            _isUnknown = false;
        }
        catch (CryoBackupException exception) when (exception.Error != CryoBackupError.LocationUnreachable)
        {
            // The store has refused it.
            _isUnknown = false;
            throw;
        }

        if (BackupFolder.IsManifest(_name))
        {
            // Now it is a backup, whatever else is asked of the store.
            return;
        }

        StoreObject? found = Wait(() => _store.HeadAsync(_name, _cancellation));
        BlockedUntil = found?.BlockedUntil;
        long size = found?.Size ?? -1;
        if (size != _stream.Length)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{FinalPath}' was put with {_stream.Length} bytes, and the store has {(size < 0 ? "none" : size)} of them."
                ),
                FinalPath,
                "Find out what changes or removes what is put there; it is no place for backups as it is."
            );
        }
    }

    /// <inheritdoc/>
    public override bool MayStillCome => _asked && _isUnknown;

    /// <inheritdoc/>
    public override void Leave()
    {
        _journal?.Leave();
        _observer(
            new WarningMessage(
                $"'{FinalPath}' is left there: whether its manifest arrived is not known. With it, it is a backup; without, the next "
                    + "run to the same place from this machine removes it."
            )
        );
    }

    /// <summary>Takes it back, unless the manifest is there or may be: then it is a backup.</summary>
    public override void Withdraw() => _withdrawn = true;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _stream.Dispose();
        if (!_asked || !_withdrawn || BackupFolder.IsManifest(_name))
        {
            return;
        }

        using var limit = new CancellationTokenSource(LongestRemoval);
        try
        {
            if (RemoveAsync(limit.Token).GetAwaiter().GetResult())
            {
                return;
            }
        }
        catch (Exception exception) when (exception is CryoBackupException or OperationCanceledException)
        {
            // Some may write and not delete, or the store is out of reach by now.
        }

        _journal?.Leave();
        _observer(
            new WarningMessage(
                $"'{FinalPath}' could not be removed again; it is no backup without its manifest, and the next run to the same place "
                    + "from this machine removes it where it may."
            )
        );
    }

    /// <summary>Removes it if it is there and is this run's.</summary>
    /// <returns>False if its manifest is there, or what is there is not known.</returns>
    private async Task<bool> RemoveAsync(CancellationToken cancellationToken)
    {
        string manifest = BackupFolder.OfFile(_name) + BackupFileName.ManifestSuffix;
        if (await _store.HeadAsync(manifest, cancellationToken).ConfigureAwait(false) is not null)
        {
            return false;
        }

        string mark = _stream.Upload.Mark;
        if (
            await _store.HeadAsync(_name, cancellationToken).ConfigureAwait(false) is { } found
            && (found.Mark is { Length: > 0 } ? string.Equals(found.Mark, mark, StringComparison.Ordinal) : _committed)
        )
        {
            await _store.DeleteAsync(_name, cancellationToken).ConfigureAwait(false);
        }

        return true;
    }

    private void Wait(Func<Task> work) =>
        Wait(async () =>
        {
            await work().ConfigureAwait(false);
            return true;
        });

    private T Wait<T>(Func<Task<T>> work)
    {
        try
        {
            return work().GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            _cancellation.ThrowIfCancellationRequested();
            throw _store.Explain(exception, _name);
        }
    }

    /// <summary>What is written goes to the upload. A fault of the store is an <see cref="IOException"/>, as of a disk.</summary>
    private sealed class UploadStream(Store store, string name, Func<StoreUpload> begin, CancellationToken cancellationToken) : Stream
    {
        private long _length;

        public StoreUpload Upload { get; private set; } = begin();

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            byte[] bytes = ArrayPool<byte>.Shared.Rent(buffer.Length);
            try
            {
                buffer.CopyTo(bytes);
                Upload.WriteAsync(bytes.AsMemory(0, buffer.Length)).AsTask().GetAwaiter().GetResult();
                _length += buffer.Length;
            }
            catch (Exception exception)
            {
                cancellationToken.ThrowIfCancellationRequested();
                CryoBackupException failure = store.Explain(exception, name);
                throw new IOException(failure.Message, failure);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(bytes);
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        /// <summary>Begins anew.</summary>
        public override void SetLength(long value)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(value, 0);
            Upload.DisposeAsync().AsTask().GetAwaiter().GetResult();
            Upload = begin();
            _length = 0;
        }

        public override void Flush() { }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                Upload.DisposeAsync().AsTask().GetAwaiter().GetResult();
            }

            base.Dispose(disposing);
        }
    }
}
