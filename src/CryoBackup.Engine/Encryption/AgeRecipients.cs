using System.Globalization;

namespace CryoBackup.Encryption;

/// <summary>The public keys that a backup is encrypted to, as users give them.</summary>
public static class AgeRecipients
{
    /// <summary>Tells a recipient from the path of a file that holds some.</summary>
    /// <param name="given">What the user gave.</param>
    /// <returns>True for what is, or was meant as, a key: it begins as one of age's or of SSH's does.</returns>
    public static bool IsRecipient(string given)
    {
        ArgumentNullException.ThrowIfNull(given);
        return given.StartsWith("age1", StringComparison.OrdinalIgnoreCase) || SshPublicKey.IsMeant(given) || KeyFile.IsIdentity(given);
    }

    /// <summary>Reads recipients and files of recipients.</summary>
    /// <param name="given">Recipients (age1…, ssh-ed25519 …, ssh-rsa …) or full paths of files that hold one a line.</param>
    /// <param name="observer">Is warned of each key of a file, among others, of a kind of SSH that age does not know: as age does, it is
    /// passed over.</param>
    /// <returns>The public keys, each once, without comments.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: one of them is none,
    /// or there are none at all; PermissionDenied.</exception>
    public static IReadOnlyList<string> Read(IReadOnlyList<string> given, Action<EngineMessage> observer)
    {
        ArgumentNullException.ThrowIfNull(given);
        ArgumentNullException.ThrowIfNull(observer);
        var recipients = new List<string>();
        foreach (string item in given)
        {
            if (string.IsNullOrWhiteSpace(item))
            {
                throw Invalid("An empty recipient was given.", "Recipient");
            }

            if (IsRecipient(item.Trim()))
            {
                recipients.Add(ReadOne(item.Trim(), "The recipient"));
            }
            else
            {
                string text = KeyFile.Read(item, "The recipients file", CryoBackupError.ConfigurationInvalid);
                recipients.AddRange(ReadFile(item, text, observer));
            }
        }

        return recipients.Count > 0
            ? [.. recipients.Distinct(StringComparer.Ordinal)]
            : throw Invalid("Encryption was asked for, and no recipient was given.", "Recipient");
    }

    /// <summary>
    /// Reads a key file of either kind, as the predecessor's configuration names one: a file of recipients, or of identities, each of which
    /// gives its own recipient.
    /// </summary>
    /// <param name="path">The full path.</param>
    /// <param name="observer">As for the other one.</param>
    /// <param name="cancellationToken">Ends programs.</param>
    /// <returns>The public keys.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: it is missing, or of another kind;
    /// ToolNotFound, PermissionDenied.</exception>
    public static IReadOnlyList<string> ReadKeyFile(string path, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        string text = KeyFile.Read(path, "The key file", CryoBackupError.ConfigurationInvalid);
        if (!KeyFile.HoldsIdentity(text))
        {
            return Read([path], observer);
        }

        IReadOnlyList<string> own = AgeIdentities.RecipientsOf(path, cancellationToken);
        return own.Count > 0 ? own : throw Invalid($"The key file '{path}' holds identities, and their recipients cannot be told.", path);
    }

    private static IEnumerable<string> ReadFile(string path, string text, Action<EngineMessage> observer)
    {
        (int Number, string Text)[] lines = [.. KeyFile.Lines(text)];
        if (lines.Length == 0)
        {
            throw Invalid($"The recipients file '{path}' holds no recipient.", path);
        }

        if (Array.Exists(lines, line => KeyFile.IsIdentity(line.Text)))
        {
            throw Invalid(
                $"The file '{path}' holds identities, which are secret; a backup is encrypted to their recipients.",
                path,
                $"Write them to a file of their own: age-keygen -y '{path}' > recipients.txt; "
                    + "keep the identities away from the host that makes backups."
            );
        }

        if (!IsRecipient(lines[0].Text))
        {
            throw Invalid($"'{path}' is not a file of recipients: {KeyFile.Describe(text)}.", path);
        }

        (int Number, string Text)[] foreign = [.. lines.Where(line => SshPublicKey.IsForeign(line.Text))];
        if (foreign.Length == lines.Length)
        {
            return [ReadOne(lines[0].Text, Place(path, lines[0].Number))];
        }

        foreach ((int number, string key) in foreign)
        {
            string kind = key.Split([' ', '\t'], 2)[0];
            observer(new WarningMessage($"{Place(path, number)} is passed over: age does not encrypt to keys of the kind {kind}."));
        }

        return lines.Except(foreign).Select(line => ReadOne(line.Text, Place(path, line.Number)));
    }

    private static string Place(string path, int line) => string.Create(CultureInfo.InvariantCulture, $"Line {line} of '{path}'");

    private static string ReadOne(string text, string what)
    {
        if (KeyFile.IsIdentity(text))
        {
            // Not repeated: it is a secret.
            throw Invalid(
                "An identity, which is secret, was given as a recipient.",
                "Recipient",
                "Give its public key, which age-keygen -y prints; make a new pair if others could see this one."
            );
        }

        if (SshPublicKey.IsForeign(text))
        {
            string kind = text.Split([' ', '\t'], 2)[0];
            throw Invalid(
                $"{what} is an SSH key of the kind {kind}, to which age does not encrypt.",
                text,
                "Use a key of the kind ssh-ed25519 or ssh-rsa. " + KeyFile.MakePair + "."
            );
        }

        if (SshPublicKey.IsMeant(text))
        {
            return SshPublicKey.Read(text)
                ?? throw Invalid(
                    $"{what} '{text}' is not a whole public key of the kinds ssh-ed25519 and ssh-rsa.",
                    text,
                    "Copy the line of the .pub file as it is. " + KeyFile.MakePair + "."
                );
        }

        // "age" itself, or the name of a plugin behind it, as in age1yubikey1….
        bool good =
            Bech32.TryRead(text, out string readable, out int bytes)
            && (readable == "age" ? bytes == 32 : readable.StartsWith("age1", StringComparison.Ordinal));
        return good
            ? text.ToLowerInvariant()
            : throw Invalid(
                $"{what} '{text}' is mistyped or cut: its checksum does not fit.",
                text,
                "Copy it again from the file of its identity (the line 'public key'), or: age-keygen -y identity.txt"
            );
    }

    private static CryoBackupException Invalid(string message, string target, string? remedy = null) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy ?? KeyFile.MakePair + ".");
}
