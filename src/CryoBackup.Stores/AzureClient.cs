using Azure.Core;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace CryoBackup.Stores;

/// <summary>Sets up the client of Azure Blob Storage: by a connection string, a key, a shared access signature, or an identity of
/// Entra.</summary>
internal static class AzureClient
{
    // What is repeated, and when, is decided in one place for all stores.
    private const int NoRetries = 0;
    private static readonly TimeSpan LongestRequest = TimeSpan.FromMinutes(15);

    /// <summary>Opens a location.</summary>
    public static AzureDriver Open(StoreLocation location, StoreOptions options)
    {
        var how = new BlobClientOptions();
        how.Retry.MaxRetries = NoRetries;
        how.Retry.NetworkTimeout = LongestRequest;
        // Their own telemetry of requests would be in our processes' logs.
        how.Diagnostics.IsLoggingEnabled = false;
        how.Diagnostics.IsDistributedTracingEnabled = false;
        return new AzureDriver(Container(location, options, how), options);
    }

    private static BlobContainerClient Container(StoreLocation location, StoreOptions options, BlobClientOptions how)
    {
        if (options is { SecretKey: null, Endpoint: null } && Variable("AZURE_STORAGE_CONNECTION_STRING") is { } connection)
        {
            return FromConnectionString(location, connection, how);
        }

        Uri address = Address(location, options);
        if ((options.SecretKey ?? Variable("AZURE_STORAGE_KEY")) is { } key)
        {
            return new BlobContainerClient(address, Key(location, key), how);
        }

        if (Variable("AZURE_STORAGE_SAS_TOKEN") is { } signature)
        {
            return new BlobContainerClient(address, new Azure.AzureSasCredential(signature), how);
        }

        // Nobody can be asked: what a browser or a prompt would be needed for is left out.
        TokenCredential identity = new DefaultAzureCredential(
            new DefaultAzureCredentialOptions { ExcludeInteractiveBrowserCredential = true }
        );
        return new BlobContainerClient(address, identity, how);
    }

    private static BlobContainerClient FromConnectionString(StoreLocation location, string connection, BlobClientOptions how)
    {
        BlobContainerClient client;
        try
        {
            client = new BlobContainerClient(connection, location.Container, how);
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException)
        {
            // Its own words may hold a part of the key.
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "The environment variable AZURE_STORAGE_CONNECTION_STRING is not a connection string of a storage account.",
                "AZURE_STORAGE_CONNECTION_STRING",
                "Copy it whole from the account's access keys."
            );
        }

        return string.Equals(client.AccountName, location.Account, StringComparison.Ordinal)
            ? client
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"AZURE_STORAGE_CONNECTION_STRING is of the account '{client.AccountName}', and '{location}' names another.",
                location.ToString(),
                "Name the same account in both."
            );
    }

    private static Uri Address(StoreLocation location, StoreOptions options)
    {
        string service =
            options.Endpoint?.AbsoluteUri
            ?? Variable("AZURE_STORAGE_SERVICE_ENDPOINT")
            ?? $"https://{location.Account}.blob.core.windows.net";
        return
            Uri.TryCreate($"{service.TrimEnd('/')}/{location.Container}", UriKind.Absolute, out Uri? address)
            && address.Scheme is "http" or "https"
            ? address
            : throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "The environment variable AZURE_STORAGE_SERVICE_ENDPOINT is not a web address.",
                "AZURE_STORAGE_SERVICE_ENDPOINT",
                $"Give an address such as https://{location.Account}.blob.core.windows.net."
            );
    }

    private static StorageSharedKeyCredential Key(StoreLocation location, string key)
    {
        try
        {
            return new StorageSharedKeyCredential(location.Account, key);
        }
        catch (FormatException)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"The key of the storage account '{location.Account}' (AZURE_STORAGE_KEY) is not one: it is not base64.",
                "AZURE_STORAGE_KEY",
                "Copy it whole from the account's access keys."
            );
        }
    }

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
