using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>What belongs to no database, roles and tablespaces, as SQL in a file beside a backup,
/// compressed and encrypted like it.</summary>
internal static partial class GlobalsFile
{
    // A hundred thousand roles, each with a comment, take less.
    private const long MaximumLength = 32 << 20;

    /// <summary>What is appended to a backup's name.</summary>
    /// <param name="isEncrypted">True if the backup is encrypted.</param>
    public static string Suffix(bool isEncrypted) =>
        BackupFolder.GlobalsInfix + BackupFileName.Suffix(CompressionKind.Gzip) + (isEncrypted ? BackupFileName.EncryptedSuffix : "");

    /// <summary>Compares a backup's globals with what its manifest records.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="record">The record.</param>
    /// <param name="isEncrypted">True if the backup is encrypted.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, HashMismatch.</exception>
    public static void Verify(StoredFile backup, BackupManifest.GlobalsRecord record, bool isEncrypted, CancellationToken cancellationToken)
    {
        // The record's name is not followed: it lies beside the backup under this name or nowhere.
        StoredFile globals = backup.Beside(Suffix(isEncrypted));
        string path = globals.Path;
        using Stream file = globals.Open(cancellationToken);
        using var hash = new Sha256ReadStream(file);
        string found;
        try
        {
            found = hash.Finish(cancellationToken);
        }
        catch (IOException exception) when (exception.InnerException is CryoBackupException failure)
        {
            throw failure;
        }

        if (!string.Equals(found, record.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new CryoBackupException(
                CryoBackupError.HashMismatch,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"'{path}' ({file.Length} bytes; {record.SizeBytes} were recorded) is not what was written: "
                        + $"its SHA-256 differs from the recorded one."
                ),
                path,
                "The backup itself may be good without its globals; take the roles from another backup."
            );
        }
    }

    /// <summary>Verifies and reads a backup's globals.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="record">What its manifest records of them.</param>
    /// <param name="isEncrypted">True if the backup is encrypted.</param>
    /// <param name="identities">Full paths of identity files, any of which may open them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The roles.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound, PermissionDenied, HashMismatch;
    /// IdentityMissing and others of the decryption.</exception>
    public static GlobalsScript Read(
        StoredFile backup,
        BackupManifest.GlobalsRecord record,
        bool isEncrypted,
        IReadOnlyList<string> identities,
        CancellationToken cancellationToken
    )
    {
        Verify(backup, record, isEncrypted, cancellationToken);
        StoredFile globals = backup.Beside(Suffix(isEncrypted));
        string path = globals.Path;
        using var source = new BackupSource(globals, new AgeDecryption(path, identities, [], cancellationToken), cancellationToken);
        ReadOnlySpan<byte> script = ReadScript(source.Output, path);

        // pg_dumpall writes in the encoding of the database that it connects to, and says so at the beginning.
        Match encoding = ClientEncoding().Match(Encoding.Latin1.GetString(script[..Math.Min(script.Length, 1 << 16)]));
        return new GlobalsScript(ServerEncoding.Decode(script, ServerEncoding.Find(encoding.Success ? encoding.Groups[1].Value : "UTF8")));
    }

    /// <summary>Reads the script whole; what a small file holds compressed may be more than any memory.</summary>
    private static ReadOnlySpan<byte> ReadScript(Stream source, string path)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[1 << 16];
        int count;
        while ((count = source.Read(buffer)) > 0)
        {
            if (bytes.Length + count > MaximumLength)
            {
                throw new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    $"'{path}' holds more than {SizeText.Of(MaximumLength)} of roles and tablespaces, which is more than is read.",
                    path,
                    "If you trust it, create the roles yourself: decompress it, and run it by psql."
                );
            }

            bytes.Write(buffer.AsSpan(0, count));
        }

        return bytes.GetBuffer().AsSpan(0, (int)bytes.Length);
    }

    [GeneratedRegex("^SET client_encoding = '([^']+)';", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ClientEncoding();
}
