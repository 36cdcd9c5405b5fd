using System.Net;
using System.Runtime.CompilerServices;
using System.Xml;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace CryoBackup.Stores;

/// <summary>A bucket of S3.</summary>
internal sealed class S3Driver(IAmazonS3 client, StoreLocation location, StoreOptions options, bool isAmazon) : IStoreDriver
{
    /// <summary>Which of an object's own words bears the mark of who wrote it.</summary>
    internal const string MarkName = "x-amz-meta-cryobackup-upload";

    /// <inheritdoc/>
    public StoreCapabilities Capabilities { get; } = new(WritesOnce: true, HoldsLegally: true);

    /// <inheritdoc/>
    public StoreUpload Begin(string key, long? estimate, StoreRetry retry, CancellationToken cancellationToken) =>
        new S3Upload(new S3Bucket(client, location.Container, isAmazon), options, key, estimate, retry, cancellationToken);

    /// <inheritdoc/>
    public Task<StoreObject?> HeadAsync(string key, CancellationToken cancellationToken) =>
        HeadAsync(client, location.Container, key, cancellationToken);

    /// <summary>Looks at an object.</summary>
    internal static async Task<StoreObject?> HeadAsync(IAmazonS3 client, string bucket, string key, CancellationToken cancellationToken)
    {
        try
        {
            GetObjectMetadataResponse found = await client
                .GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = bucket, Key = key }, cancellationToken)
                .ConfigureAwait(false);
            return new StoreObject(
                key,
                found.ContentLength,
                found.ETag ?? "",
                (found.LastModified ?? DateTime.UnixEpoch).ToUniversalTime(),
                found.Metadata[MarkName]
            )
            {
                BlockedUntil = found.ObjectLockRetainUntilDate?.ToUniversalTime(),
                HasLegalHold = found.ObjectLockLegalHoldStatus == ObjectLockLegalHoldStatus.On,
            };
        }
        // An answer to HEAD has no body that could tell a missing bucket; the next request to it does.
        catch (AmazonS3Exception exception)
            when (exception.StatusCode == HttpStatusCode.NotFound && exception.ErrorCode is not "NoSuchBucket")
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<Stream> ReadAsync(StoreObject known, long offset, long end, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = location.Container,
            Key = known.Key,
            EtagToMatch = known.Tag.Length > 0 ? known.Tag : null,
        };
        if (offset > 0 || end < known.Size)
        {
            request.ByteRange = new ByteRange(offset, end - 1);
        }

        GetObjectResponse response = await client.GetObjectAsync(request, cancellationToken).ConfigureAwait(false);
        return response.ResponseStream;
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoreObject> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request
        {
            BucketName = location.Container,
            Prefix = prefix,
            // What lies below this place is somebody else's, and may be a million.
            Delimiter = "/",
        };
        ListObjectsV2Response page;
        do
        {
            page = await client.ListObjectsV2Async(request, cancellationToken).ConfigureAwait(false);
            foreach (S3Object one in page.S3Objects ?? [])
            {
                DateTime modified = (one.LastModified ?? DateTime.UnixEpoch).ToUniversalTime();
                yield return new StoreObject(one.Key, one.Size ?? 0, one.ETag ?? "", modified);
            }

            request.ContinuationToken = page.NextContinuationToken;
        } while (page.IsTruncated == true);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string key, CancellationToken cancellationToken) =>
        client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = location.Container, Key = key }, cancellationToken);

    /// <inheritdoc/>
    public Task SetLegalHoldAsync(string key, bool isOn, CancellationToken cancellationToken) =>
        client.PutObjectLegalHoldAsync(
            new PutObjectLegalHoldRequest
            {
                BucketName = location.Container,
                Key = key,
                LegalHold = new ObjectLockLegalHold { Status = isOn ? ObjectLockLegalHoldStatus.On : ObjectLockLegalHoldStatus.Off },
            },
            cancellationToken
        );

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> RemoveUnfinishedAsync(
        string prefix,
        Predicate<UnfinishedUpload> isDead,
        CancellationToken cancellationToken
    )
    {
        var removed = new List<string>();
        var request = new ListMultipartUploadsRequest { BucketName = location.Container, Prefix = prefix };
        ListMultipartUploadsResponse page;
        do
        {
            try
            {
                page = await client.ListMultipartUploadsAsync(request, cancellationToken).ConfigureAwait(false);
            }
            catch (AmazonS3Exception exception) when (exception.StatusCode == HttpStatusCode.NotImplemented)
            {
                // A server that cannot list them; it removes them by a rule of its own, or keeps them.
                break;
            }

            foreach (MultipartUpload one in page.MultipartUploads ?? [])
            {
                // Some servers list all that they have.
                DateTime begun = (one.Initiated ?? DateTime.UtcNow).ToUniversalTime();
                if (one.Key.StartsWith(prefix, StringComparison.Ordinal) && isDead(new UnfinishedUpload(one.Key, one.UploadId, begun)))
                {
                    var abort = new AbortMultipartUploadRequest
                    {
                        BucketName = location.Container,
                        Key = one.Key,
                        UploadId = one.UploadId,
                    };
                    await client.AbortMultipartUploadAsync(abort, cancellationToken).ConfigureAwait(false);
                    removed.Add(one.Key);
                }
            }

            request.KeyMarker = page.NextKeyMarker;
            request.UploadIdMarker = page.NextUploadIdMarker;
        } while (page.IsTruncated == true);

        return removed;
    }

    /// <inheritdoc/>
    public StoreFault Judge(Exception exception) =>
        exception switch
        {
            AmazonS3Exception { ErrorCode: "NoSuchBucket" } => new StoreFault(StoreFaultKind.NoContainer, Words(exception)),
            // Two writers at the very same moment; and bytes that came otherwise than they were sent.
            AmazonS3Exception
            {
                ErrorCode: "ConditionalRequestConflict"
                    or "OperationAborted"
                    or "RequestTimeout"
                    // These may come with the status of a success, from a request that took long.
                    or "InternalError"
                    or "ServiceUnavailable"
                    or "SlowDown"
                    or "BadDigest"
                    or "XAmzContentSHA256Mismatch"
                    or "XAmzContentChecksumMismatch"
            } => new StoreFault(StoreFaultKind.Transient, Words(exception)),
            AmazonS3Exception { ErrorCode: "RequestTimeTooSkewed" } => new StoreFault(
                StoreFaultKind.Denied,
                "the clocks of this machine and of the server differ by more than the server allows"
            ),
            AmazonS3Exception { StatusCode: not 0 } known when known.InnerException is null || (int)known.StatusCode >= 300 =>
                new StoreFault(Faults.Of(known.StatusCode), Words(known)),
            // A yes that was cut short.
            XmlException or AmazonUnmarshallingException => new StoreFault(StoreFaultKind.Transient, "the server's answer was cut short"),
            AmazonServiceException { StatusCode: >= HttpStatusCode.MultipleChoices } known => new StoreFault(
                Faults.Of(known.StatusCode),
                Words(known)
            ),
            _ => Faults.OfNetwork(exception)
                ?? new StoreFault(
                    // No credentials anywhere in the chain.
                    exception is AmazonClientException
                        ? StoreFaultKind.Denied
                        : StoreFaultKind.Other,
                    Faults.Sentence(exception)
                ),
        };

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static string Words(Exception exception) =>
        exception is AmazonServiceException { ErrorCode: { Length: > 0 } code } known
        && !known.Message.Contains(code, StringComparison.Ordinal)
            ? $"{code}: {Faults.Sentence(exception)}"
            : Faults.Sentence(exception);
}
