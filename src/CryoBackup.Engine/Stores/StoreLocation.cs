using System.Text.RegularExpressions;
using CryoBackup.Text;

namespace CryoBackup.Stores;

/// <summary>
/// Where backups lie: a folder, <c>s3://bucket/prefix</c>, <c>azblob://account/container/prefix</c> or <c>rclone://remote/path</c>. It
/// never holds a credential, so it may be printed.
/// </summary>
public sealed partial record StoreLocation
{
    private const string Forms = "s3://bucket/prefix, azblob://account/container/prefix or rclone://remote/path";

    private StoreLocation(StoreKind kind, string account, string container, string prefix)
    {
        Kind = kind;
        Account = account;
        Container = container;
        Prefix = prefix;
    }

    /// <summary>What it lies in.</summary>
    public StoreKind Kind { get; }

    /// <summary>Azure's storage account; else empty.</summary>
    public string Account { get; }

    /// <summary>The bucket, the container, or rclone's remote; empty for a folder.</summary>
    public string Container { get; }

    /// <summary>The folder's full path; else what the names of all objects begin with, without a slash at its ends; may be empty.</summary>
    public string Prefix { get; }

    /// <summary>Tells whether a text names a location of another kind than a folder, well written or not.</summary>
    /// <param name="text">A path or a location.</param>
    public static bool IsStore(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return Scheme().IsMatch(text);
    }

    /// <summary>Reads the path of a file or folder, where a location of a store will not do.</summary>
    /// <param name="text">A path; what is relative begins in the current folder.</param>
    /// <returns>The full path.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is a location of a store.</exception>
    public static string FullPath(string text)
    {
        RefuseStore(text);
        return Path.GetFullPath(text);
    }

    /// <summary>Refuses a location of a store, where only a path will do: a folder of its name would be no copy elsewhere.</summary>
    /// <param name="text">A path or a location.</param>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is a location of a store, well written or not.</exception>
    public static void RefuseStore(string text)
    {
        if (IsStore(text))
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"'{Parse(text)}' lies in a store, and here only a path of this machine will do.",
                "Path",
                "Name a path of this machine."
            );
        }
    }

    /// <summary>Reads the path of a file or folder, or a location of a store.</summary>
    /// <param name="text">A path, of which what is relative begins in the current folder; or a location.</param>
    /// <returns>The full path, or the location as it is written everywhere.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is no location.</exception>
    public static string FullPathOrLocation(string text) => IsStore(text) ? Parse(text).ToString() : Path.GetFullPath(text);

    /// <summary>Reads the location of a file.</summary>
    /// <param name="path">A location of a store that has a name behind its last slash.</param>
    /// <returns>Where it lies, and its name.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    internal static (StoreLocation Place, string Name) ParseFile(string path)
    {
        StoreLocation whole = Parse(path);
        int slash = whole.Prefix.LastIndexOf('/');
        string name = whole.Prefix[(slash + 1)..];
        return name.Length == 0
            ? throw Invalid(path, "it names no file", "Name a backup behind the location's last slash; Get-CryoBackup lists them.")
            : (new StoreLocation(whole.Kind, whole.Account, whole.Container, Parent(whole.Prefix, slash)), name);
    }

    // rclone://remote//file lies in the remote's own root.
    private static string Parent(string prefix, int slash) =>
        slash switch
        {
            < 0 => "",
            0 => "/",
            _ => prefix[..slash],
        };

    /// <summary>Reads a location.</summary>
    /// <param name="text">A folder's full path, or a location of a store.</param>
    /// <returns>The location.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid. The text is not repeated where it may hold a credential.</exception>
    public static StoreLocation Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Scheme().Match(text) is not { Success: true } match)
        {
            return Path.IsPathFullyQualified(text)
                ? new StoreLocation(StoreKind.Folder, "", "", Path.TrimEndingDirectorySeparator(Path.GetFullPath(text)))
                : throw Invalid(text, "it is neither a full path nor a location", $"Give the full path of a folder, or {Forms}.");
        }

        string scheme = match.Groups[1].Value.ToLowerInvariant();
        string rest = text[match.Length..];
        RefuseCredentials(scheme, rest);
        return scheme switch
        {
            "s3" => S3(text, rest),
            "azblob" => Azure(text, rest),
            "rclone" => Rclone(text, rest),
            _ => throw Invalid(
                text,
                $"'{scheme}' is no kind of store that is known",
                $"Give {Forms}; whatever rclone reaches is named by the last form."
            ),
        };
    }

    /// <summary>What a name is called in the store: the name behind the prefix.</summary>
    /// <param name="name">A name without a folder.</param>
    public string KeyOf(string name) => Prefix.Length == 0 || Prefix.EndsWith('/') ? Prefix + name : $"{Prefix}/{name}";

    /// <summary>The location of a name within this one, as users see it.</summary>
    /// <param name="name">A name without a folder.</param>
    public string PathOf(string name) =>
        Kind == StoreKind.Folder ? Path.Combine(Prefix, name)
        : ToString() is var place && place.EndsWith('/') ? place + name
        : $"{place}/{name}";

    /// <summary>The location as it is written.</summary>
    public override string ToString() =>
        Kind switch
        {
            StoreKind.Folder => Prefix,
            StoreKind.Azure => Join("azblob://" + Account, Container, Prefix),
            StoreKind.S3 => Join("s3://" + Container, Prefix),
            // A path of the remote's own root has a second slash, which stays.
            _ => Join("rclone://" + Container, Prefix),
        };

    private static string Join(params string[] parts) => string.Join('/', parts.Where(part => part.Length > 0));

    private static StoreLocation S3(string text, string rest)
    {
        (string bucket, string prefix) = Cut(rest);
        return BucketName().IsMatch(bucket)
            ? new StoreLocation(StoreKind.S3, "", bucket, CheckPrefix(text, prefix))
            : throw Invalid(
                text,
                "it names no bucket: 3 to 63 lower-case letters, digits, hyphens and dots",
                "Write s3://bucket/prefix; the endpoint of another store than Amazon's stands in AWS_ENDPOINT_URL_S3."
            );
    }

    private static StoreLocation Azure(string text, string rest)
    {
        (string account, string behind) = Cut(rest);
        (string container, string prefix) = Cut(behind);
        return AccountName().IsMatch(account) && ContainerName().IsMatch(container)
            ? new StoreLocation(StoreKind.Azure, account, container, CheckPrefix(text, prefix))
            : throw Invalid(
                text,
                "it does not name a storage account and a container",
                "Write azblob://account/container/prefix: the account's bare name, without .blob.core.windows.net."
            );
    }

    private static StoreLocation Rclone(string text, string rest)
    {
        (string remote, string path) = Cut(rest);
        // rclone://remote//folder is a path from the remote's own root.
        string root = path.StartsWith('/') ? "/" : "";
        return RemoteName().IsMatch(remote)
            ? new StoreLocation(StoreKind.Rclone, "", remote, root + CheckPrefix(text, path[root.Length..]))
            : throw Invalid(
                text,
                "it names no remote of rclone",
                "Write rclone://remote/path with a remote that 'rclone listremotes' shows, without its colon; rclone config makes one."
            );
    }

    private static (string First, string Behind) Cut(string text)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? (text, "") : (text[..slash], text[(slash + 1)..]);
    }

    private static string CheckPrefix(string text, string prefix)
    {
        string trimmed = prefix.EndsWith('/') ? prefix[..^1] : prefix;
        return
            trimmed.Length == 0
            || trimmed.Split('/').All(part => part is not ("" or "." or "..") && !part.Any(char.IsControl) && !part.Contains('\\'))
            ? trimmed
            : throw Invalid(
                text,
                "its prefix has an empty part, a part of dots alone, a backslash or a control character",
                "Write the prefix as names between single slashes."
            );
    }

    /// <summary>What looks like a password, a key or a signature is refused and not repeated: a location is printed everywhere.</summary>
    private static void RefuseCredentials(string scheme, string rest)
    {
        // A backup is named by its database, whose name may have any such character; nobody puts a credential into a backup's name.
        rest = BackupName().Replace(rest, "/");
        (string authority, _) = Cut(rest);

        // No bucket, account or remote has such a character; keys and rclone's connection strings have.
        int colon = rest.IndexOf(':', StringComparison.Ordinal);
        if (
            authority.AsSpan().IndexOfAny("@:,=") >= 0
            || rest.AsSpan().IndexOfAny('?', '#') >= 0
            || (colon >= 0 && rest.IndexOf('@', colon) >= 0)
        )
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"A location {scheme}://… holds what may be a credential ('@', ':', '=', '?', '#'), and locations are printed.",
                $"{scheme}://…",
                "Name the place alone, and give the credential by the store's own environment variable (AWS_ACCESS_KEY_ID, "
                    + "AZURE_STORAGE_SAS_TOKEN, …), the configuration, or the machine's identity."
            );
        }
    }

    private static CryoBackupException Invalid(string text, string reason, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, $"'{VisibleText.Of(text)}' is not a location: {reason}.", text, remedy);

    [GeneratedRegex(@"/[^/?]+_[0-9]{8}_[0-9]{6}_(full|partial)\.dump[^/?]*$", RegexOptions.CultureInvariant)]
    private static partial Regex BackupName();

    // A drive of Windows is one letter.
    [GeneratedRegex("^([A-Za-z][A-Za-z0-9+.-]+)://", RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", RegexOptions.CultureInvariant)]
    private static partial Regex BucketName();

    [GeneratedRegex("^[a-z0-9]{3,24}$", RegexOptions.CultureInvariant)]
    private static partial Regex AccountName();

    [GeneratedRegex("^([a-z0-9](-?[a-z0-9]){2,62}|\\$root)$", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerName();

    [GeneratedRegex(@"^[\w.+][\w.+ -]*$", RegexOptions.CultureInvariant)]
    private static partial Regex RemoteName();
}
