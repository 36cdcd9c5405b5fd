namespace CryoBackup.Stores;

/// <summary>
/// What a location does not say. What is null comes from the store's own environment variables, profiles, or the machine's identity.
/// </summary>
public sealed record StoreOptions
{
    /// <summary>The most parts that an upload has where nothing else is said: below the 10,000 of most stores.</summary>
    public const int DefaultMaximumParts = 9000;

    /// <summary>The one kind of store that this is meant for; null for whichever is named.</summary>
    public StoreKind? Kind { get; init; }

    /// <summary>The address of a server other than the vendor's own.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>S3's region.</summary>
    public string? Region { get; init; }

    /// <summary>S3's access key.</summary>
    public string? AccessKey { get; init; }

    /// <summary>S3's secret key; for Azure the account's key.</summary>
    public string? SecretKey { get; init; }

    /// <summary>True to name the bucket in the path, false in the host's name; null for the path where there is an endpoint.</summary>
    public bool? PathStyle { get; init; }

    /// <summary>S3's storage class, or Azure's access tier.</summary>
    public string? StorageClass { get; init; }

    /// <summary>S3's encryption at rest: AES256, aws:kms or aws:kms:dsse.</summary>
    public string? ServerSideEncryption { get; init; }

    /// <summary>The key of the encryption at rest.</summary>
    public string? KmsKey { get; init; }

    /// <summary>S3's Object Lock of what is put: GOVERNANCE or COMPLIANCE; null for what the bucket does by itself.</summary>
    public string? LockMode { get; init; }

    /// <summary>For how many days what is put is locked.</summary>
    public int? LockDays { get; init; }

    /// <summary>Azure's immutability of what is put: unlocked or locked; null for what the container does by itself.</summary>
    public string? ImmutabilityMode { get; init; }

    /// <summary>For how many days what is put is immutable.</summary>
    public int? ImmutabilityDays { get; init; }

    /// <summary>The most parts that an upload has.</summary>
    public int MaximumParts { get; init; } = DefaultMaximumParts;

    /// <summary>The least size of a part in bytes.</summary>
    internal int SmallestPart { get; init; } = PartedUpload.SmallestPart;

    /// <summary>The mean of the first wait before something is tried again; null for the usual.</summary>
    internal TimeSpan? FirstPause { get; init; }

    /// <summary>What of it is meant for a kind of store.</summary>
    /// <param name="kind">The kind.</param>
    internal StoreOptions For(StoreKind kind) =>
        Kind is null || Kind == kind ? this : new StoreOptions { ImmutabilityMode = ImmutabilityMode, ImmutabilityDays = ImmutabilityDays };

    /// <summary>The address of the server: what is given, or what the environment says; null for the vendor's own.</summary>
    internal Uri? FindEndpoint() =>
        Endpoint
        ?? (
            new[] { "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AZURE_STORAGE_SERVICE_ENDPOINT" }
                .Select(Environment.GetEnvironmentVariable)
                .FirstOrDefault(text => !string.IsNullOrEmpty(text))
                is { } found
            && Uri.TryCreate(found, UriKind.Absolute, out Uri? endpoint)
                ? endpoint
                : null
        );

    /// <summary>Nothing: an option may be a secret, and text ends up in logs.</summary>
    public override string ToString() => nameof(StoreOptions);
}
