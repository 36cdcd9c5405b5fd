using CryoBackup.Stores;

namespace CryoBackup.Configuration;

/// <summary>The section <c>aws</c>: a bucket that takes a copy of each backup, and how the locations s3://… of the file are
/// reached.</summary>
public sealed record AwsSettings : Settings
{
    /// <summary>True to copy each backup to the bucket.</summary>
    [Setting("True to copy each backup to the bucket, as if it stood among the copies; false unless said otherwise.", Example = "false")]
    public bool Enabled { get; init; }

    /// <summary>The access key; null for the chain of AWS.</summary>
    [Setting(
        "The access key; without it, the environment variables, profiles and identities of AWS.",
        Example = "${AWS_ACCESS_KEY}",
        IsSecret = true
    )]
    public string? AccessKey { get; init; }

    /// <summary>The secret key.</summary>
    [Setting("The secret key.", Example = "${AWS_SECRET_KEY}", IsSecret = true)]
    public string? SecretKey { get; init; }

    /// <summary>The region.</summary>
    [Setting("The region.", Example = "us-east-1")]
    public string? Region { get; init; }

    /// <summary>The bucket.</summary>
    [Setting("The bucket.", Example = "my-backups", IsRequired = true)]
    public string Bucket { get; init; } = "";

    /// <summary>What the names of all objects begin with.</summary>
    [Setting("What the names of all objects begin with.", Example = "database-backups")]
    public string? Prefix { get; init; }

    /// <summary>The address of another server than Amazon's.</summary>
    [Setting(
        "The address of another server than Amazon's: MinIO, Ceph, R2, Wasabi.",
        Example = "https://minio.example.com:9000",
        IsUrl = true
    )]
    public string? Endpoint { get; init; }

    /// <summary>The storage class.</summary>
    [Setting("The storage class.", Example = "STANDARD_IA")]
    public string? StorageClass { get; init; }

    /// <summary>The encryption at rest.</summary>
    [Setting("The server's encryption at rest: AES256, aws:kms or aws:kms:dsse.", Example = "aws:kms")]
    public string? ServerSideEncryption { get; init; }

    /// <summary>The key of the encryption at rest.</summary>
    [Setting("The key of the encryption at rest.", Example = "alias/backups")]
    public string? KmsKey { get; init; }

    /// <summary>How what is put is locked.</summary>
    [Setting("Locks what is put against removal (S3 Object Lock): GOVERNANCE or COMPLIANCE.", Example = "GOVERNANCE")]
    public string? ObjectLockMode { get; init; }

    /// <summary>For how many days it is locked.</summary>
    [Setting("For how many days it is locked.", Example = "30", Minimum = 1, Maximum = 36500)]
    public int? ObjectLockDays { get; init; }

    /// <summary>The location of the bucket and the prefix.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    internal StoreLocation ToLocation() => StoreLocation.Parse($"s3://{Bucket}/{Prefix?.Trim('/')}");

    /// <summary>How S3 is reached.</summary>
    internal StoreOptions ToOptions() =>
        new()
        {
            Kind = StoreKind.S3,
            AccessKey = AccessKey,
            SecretKey = SecretKey,
            Region = Region,
            Endpoint = Endpoint is null ? null : new Uri(Endpoint),
            StorageClass = StorageClass,
            ServerSideEncryption = ServerSideEncryption,
            KmsKey = KmsKey,
            LockMode = ObjectLockMode,
            LockDays = ObjectLockDays,
        };
}
