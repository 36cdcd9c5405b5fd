namespace CryoBackup.Stores;

/// <summary>
/// A store, as its vendor speaks it. Each call is one attempt, and throws what it throws; <see cref="Judge"/> tells what that means.
/// What writes takes a mark, which is kept with the object: by it the writer knows its own where an answer was lost. Nothing is ever
/// replaced.
/// </summary>
internal interface IStoreDriver : IDisposable
{
    /// <summary>What the store can do.</summary>
    StoreCapabilities Capabilities { get; }

    /// <summary>Begins to put an object.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="estimate">How many bytes it may get, which fixes the parts' size; null if nobody knows.</param>
    /// <param name="retry">Repeats what may go better the next time.</param>
    /// <param name="cancellationToken">Ends what the upload does.</param>
    StoreUpload Begin(string key, long? estimate, StoreRetry retry, CancellationToken cancellationToken);

    /// <summary>Looks at an object.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>What is known of it; null if there is none.</returns>
    Task<StoreObject?> HeadAsync(string key, CancellationToken cancellationToken);

    /// <summary>Reads a part of an object.</summary>
    /// <param name="known">The object, which must be the same still.</param>
    /// <param name="offset">Where to begin; less than its size.</param>
    /// <param name="end">The byte before which to end, at most its size. A stream that goes on beyond it is no fault.</param>
    /// <param name="cancellationToken">Ends the opening.</param>
    Task<Stream> ReadAsync(StoreObject known, long offset, long end, CancellationToken cancellationToken);

    /// <summary>Lists what begins with a prefix.</summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    IAsyncEnumerable<StoreObject> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes an object. One that is not there is no fault.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Puts the store's own legal hold on an object, or takes it off.</summary>
    /// <param name="key">Its name.</param>
    /// <param name="isOn">True to hold it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    Task SetLegalHoldAsync(string key, bool isOn, CancellationToken cancellationToken);

    /// <summary>Removes what uploads that died have left and no listing shows.</summary>
    /// <param name="prefix">What the names of their objects begin with.</param>
    /// <param name="isDead">Tells whether one is ours and dead: others put theirs beside it, and another run may be at it.</param>
    /// <param name="cancellationToken">Ends the request.</param>
    /// <returns>The objects' names.</returns>
    Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string prefix,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    );

    /// <summary>What an exception of another call means.</summary>
    /// <param name="exception">What was thrown; not a cancellation by the caller.</param>
    StoreFault Judge(Exception exception);
}

/// <summary>An upload that no commit has ended.</summary>
/// <param name="Key">The object's name.</param>
/// <param name="Id">What the store calls the upload; empty where it has no name.</param>
/// <param name="Begun">When it was begun, or last written to, in UTC.</param>
internal sealed record UnfinishedUpload(string Key, string Id, DateTime Begun);

/// <summary>What a store can do.</summary>
/// <param name="WritesOnce">True if the store itself refuses to replace an object; else only a look beforehand keeps from it.</param>
/// <param name="HoldsLegally">True if its objects can have a legal hold, where the bucket or container was made for it.</param>
internal sealed record StoreCapabilities(bool WritesOnce, bool HoldsLegally = false);
