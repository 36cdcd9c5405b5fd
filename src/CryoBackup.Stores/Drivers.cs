namespace CryoBackup.Stores;

/// <summary>The door that the engine comes in by.</summary>
internal static class Drivers
{
    /// <summary>Opens a location with its vendor's SDK.</summary>
    /// <param name="location">A location of S3 or Azure.</param>
    /// <param name="options">What it does not say.</param>
    /// <returns>The driver; nothing was asked of the store yet.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    public static IStoreDriver Open(StoreLocation location, StoreOptions options) =>
        location.Kind switch
        {
            StoreKind.S3 => S3Client.Open(location, options),
            StoreKind.Azure => AzureClient.Open(location, options),
            _ => throw new ArgumentOutOfRangeException(nameof(location)),
        };
}
