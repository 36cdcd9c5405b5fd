using System.Globalization;
using CryoBackup.Processes;

namespace CryoBackup.Encryption;

/// <summary>The decryption of one backup, and what came of it.</summary>
internal sealed class AgeDecryption
{
    private readonly string _path;
    private readonly IReadOnlyList<string> _identities;
    private readonly IReadOnlyList<string> _recorded;
    private readonly CancellationToken _cancellationToken;

    /// <summary>Prepares it.</summary>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="identities">Full paths of identity files, checked; empty for none.</param>
    /// <param name="recorded">The recipients that the manifest records; empty where it is silent.</param>
    /// <param name="cancellationToken">Ends age.</param>
    public AgeDecryption(string path, IReadOnlyList<string> identities, IReadOnlyList<string> recorded, CancellationToken cancellationToken)
    {
        _path = path;
        _identities = identities;
        _recorded = recorded;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Why it did not open or not to its end; null as long as it does.</summary>
    public CryoBackupException? Failure { get; private set; }

    /// <summary>True if <see cref="Failure"/> says nothing about the backup: age was ended from outside, or what was given to open it
    /// with does not.</summary>
    public bool LeavesItOpen { get; private set; }

    /// <summary>The file's header, once it is open.</summary>
    public AgeHeader? Header { get; private set; }

    /// <summary>True if the file is in age's armored form, which is not read here.</summary>
    public bool IsArmored { get; private set; }

    /// <summary>Tells by a file's first bytes, its name and what the manifest records whether it is, or should be, encrypted.</summary>
    /// <param name="start">The first bytes.</param>
    public bool IsEncrypted(ReadOnlySpan<byte> start)
    {
        IsArmored = AgeHeader.IsArmored(start);
        return !IsArmored
            && (AgeHeader.IsStart(start) || _recorded.Count > 0 || _path.EndsWith(AgeHeader.FileSuffix, StringComparison.Ordinal));
    }

    /// <summary>Checks the header, and opens the stage.</summary>
    /// <param name="file">The file at its first byte; is there again afterwards.</param>
    /// <param name="source">The file's bytes as age takes them, on another thread until the stage is disposed of.</param>
    /// <returns>The bytes within.</returns>
    /// <exception cref="CryoBackupException">ArchiveCorrupt, IdentityMissing, ToolNotFound.</exception>
    public Stream Open(Stream file, Stream source)
    {
        Header = ReadHeader(file);
        if (_identities.Count == 0 || Header.NeedsPassphrase)
        {
            throw new CryoBackupException(
                CryoBackupError.IdentityMissing,
                Header.NeedsPassphrase
                    ? $"'{_path}' is encrypted with a passphrase, which nobody is there to type."
                    : $"'{_path}' is encrypted: it needs an identity for {Header.Recipients}.",
                _path,
                Header.NeedsPassphrase
                    ? "Decrypt it with age -d, and use what comes of it."
                    : "Give -Identity with the file of the secret key that belongs to one of its recipients."
            );
        }

        var identities = IdentityCopies.Of(_identities);
        return new FilterReadStream(
            AgeProgram.Command(["-d", .. identities.Paths.SelectMany(identity => new[] { "-i", identity })]),
            source,
            _cancellationToken,
            Explain,
            identities
        );
    }

    private AgeHeader ReadHeader(Stream file)
    {
        try
        {
            return AgeHeader.Read(file);
        }
        catch (InvalidDataException exception)
        {
            throw Failure = HeaderDamaged(exception.Message);
        }
        finally
        {
            file.Position = 0;
        }
    }

    private CryoBackupException Explain(int exitCode, IReadOnlyList<string> errors)
    {
        IReadOnlyList<string> words = AgeProgram.Clean(errors);
        string last = words.LastOrDefault(line => line.StartsWith("age: ", StringComparison.Ordinal)) ?? "";
        bool wasEnded = AgeProgram.WasEnded(exitCode, errors);
        Failure =
            wasEnded
                ? new CryoBackupException(
                    CryoBackupError.RestoreFailed,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"age, which decrypts '{_path}', was ended from outside (exit code {exitCode})."
                    ),
                    "age",
                    "Try again; if it happens again, see whether the system ends programs for want of memory.",
                    words
                )
            : last.Contains("no identity matched", StringComparison.Ordinal)
            || last.Contains("incorrect identity", StringComparison.Ordinal)
                ? NoMatch(words)
            : last.Contains("error: reading \"", StringComparison.Ordinal)
                ? new CryoBackupException(
                    CryoBackupError.ConfigurationInvalid,
                    $"age cannot use an identity: {last}",
                    "Identity",
                    "Give an identity file that age can read.",
                    words
                )
            : last.Contains("header", StringComparison.Ordinal) ? HeaderDamaged(last, words)
            : new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                $"The encrypted payload of '{_path}' is damaged or cut: {last}.",
                _path,
                "Use another backup; this one does not come back whole.",
                words
            );
        LeavesItOpen = wasEnded || Failure.Error is CryoBackupError.IdentityWrong or CryoBackupError.ConfigurationInvalid;
        return Failure;
    }

    /// <summary>A flipped bit in a recipient's stanza looks to age like somebody else's key; the manifest knows better.</summary>
    private CryoBackupException NoMatch(IReadOnlyList<string> words)
    {
        string? own = _identities
            .SelectMany(RecipientsOf)
            .FirstOrDefault(recipient => _recorded.Contains(recipient, StringComparer.Ordinal));
        return own is not null
            ? HeaderDamaged($"it no longer opens with the identity of '{own}', for which it was encrypted", words)
            : new CryoBackupException(
                CryoBackupError.IdentityWrong,
                $"No identity given opens '{_path}', which is encrypted for "
                    + $"{Header!.Recipients}{(_recorded.Count > 0 ? ": " + string.Join(", ", _recorded) : " (or its header is damaged)")}.",
                _path,
                "Give the identity of one of its recipients, which the manifest names; age-keygen -y prints that of an identity.",
                words
            );
    }

    private IEnumerable<string> RecipientsOf(string identity)
    {
        try
        {
            return AgeIdentities.RecipientsOf(identity, _cancellationToken);
        }
        catch (CryoBackupException)
        {
            // Only for a better message.
            return [];
        }
    }

    private CryoBackupException HeaderDamaged(string reason, IReadOnlyList<string>? words = null) =>
        new(
            CryoBackupError.ArchiveCorrupt,
            $"The header of the encrypted file '{_path}' is damaged: {reason.TrimEnd('.')}.",
            _path,
            "Use another backup; without its header nobody can decrypt this one.",
            words
        );
}
