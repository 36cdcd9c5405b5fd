using System.Text;
using CryoBackup.Streams;

namespace CryoBackup.Encryption;

/// <summary>A file of keys that the user named: read whole, of a sane size, with errors that name it and never its content.</summary>
internal static class KeyFile
{
    /// <summary>The two commands that make a pair, for the remedies.</summary>
    public const string MakePair =
        "A pair is made by: age-keygen -o identity.txt (keep it secret, off the backup host), then: "
        + "age-keygen -y identity.txt > recipients.txt";

    private const long MaximumLength = 1 << 20;

    // 32 bytes in URL-safe base64, as the Fernet recipe of Python's cryptography package writes them.
    private const int FernetLength = 44;

    /// <summary>Reads the file.</summary>
    /// <param name="path">Its full path.</param>
    /// <param name="what">What it should hold, as in "the recipients file".</param>
    /// <param name="missing">The error where it does not exist.</param>
    /// <exception cref="CryoBackupException">The given error, PermissionDenied, or ConfigurationInvalid.</exception>
    public static string Read(string path, string what, CryoBackupError missing)
    {
        try
        {
            using FileStream file = RegularFile.Read(path);
            if (file.Length > MaximumLength)
            {
                throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    $"{what} '{path}' is larger than any file of keys.",
                    path,
                    "Name the right file. " + MakePair + "."
                );
            }

            using var reader = new StreamReader(file, Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CryoBackupException(
                missing,
                $"{what} '{path}' does not exist.",
                path,
                "Name a file that exists. " + MakePair + ".",
                inner: exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"{what} '{path}' cannot be read: {exception.Message}",
                path,
                "Use an account that may read it.",
                inner: exception
            );
        }
    }

    /// <summary>The lines that are neither empty nor comments, with their numbers from 1.</summary>
    public static IEnumerable<(int Number, string Text)> Lines(string text) =>
        text.Split('\n').Select((line, index) => (index + 1, line.Trim())).Where(line => line.Item2.Length > 0 && line.Item2[0] != '#');

    /// <summary>Tells whether a line is an identity of age: a secret.</summary>
    public static bool IsIdentity(string line) =>
        line.StartsWith("AGE-SECRET-KEY-", StringComparison.OrdinalIgnoreCase)
        || line.StartsWith("AGE-PLUGIN-", StringComparison.OrdinalIgnoreCase);

    /// <summary>Tells whether a text holds secret keys, of age or of SSH.</summary>
    public static bool HoldsIdentity(string text) =>
        text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) || Lines(text).Any(line => IsIdentity(line.Text));

    /// <summary>Tells whether a file is there, can be read, and holds secret keys.</summary>
    public static bool HoldsIdentities(string path)
    {
        try
        {
            return HoldsIdentity(Read(path, "The key file", CryoBackupError.ConfigurationInvalid));
        }
        catch (CryoBackupException)
        {
            return false;
        }
    }

    /// <summary>Tells whether a text is the key file of the predecessor.</summary>
    public static bool IsFernet(string text)
    {
        string key = text.Trim();
        return key.Length == FernetLength
            && key[^1] == '='
            && key[..^1].All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_');
    }

    /// <summary>What a file is that is none of age's, for an error's sentence.</summary>
    public static string Describe(string text) =>
        IsFernet(text) ? "it is a Fernet key, which the predecessor made and never used"
        : text.Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? "it is a private key"
        : text.StartsWith("age-encryption.org/", StringComparison.Ordinal)
        || text.StartsWith("-----BEGIN AGE ENCRYPTED FILE-----", StringComparison.Ordinal)
            ? "it is encrypted itself"
        : "it is a file of another kind";
}
