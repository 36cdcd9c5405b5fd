using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// Manifests in stores that this process has read and found whole, by what the store calls their content (ETag): a listing of thousands
/// reads only what is new. Whoever proves a backup reads its manifest anew. May be used on several threads at once.
/// </summary>
internal static class ManifestCache
{
    // About as many bytes of JSON as were read; in memory they take a few times as much.
    private const long Most = 64 << 20;

    private static readonly Dictionary<(string Path, StoreOptions Options, string Tag), (BackupManifest Manifest, long Size)> Known = [];
    private static long _size;

    /// <summary>A manifest that was read before.</summary>
    /// <param name="path">Its location.</param>
    /// <param name="options">How it is reached: another endpoint or account is another store.</param>
    /// <param name="one">The object as it was listed.</param>
    /// <returns>Null for one that is not known, or another now.</returns>
    public static BackupManifest? Find(string path, StoreOptions options, StoreObject one)
    {
        lock (Known)
        {
            return
                one.Tag.Length > 0
                && Known.TryGetValue((path, Reached(options), one.Tag), out (BackupManifest Manifest, long Size) found)
                && found.Size == one.Size
                ? found.Manifest
                : null;
        }
    }

    /// <summary>Keeps a manifest. Where there are too many, all older ones go.</summary>
    /// <param name="path">Its location.</param>
    /// <param name="options">How it is reached.</param>
    /// <param name="one">The object as it was listed.</param>
    /// <param name="manifest">What was read.</param>
    public static void Keep(string path, StoreOptions options, StoreObject one, BackupManifest manifest)
    {
        lock (Known)
        {
            if (one.Tag.Length == 0)
            {
                return;
            }

            if (_size + one.Size > Most)
            {
                Known.Clear();
                _size = 0;
            }

            if (Known.TryAdd((path, Reached(options), one.Tag), (manifest, one.Size)))
            {
                _size += one.Size;
            }
        }
    }

    /// <summary>What the environment says of the endpoint and of whose store it is belongs to how it is reached.</summary>
    private static StoreOptions Reached(StoreOptions options) =>
        options with
        {
            Endpoint = options.FindEndpoint(),
            AccessKey = options.AccessKey ?? Environment.GetEnvironmentVariable("AWS_ACCESS_KEY_ID"),
            SecretKey = null,
        };
}
