using System.Net;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace CryoBackup.Stores;

/// <summary>A container of Azure Blob Storage.</summary>
internal sealed class AzureDriver(BlobContainerClient container, StoreOptions options) : IStoreDriver
{
    /// <summary>Which of a blob's own words bears the mark of who wrote it.</summary>
    internal const string MarkName = "cryobackup_upload";

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new(WritesOnce: true, HoldsLegally: true);

    /// <inheritdoc/>
    public StoreUpload Begin(string key, long? estimate, StoreRetry retry, CancellationToken cancellationToken) =>
        new AzureUpload(container.GetBlockBlobClient(key), options, key, estimate, retry, cancellationToken);

    /// <inheritdoc/>
    public Task<StoreObject?> HeadAsync(string key, CancellationToken cancellationToken) =>
        HeadAsync(container.GetBlobBaseClient(key), key, cancellationToken);

    /// <summary>Looks at a blob.</summary>
    internal static async Task<StoreObject?> HeadAsync(BlobBaseClient blob, string key, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties found = await blob.GetPropertiesAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            return new StoreObject(
                key,
                found.ContentLength,
                found.ETag.ToString(),
                found.LastModified.UtcDateTime,
                found.Metadata.TryGetValue(MarkName, out string? mark) ? mark : null
            )
            {
                BlockedUntil = found.ImmutabilityPolicy?.ExpiresOn?.UtcDateTime,
                HasLegalHold = found.HasLegalHold,
            };
        }
        catch (RequestFailedException exception) when (exception.Status == (int)HttpStatusCode.NotFound && !IsContainer(exception))
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> ReadAsync(StoreObject known, long offset, long end, CancellationToken cancellationToken)
    {
        var how = new BlobDownloadOptions
        {
            Range = new HttpRange(offset, end < known.Size ? end - offset : null),
            Conditions = new BlobRequestConditions { IfMatch = new ETag(known.Tag) },
        };
        BlobDownloadStreamingResult found = await container
            .GetBlobBaseClient(known.Key)
            .DownloadStreamingAsync(how, cancellationToken)
            .ConfigureAwait(false);
        return found.Content;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var how = new GetBlobsByHierarchyOptions { Prefix = prefix, Delimiter = "/" };
        await foreach (BlobHierarchyItem one in container.GetBlobsByHierarchyAsync(how, cancellationToken).ConfigureAwait(false))
        {
            if (one is { IsBlob: true, Blob: { } blob })
            {
                yield return new StoreObject(
                    blob.Name,
                    blob.Properties.ContentLength ?? 0,
                    blob.Properties.ETag?.ToString() ?? "",
                    blob.Properties.LastModified?.UtcDateTime ?? DateTime.UnixEpoch
                );
            }
        }
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        container.GetBlobBaseClient(key).DeleteIfExistsAsync(cancellationToken: cancellationToken);

    /// <inheritdoc/>
    public Task SetLegalHoldAsync(string key, bool isOn, CancellationToken cancellationToken) =>
        container.GetBlobBaseClient(key).SetLegalHoldAsync(isOn, cancellationToken);

    /// <summary>Nothing: blocks that no commit named go with the next commit of their name, and by themselves after a week.</summary>
    public Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string prefix,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    ) => Task.FromResult<IReadOnlyList<string>>([]);

    /// <inheritdoc/>
    public StoreFault Judge(Exception exception) =>
        exception switch
        {
            RequestFailedException { Status: > 0 } known => new StoreFault(KindOf(known), Words(known)),
            Azure.Identity.AuthenticationFailedException => new StoreFault(StoreFaultKind.Denied, Faults.Sentence(exception)),
            _ => Faults.OfNetwork(exception)
                ?? (exception is AggregateException { InnerException: { } inner } ? Judge(inner) : null)
                ?? new StoreFault(StoreFaultKind.Other, Faults.Sentence(exception)),
        };

    /// <inheritdoc/>
    public void Dispose() { }

    private static StoreFaultKind KindOf(RequestFailedException exception) =>
        exception.ErrorCode switch
        {
            "ContainerNotFound" or "ContainerBeingDeleted" or "AccountIsDisabled" => StoreFaultKind.NoContainer,
            "BlobAlreadyExists" => StoreFaultKind.Exists,
            "BlobImmutableDueToPolicy" => StoreFaultKind.Denied,
            "Md5Mismatch" or "OperationTimedOut" or "ServerBusy" => StoreFaultKind.Transient,
            // The blocks went with another's commit.
            "InvalidBlockList" => StoreFaultKind.Missing,
            _ => Faults.Of((HttpStatusCode)exception.Status),
        };

    private static bool IsContainer(RequestFailedException exception) => exception.ErrorCode == "ContainerNotFound";

    // The whole message holds all headers of the answer.
    private static string Words(RequestFailedException exception) =>
        exception.ErrorCode is { Length: > 0 } code ? $"{code}: {Faults.Sentence(exception)}" : Faults.Sentence(exception);
}
