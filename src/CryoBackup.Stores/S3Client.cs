using Amazon.Runtime;
using Amazon.S3;

namespace CryoBackup.Stores;

/// <summary>Sets up the client of S3 for Amazon's servers, or for one of the many that speak the same protocol.</summary>
internal static class S3Client
{
    // A part of 8 MiB over a line of a megabit takes a minute.
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(15);

    /// <summary>Opens a location.</summary>
    public static S3Driver Open(StoreLocation location, StoreOptions options)
    {
        Uri? endpoint = options.Endpoint ?? FromEnvironment();
        bool isAmazon = endpoint is null || endpoint.Host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase);
        var config = new AmazonS3Config
        {
            // What is repeated, and when, is decided in one place for all stores.
            MaxErrorRetry = 0,
            Timeout = LongestRequest,
            ConnectTimeout = LongestConnect,
            UseAlternateUserAgentHeader = true,
            ForcePathStyle = options.PathStyle ?? endpoint is not null,
        };
        if (!isAmazon)
        {
            // Newer checksums in trailers are what other servers stumble over; a part's MD5 and signed SHA-256 they know.
            config.RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED;
            config.ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED;
        }

        if (endpoint is not null)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = options.Region ?? Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? "us-east-1";
        }
        else if (options.Region is { } region)
        {
            config.RegionEndpoint = Amazon.RegionEndpoint.GetBySystemName(region);
        }

        try
        {
            AmazonS3Client client = options is { AccessKey: { } key, SecretKey: { } secret }
                ? new AmazonS3Client(new BasicAWSCredentials(key, secret), config)
                : new AmazonS3Client(config);
            return new S3Driver(client, location, options, isAmazon);
        }
        catch (AmazonClientException exception)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"'{location}' cannot be opened: {Faults.Sentence(exception)}.",
                location.ToString(),
                "Set AWS_REGION, or, for another store than Amazon's, AWS_ENDPOINT_URL_S3.",
                inner: exception
            );
        }
    }

    private static Uri? FromEnvironment()
    {
        if ((Variable("AWS_ENDPOINT_URL_S3") ?? Variable("AWS_ENDPOINT_URL")) is not { } text)
        {
            return null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "The environment variable AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL) is not a web address.",
                "AWS_ENDPOINT_URL_S3",
                "Give an address such as https://minio.example.com:9000."
            );
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
