using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Streams;

namespace CryoBackup.Encryption;

/// <summary>
/// Encrypts what a backup writes. Made before anything else starts: once it is there, the recipients are whole, age is installed and
/// takes them. They go to age by a private file.
/// </summary>
internal sealed class AgeEncryption : IDisposable
{
    private readonly PrivateFolder _folder;
    private readonly string _file;

    private AgeEncryption(IReadOnlyList<string> recipients)
    {
        Recipients = recipients;
        _folder = PrivateFolder.Create("cryobackup-age-");
        _file = _folder.WriteFile("recipients", string.Concat(recipients.Select(recipient => recipient + "\n")));
    }

    /// <summary>The public keys.</summary>
    public IReadOnlyList<string> Recipients { get; }

    /// <summary>Checks everything that encryption needs.</summary>
    /// <param name="recipients">Recipients and full paths of files of them; empty for no encryption.</param>
    /// <param name="observer">Is warned of what is passed over.</param>
    /// <param name="cancellationToken">Ends programs.</param>
    /// <returns>Null if no encryption is asked for.</returns>
    /// <exception cref="CryoBackupException">ConfigurationInvalid, ToolNotFound, PermissionDenied.</exception>
    public static AgeEncryption? Prepare(
        IReadOnlyList<string> recipients,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        if (recipients.Count == 0)
        {
            return null;
        }

        var encryption = new AgeEncryption(AgeRecipients.Read(recipients, observer));
        try
        {
            encryption.Try(cancellationToken);
            return encryption;
        }
        catch
        {
            encryption.Dispose();
            throw;
        }
    }

    /// <summary>Opens the stage.</summary>
    /// <param name="destination">Takes the encrypted bytes, on another thread; not closed.</param>
    /// <param name="cancellationToken">Ends age.</param>
    public WriteOnlyStream Encrypt(Stream destination, CancellationToken cancellationToken) =>
        new FilterWriteStream(Command(), destination, cancellationToken, Explain);

    /// <inheritdoc/>
    public void Dispose() => _folder.Dispose();

    private ToolCommand Command() => AgeProgram.Command("-e", "-R", _file);

    /// <summary>This age may be too old for a kind of key, or a plugin may be missing: it says so when it encrypts nothing.</summary>
    private void Try(CancellationToken cancellationToken)
    {
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(Command(), cancellationToken);
        if (exitCode != 0)
        {
            IReadOnlyList<string> words = AgeProgram.Clean(errors);
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"age refuses the recipients {string.Join(", ", Recipients.Select(Shorten))}: "
                    + $"{(words.Count > 0 ? words[^1] : string.Create(CultureInfo.InvariantCulture, $"exit code {exitCode}"))}",
                "Recipient",
                "Install the plugin or the newer age that this kind of recipient needs, or give another recipient. "
                    + KeyFile.MakePair
                    + ".",
                words
            );
        }
    }

    private static string Shorten(string recipient) => recipient.Length > 70 ? recipient[..40] + "…" + recipient[^8..] : recipient;

    private static CryoBackupException Explain(int exitCode, IReadOnlyList<string> errors) =>
        new(
            CryoBackupError.DumpFailed,
            AgeProgram.WasEnded(exitCode, errors)
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"age, which encrypts the backup, was ended from outside (exit code {exitCode})."
                )
                : string.Create(CultureInfo.InvariantCulture, $"age, which encrypts the backup, failed with exit code {exitCode}."),
            "age",
            "Back up again; if it happens again, see what age wrote to standard error, "
                + "and whether the system ends programs for want of memory.",
            AgeProgram.Clean(errors)
        );
}
