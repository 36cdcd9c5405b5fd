using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace CryoBackup.Stores;

/// <summary>A blob on its way into a container, in blocks that nobody sees before their commit. The server checks each by its
/// MD5.</summary>
internal sealed class AzureUpload(
    BlockBlobClient blob,
    StoreOptions options,
    string key,
    long? estimate,
    StoreRetry retry,
    CancellationToken cancellationToken
) : PartedUpload(key, estimate, options, retry, cancellationToken)
{
    private static readonly UploadTransferValidationOptions Checked = new() { ChecksumAlgorithm = StorageChecksumAlgorithm.MD5 };

    private static BlobRequestConditions Nothing => new() { IfNoneMatch = ETag.All };

    private Dictionary<string, string> Metadata => new() { [AzureDriver.MarkName] = Mark };

    private AccessTier? Tier => Options.StorageClass is { } tier ? new AccessTier(tier) : (AccessTier?)null;

    private BlobImmutabilityPolicy? Immutability =>
        Options is { ImmutabilityMode: { } mode, ImmutabilityDays: { } days }
            ? new BlobImmutabilityPolicy
            {
                PolicyMode = mode == "locked" ? BlobImmutabilityPolicyMode.Locked : BlobImmutabilityPolicyMode.Unlocked,
                ExpiresOn = DateTimeOffset.UtcNow.AddDays(days),
            }
            : null;

    /// <inheritdoc/>
    protected override async Task PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var how = new BlobUploadOptions
        {
            Conditions = Nothing,
            Metadata = Metadata,
            AccessTier = Tier,
            ImmutabilityPolicy = Immutability,
            TransferValidation = Checked,
            // One request: what is repeated is repeated whole.
            TransferOptions = new StorageTransferOptions
            {
                InitialTransferSize = SmallestPart * 4L,
                MaximumTransferSize = SmallestPart * 4L,
            },
        };
        using MemoryStream stream = Wrap(content);
        await blob.UploadAsync(stream, how, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Nothing is to be begun: blocks bear this upload's mark in their names.</summary>
    protected override Task<string> OpenAsync(CancellationToken cancellationToken) => Task.FromResult(Mark);

    /// <inheritdoc/>
    protected override async Task<string> SendAsync(
        string upload,
        int number,
        ReadOnlyMemory<byte> content,
        CancellationToken cancellationToken
    )
    {
        // All names of one blob's blocks have one length.
        byte[] name = new byte[20];
        Guid.Parse(Mark, CultureInfo.InvariantCulture).TryWriteBytes(name);
        BinaryPrimitives.WriteInt32BigEndian(name.AsSpan(16), number);
        string id = Convert.ToBase64String(name);
        using MemoryStream stream = Wrap(content);
        await blob.StageBlockAsync(id, stream, new BlockBlobStageBlockOptions { TransferValidation = Checked }, cancellationToken)
            .ConfigureAwait(false);
        return id;
    }

    /// <inheritdoc/>
    protected override Task CompleteAsync(string upload, IReadOnlyList<string> parts, CancellationToken cancellationToken) =>
        blob.CommitBlockListAsync(
            parts,
            new CommitBlockListOptions
            {
                Conditions = Nothing,
                Metadata = Metadata,
                AccessTier = Tier,
                ImmutabilityPolicy = Immutability,
            },
            cancellationToken
        );

    /// <summary>Nothing removes blocks without a commit; they go by themselves after a week, and with the next commit of the
    /// name.</summary>
    protected override Task AbortAsync(string upload, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    protected override async Task<string?> FindMarkAsync(CancellationToken cancellationToken) =>
        (await AzureDriver.HeadAsync(blob, Key, cancellationToken).ConfigureAwait(false))?.Mark;

    private static MemoryStream Wrap(ReadOnlyMemory<byte> content) =>
        MemoryMarshal.TryGetArray(content, out ArraySegment<byte> array) && array.Array is not null
            ? new MemoryStream(array.Array, array.Offset, array.Count, writable: false)
            : new MemoryStream([]);
}
