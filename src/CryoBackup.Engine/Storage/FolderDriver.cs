using CryoBackup.Stores;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>A folder as a store: an object's key is its full path. Who writes holds the folder's lock, and what died is removed with its
/// taking.</summary>
internal sealed class FolderDriver : IStoreDriver
{
    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new(WritesOnce: true);

    /// <inheritdoc/>
    public StoreUpload Begin(string key, long? estimate, StoreRetry retry, CancellationToken cancellationToken) => new FolderUpload(key);

    /// <inheritdoc/>
    public Task<StoreObject?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        var file = new FileInfo(key);
        return Task.FromResult(file.Exists ? Describe(key, file) : null);
    }

    /// <inheritdoc/>
    public Task<Stream> ReadAsync(StoreObject known, long offset, long end, CancellationToken cancellationToken)
    {
        FileStream file = RegularFile.Read(known.Key);
        file.Position = offset;
        return Task.FromResult<Stream>(file);
    }

    /// <summary>Nothing that is asked of a folder: <see cref="FolderListing"/> lists it.</summary>
    public IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        File.Delete(key);
        return Task.CompletedTask;
    }

    /// <summary>Nothing that a folder has.</summary>
    public Task SetLegalHoldAsync(string key, bool isOn, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <summary>Nothing: it went when the lock was taken.</summary>
    public Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string prefix,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <inheritdoc/>
    public StoreFault Judge(Exception exception) =>
        exception is UnauthorizedAccessException
            ? new StoreFault(StoreFaultKind.Denied, exception.Message.TrimEnd('.'))
            : new StoreFault(StoreFaultKind.Other, exception.Message.TrimEnd('.'));

    /// <inheritdoc/>
    public void Dispose() { }

    private static StoreObject Describe(string key, FileInfo file) =>
        new(key, file.Length, $"{file.Length}-{file.LastWriteTimeUtc.Ticks}", file.LastWriteTimeUtc);

    /// <summary>A file on its way into a folder.</summary>
    private sealed class FolderUpload(string key) : StoreUpload
    {
        private readonly PartialFile _file = new(key);

        /// <inheritdoc/>
        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes)
        {
            try
            {
                await _file.Stream.WriteAsync(bytes).ConfigureAwait(false);
            }
            catch (IOException exception)
            {
                throw PartialFile.Translate(exception, key);
            }
        }

        /// <inheritdoc/>
        public override Task CommitAsync()
        {
            _file.Publish();
            return Task.CompletedTask;
        }

        /// <inheritdoc/>
        public override ValueTask DisposeAsync()
        {
            _file.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
