using System.Net;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;

namespace CryoBackup.Stores;

/// <summary>A bucket, and how it is reached.</summary>
/// <param name="Client">Speaks to it.</param>
/// <param name="Name">Its name.</param>
/// <param name="IsAmazon">True if it is Amazon's own.</param>
internal sealed record S3Bucket(IAmazonS3 Client, string Name, bool IsAmazon);

/// <summary>An object on its way into a bucket. The server checks each part: by its MD5, and, where it is not Amazon's, by a signed
/// SHA-256.</summary>
/// <param name="bucket">The bucket.</param>
/// <param name="options">How it is written.</param>
/// <param name="key">Its key.</param>
/// <param name="estimate">About how many bytes it will have; null for not known.</param>
/// <param name="retry">Repeats what may go better the next time.</param>
/// <param name="cancellationToken">Ends it.</param>
internal sealed class S3Upload(
    S3Bucket bucket,
    StoreOptions options,
    string key,
    long? estimate,
    StoreRetry retry,
    CancellationToken cancellationToken
) : PartedUpload(key, estimate, options, retry, cancellationToken)
{
    private const string Nothing = "*";

    // A few stores do not know the condition; there the look beforehand is all that keeps from replacing.
    private bool _asksCondition = true;

    /// <inheritdoc/>
    protected override Task PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        OnceAsync(
            async condition =>
            {
                using MemoryStream stream = Wrap(content);
                var request = new PutObjectRequest
                {
                    BucketName = bucket.Name,
                    Key = Key,
                    InputStream = stream,
                    AutoCloseStream = false,
                    UseChunkEncoding = bucket.IsAmazon,
                    IfNoneMatch = condition,
                    StorageClass = Options.StorageClass is { } storage ? new S3StorageClass(storage) : null,
                    ServerSideEncryptionMethod = Encryption,
                    ServerSideEncryptionKeyManagementServiceKeyId = Options.KmsKey,
                    ChecksumAlgorithm = bucket.IsAmazon ? ChecksumAlgorithm.SHA256 : null,
                    MD5Digest = bucket.IsAmazon ? null : Md5(content),
                    ObjectLockMode = Lock,
                    ObjectLockRetainUntilDate = LockedUntil,
                };
                request.Metadata[S3Driver.MarkName] = Mark;
                PutObjectResponse put = await bucket.Client.PutObjectAsync(request, cancellationToken).ConfigureAwait(false);
                RequireAnswer(put.ETag);
            },
            cancellationToken
        );

    /// <inheritdoc/>
    protected override async Task<string> OpenAsync(CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = bucket.Name,
            Key = Key,
            StorageClass = Options.StorageClass is { } storage ? new S3StorageClass(storage) : null,
            ServerSideEncryptionMethod = Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = Options.KmsKey,
            ChecksumAlgorithm = bucket.IsAmazon ? ChecksumAlgorithm.SHA256 : null,
            ObjectLockMode = Lock,
            ObjectLockRetainUntilDate = LockedUntil,
        };
        request.Metadata[S3Driver.MarkName] = Mark;
        InitiateMultipartUploadResponse begun = await bucket
            .Client.InitiateMultipartUploadAsync(request, cancellationToken)
            .ConfigureAwait(false);
        return begun.UploadId;
    }

    /// <inheritdoc/>
    protected override async Task<string> SendAsync(
        string upload,
        int number,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    )
    {
        using MemoryStream stream = Wrap(content);
        var request = new UploadPartRequest
        {
            BucketName = bucket.Name,
            Key = Key,
            UploadId = upload,
            PartNumber = number,
            PartSize = content.Length,
            InputStream = stream,
            UseChunkEncoding = bucket.IsAmazon,
            ChecksumAlgorithm = bucket.IsAmazon ? ChecksumAlgorithm.SHA256 : null,
            MD5Digest = bucket.IsAmazon ? null : Md5(content),
        };
        UploadPartResponse sent = await bucket.Client.UploadPartAsync(request, cancellationToken).ConfigureAwait(false);
        RequireAnswer(sent.ETag);
        // Amazon wants the checksum of each part named again at the end.
        return $"{sent.ETag}\n{sent.ChecksumSHA256}";
    }

    /// <inheritdoc/>
    protected override Task CompleteAsync(string upload, IReadOnlyList<string> parts, CancellationToken cancellationToken) =>
        OnceAsync(
            condition =>
                bucket.Client.CompleteMultipartUploadAsync(
                    new CompleteMultipartUploadRequest
                    {
                        BucketName = bucket.Name,
                        Key = Key,
                        UploadId = upload,
                        IfNoneMatch = condition,
                        PartETags = [.. parts.Select(Part)],
                    },
                    cancellationToken
                ),
            cancellationToken
        );

    /// <inheritdoc/>
    protected override Task AbortAsync(string upload, CancellationToken cancellationToken) =>
        bucket.Client.AbortMultipartUploadAsync(
            new AbortMultipartUploadRequest
            {
                BucketName = bucket.Name,
                Key = Key,
                UploadId = upload,
            },
            cancellationToken
        );

    /// <inheritdoc/>
    protected override async Task<string?> FindMarkAsync(CancellationToken cancellationToken) =>
        (await S3Driver.HeadAsync(bucket.Client, bucket.Name, Key, cancellationToken).ConfigureAwait(false))?.Mark;

    private ObjectLockMode? Lock => Options.LockMode is { } mode ? new ObjectLockMode(mode) : null;

    private DateTime? LockedUntil => Options is { LockMode: not null, LockDays: { } days } ? DateTime.UtcNow.AddDays(days) : null;

    private ServerSideEncryptionMethod? Encryption => Options.ServerSideEncryption is { } method ? new(method) : null;

    private static PartETag Part(string tag, int index)
    {
        string[] pair = tag.Split('\n');
        return new PartETag(index + 1, pair[0]) { ChecksumSHA256 = pair[1].Length > 0 ? pair[1] : null };
    }

    private async Task OnceAsync(Func<string?, Task> write, CancellationToken cancellationToken)
    {
        if (_asksCondition)
        {
            try
            {
                await write(Nothing).ConfigureAwait(false);
                return;
            }
            catch (AmazonServiceException exception) when (exception.StatusCode == HttpStatusCode.NotImplemented)
            {
                _asksCondition = false;
            }
        }

        if (await S3Driver.HeadAsync(bucket.Client, bucket.Name, Key, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new AmazonS3Exception("an object of that name is there") { StatusCode = HttpStatusCode.PreconditionFailed };
        }

        await write(null).ConfigureAwait(false);
    }

    // A proxy's empty yes is none of the server's.
    private static void RequireAnswer(string? tag)
    {
        if (string.IsNullOrEmpty(tag))
        {
            throw new EndOfStreamException("the server's answer was empty");
        }
    }

    private static MemoryStream Wrap(ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) && array.Array is not null
            ? new MemoryStream(array.Array, array.Offset, array.Count, writable: false)
            : new MemoryStream([]);

    // Not a safeguard against an enemy but the one checksum that every server of this protocol knows.
#pragma warning disable CA5351
    private static string Md5(ReadOnlyMemory<byte> content) => Convert.ToBase64String(MD5.HashData(content.Span));
#pragma warning restore CA5351
}
