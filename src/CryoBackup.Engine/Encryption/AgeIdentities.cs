using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;
using CryoBackup.Processes;

namespace CryoBackup.Encryption;

/// <summary>The files of secret keys that open a backup. Only their paths go anywhere.</summary>
internal static class AgeIdentities
{
    /// <summary>Checks identity files before they are used: age would ask for what they lack.</summary>
    /// <param name="paths">Full paths.</param>
    /// <param name="observer">Is warned about a file that others may read.</param>
    /// <exception cref="CryoBackupException">IdentityMissing, ConfigurationInvalid, PermissionDenied.</exception>
    public static void Check(IReadOnlyList<string> paths, Action<EngineMessage> observer)
    {
        foreach (string path in paths)
        {
            if (string.IsNullOrWhiteSpace(path))
            {
                throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    "An empty path of an identity was given.",
                    "Identity",
                    "Give the path of an identity file."
                );
            }

            // A face has made a full path of it.
            if (
                (KeyFile.IsIdentity(Path.GetFileName(path)) || path.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
                && !File.Exists(path)
            )
            {
                // Not repeated: it is a secret.
                throw new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    "An identity itself was given instead of the path of its file.",
                    "Identity",
                    "Give the path: what stands on a command line can be read by others, so make a new pair if they could."
                );
            }

            CheckOne(path);
            if (OthersMayRead(path))
            {
                observer(
                    new WarningMessage(
                        $"The identity file '{path}' can be read by others than its owner; "
                            + $"{(OperatingSystem.IsWindows() ? "restrict its permissions" : $"chmod 600 '{path}'")}."
                    )
                );
            }
        }
    }

    /// <summary>The recipients that the identities of a file belong to.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="cancellationToken">Ends programs.</param>
    /// <returns>Public keys; empty where they cannot be told, as for a plugin's.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, PermissionDenied, ToolNotFound.</exception>
    public static IReadOnlyList<string> RecipientsOf(string path, CancellationToken cancellationToken)
    {
        string text = KeyFile.Read(path, "The identity file", CryoBackupError.ConfigurationInvalid);
        if (SshPublicKey.OfPrivateKey(text, out _) is { } key)
        {
            return [key];
        }

        using var identity = IdentityCopies.Of([path]);
        (int exitCode, string output, _) = ToolProcess.Run(
            new ToolCommand(OptionalTool.Find("age-keygen", "Telling the recipient of an identity"), "-y", identity.Paths[0]),
            cancellationToken
        );
        return exitCode == 0 ? [.. KeyFile.Lines(output).Select(line => line.Text)] : [];
    }

    private static void CheckOne(string path)
    {
        string text = KeyFile.Read(path, "The identity file", CryoBackupError.IdentityMissing);
        if (IsProtected(text))
        {
            throw Invalid(
                path,
                $"The identity '{path}' is protected by a passphrase, which nobody is there to type.",
                $"Take the passphrase off a copy that only you can read (ssh-keygen -p -N '' -f COPY), or use an identity without one. "
                    + $"{KeyFile.MakePair}."
            );
        }

        if (
            text.StartsWith("age-encryption.org/", StringComparison.Ordinal)
            || text.StartsWith("-----BEGIN AGE ENCRYPTED FILE-----", StringComparison.Ordinal)
        )
        {
            throw Invalid(
                path,
                $"The identity file '{path}' is encrypted itself, and nobody is there to type its passphrase.",
                $"Decrypt it to a file that only you can read (age -d -o COPY '{path}'), and give that one."
            );
        }

        if (text.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            return;
        }

        (int Number, string Text)[] lines = [.. KeyFile.Lines(text)];
        if (lines.Length == 0 || !Array.TrueForAll(lines, line => KeyFile.IsIdentity(line.Text)))
        {
            string what = Array.Exists(lines, line => AgeRecipients.IsRecipient(line.Text) && !KeyFile.IsIdentity(line.Text))
                ? "it holds recipients, which are public and open nothing"
                : KeyFile.Describe(text);
            throw Invalid(
                path,
                $"'{path}' is not an identity file of age nor an SSH private key: {what}.",
                $"Give the secret key that belongs to a recipient of the backup. {KeyFile.MakePair}."
            );
        }

        if (Array.Find(lines, line => !Bech32.TryRead(line.Text, out _, out _)) is { Number: > 0 } damaged)
        {
            throw Invalid(
                path,
                $"Line {damaged.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)} of the identity file '{path}' is "
                    + "mistyped or cut: its checksum does not fit.",
                "Copy the file again from where it is kept."
            );
        }
    }

    private static bool IsProtected(string text)
    {
        SshPublicKey.OfPrivateKey(text, out bool isProtected);
        return isProtected
            || text.Contains("BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal)
            || (
                text.Contains("PRIVATE KEY-----", StringComparison.Ordinal)
                && text.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)
            );
    }

    private static bool OthersMayRead(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return OthersMayReadOnWindows(path);
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        return (File.GetUnixFileMode(path) & Others) != 0;
    }

    [SupportedOSPlatform("windows")]
    private static bool OthersMayReadOnWindows(string path)
    {
        SecurityIdentifier[] everybody =
        [
            new(WellKnownSidType.WorldSid, null),
            new(WellKnownSidType.AuthenticatedUserSid, null),
            new(WellKnownSidType.BuiltinUsersSid, null),
        ];
        try
        {
            return new FileInfo(path)
                .GetAccessControl()
                .GetAccessRules(includeExplicit: true, includeInherited: true, typeof(SecurityIdentifier))
                .OfType<FileSystemAccessRule>()
                .Any(rule =>
                    rule.AccessControlType == AccessControlType.Allow
                    && rule.FileSystemRights.HasFlag(FileSystemRights.ReadData)
                    && everybody.Contains(rule.IdentityReference)
                );
        }
        catch (UnauthorizedAccessException)
        {
            // Who may read it is not for us to see.
            return false;
        }
    }

    private static CryoBackupException Invalid(string path, string message, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, path, remedy);
}
