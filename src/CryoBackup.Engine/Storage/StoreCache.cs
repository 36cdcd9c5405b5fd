using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>
/// Manifests in stores that this process has read and found whole, and what was noted of backups there, by what the store calls their
/// content (ETag): a listing of thousands reads only what is new. Whoever proves a backup reads its manifest anew. May be used on several
/// threads at once.
/// </summary>
internal static class StoreCache
{
    // About as many bytes of JSON as were read; in memory they take a few times as much.
    private const long Most = 64 << 20;

    private static readonly Dictionary<(string Path, StoreOptions Options, string Tag), (object Content, long Size)> Known = [];
    private static long _size;

    /// <summary>What was read before.</summary>
    /// <typeparam name="T">What it was made to.</typeparam>
    /// <param name="path">Its location.</param>
    /// <param name="options">How it is reached: another endpoint or account is another store.</param>
    /// <param name="one">The object as it was listed.</param>
    /// <returns>Null for one that is not known, or another now.</returns>
    public static T? Find<T>(string path, StoreOptions options, StoreObject one)
        where T : class
    {
        lock (Known)
        {
            return
                one.Tag.Length > 0
                && Known.TryGetValue((path, Reached(options), one.Tag), out (object Content, long Size) found)
                && found.Size == one.Size
                ? found.Content as T
                : null;
        }
    }

    /// <summary>Keeps what was read. Where there is too much, all that is older goes.</summary>
    /// <param name="path">Its location.</param>
    /// <param name="options">How it is reached.</param>
    /// <param name="one">The object as it was listed.</param>
    /// <param name="content">What was read.</param>
    public static void Keep(string path, StoreOptions options, StoreObject one, object content)
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

            if (Known.TryAdd((path, Reached(options), one.Tag), (content, one.Size)))
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
