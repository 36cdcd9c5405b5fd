using System.Diagnostics;
using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Comparison;
using CryoBackup.Encryption;
using CryoBackup.Storage;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Inspection;

/// <summary>One inspection of a backup's file and manifest, check by check. Test reports it; Restore relies on it.</summary>
internal sealed class BackupInspection
{
    private const long BeyondRecord = 64L << 20;

    private readonly string _path;
    private readonly VerificationLevel _level;
    private readonly IReadOnlyList<string> _identities;
    private readonly Action<EngineMessage> _observer;
    private readonly CancellationToken _cancellationToken;
    private readonly DateTime _start = DateTime.UtcNow;
    private readonly List<CheckResult> _checks = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _checkStart;
    private TableComparison[] _tables = [];
    private string _hash = "";
    private BackupManifest? _lost;

    /// <summary>Prepares an inspection.</summary>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="level">How deep to go.</param>
    /// <param name="identities">Full paths of identity files, checked; empty for none.</param>
    /// <param name="observer">Takes progress and messages.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public BackupInspection(
        string path,
        VerificationLevel level,
        IReadOnlyList<string> identities,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        _identities = identities;
        _path = path;
        _level = level;
        _observer = observer;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Gives what takes the archive as it is read and never fails, told whether the file is encrypted; null for nothing.</summary>
    public Func<bool, Stream?>? Copy { get; set; }

    /// <summary>
    /// Tells whether the content of a file that is byte for byte the recorded one is taken as New proved and recorded it, without a
    /// reading;
    /// false for any other file, and unless something else is set.
    /// </summary>
    public Func<BackupManifest, bool> Trusts { get; set; } = static _ => false;

    /// <summary>True if the content was not read: it is the recorded one, for the file is.</summary>
    public bool IsTrusted { get; private set; }

    /// <summary>The file's SHA-256 in upper-case hexadecimal; empty before it was taken.</summary>
    public string Hash => _hash;

    /// <summary>The manifest; null where there is none that can be relied on.</summary>
    public BackupManifest? Manifest { get; private set; }

    /// <summary>What the archive holds; null unless it was read to its end.</summary>
    public ArchiveContent? Content { get; private set; }

    /// <summary>The first failure as an error; null if none of the checks failed.</summary>
    public CryoBackupException? Failure { get; private set; }

    /// <summary>What kept the content from being looked at, though nothing failed: a missing identity or program.</summary>
    public CryoBackupException? Obstacle { get; private set; }

    /// <summary>
    /// Why the archive, though it was read to its end without a fault, proves nothing about what was written into it: no manifest, or one
    /// without a hash where the file has no checksum of its own either. Null where what was read was compared, or could not be read.
    /// </summary>
    public Unrecorded? Unrecorded { get; private set; }

    /// <summary>Runs the checks.</summary>
    public void Run()
    {
        CheckFile();
        if (Failure is null)
        {
            ReadManifest();
            try
            {
                ReadFile();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Unreadable(
                    new CryoBackupException(
                        CryoBackupError.ArchiveCorrupt,
                        $"The backup file '{_path}' cannot be read to its end: {exception.Message}",
                        _path,
                        "Look for a failing disk or a lost connection to it, or use another backup.",
                        inner: exception
                    )
                );
            }
            catch (CryoBackupException exception)
            {
                // It was removed, or taken from us, since it was looked at.
                Unreadable(exception);
            }

            CheckGlobals();
        }
        else
        {
            NotRun(
                CheckNames.Metadata,
                _lost is null
                    ? "there is no file that a manifest could describe"
                    : $"it describes a backup of {_lost.Database}, whose file is not there"
            );
            NotRun(CheckNames.Hash, "the file could not be read");
            NotRunBelow("the file could not be read");
        }

        _cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>The inspection as users see it.</summary>
    public VerificationResult ToResult()
    {
        (Verdict verdict, string reason) = Conclude();
        DateTime end = DateTime.UtcNow;
        return new VerificationResult
        {
            Database =
                (Manifest ?? _lost)?.Database
                ?? Content?.Header.Database
                ?? BackupFileName.TryRead(Path.GetFileName(_path))?.Database
                ?? "",
            Path = _path,
            Level = _level,
            Verdict = verdict,
            Reason = reason,
            Remedy = verdict == Verdict.Passed ? null : (Failure ?? Obstacle)?.Remedy ?? Unrecorded?.Remedy,
            Checks = [.. _checks],
            Tables = _tables,
            Hash = _hash,
            Start = _start,
            End = end,
            Duration = end - _start,
        };
    }

    private (Verdict Verdict, string Reason) Conclude()
    {
        if (Failure is not null)
        {
            return (Verdict.Failed, Failure.Message);
        }

        if (_level == VerificationLevel.Hash)
        {
            return Manifest?.Sha256 is null
                ? (
                    Verdict.Inconclusive,
                    $"There is {(Manifest is null ? "no manifest, so " : "")}no recorded hash to compare with; "
                        + "level Content reads the archive itself."
                )
                : (Verdict.Passed, "The stored bytes are those that were written.");
        }

        string rows = Rows;
        if (Unrecorded is { } unrecorded)
        {
            return (Verdict.Inconclusive, unrecorded.Describe(rows));
        }

        if (_checks.Find(check => check is { Name: CheckNames.Content, Outcome: not CheckOutcome.Passed }) is { } unread)
        {
            return (Verdict.Inconclusive, "The content could not be checked: " + (Obstacle?.Message ?? unread.Detail + "."));
        }

        if (Manifest?.Tables is not null)
        {
            return (Verdict.Passed, $"{rows} are those of the snapshot.");
        }

        if (Manifest?.Encryption is not null)
        {
            // What the manifest leaves out for secrecy, hash and authentication prove.
            return (Verdict.Passed, $"The encrypted archive is whole and unchanged ({rows}).");
        }

        return (Verdict.Passed, $"The archive is whole ({rows}); no recorded rows to compare with.");
    }

    /// <summary>The tables that were read, with their rows as far as they are counted.</summary>
    private string Rows =>
        string.Create(CultureInfo.InvariantCulture, $"{_tables.Length} tables")
        + (
            Array.Exists(_tables, table => table.FoundRows is null)
                ? ", not all rows counted"
                : string.Create(CultureInfo.InvariantCulture, $" with {_tables.Sum(table => table.FoundRows ?? 0)} rows")
        );

    private void CheckFile()
    {
        try
        {
            using FileStream file = BackupSource.OpenFile(_path);
            if (file.Length == 0)
            {
                throw new CryoBackupException(
                    CryoBackupError.NotABackup,
                    $"The backup file '{_path}' is empty.",
                    _path,
                    "Use another backup."
                );
            }

            Pass(CheckNames.File, string.Create(CultureInfo.InvariantCulture, $"{file.Length} bytes"));
        }
        catch (CryoBackupException exception)
        {
            Fail(CheckNames.File, exception.Error == CryoBackupError.BackupNotFound ? Lost(exception) : exception);
        }
    }

    /// <summary>A file that is gone is missed by the name of its database, where its manifest is still there.</summary>
    private CryoBackupException Lost(CryoBackupException missing)
    {
        try
        {
            _lost = BackupManifest.Read(_path + BackupFileName.ManifestSuffix);
        }
        catch (CryoBackupException)
        {
            return missing;
        }

        return new CryoBackupException(
            missing.Error,
            $"The backup file '{_path}' does not exist; its manifest, which is still there, "
                + $"describes a backup of '{_lost.Database}' of {_lost.Timestamp}.",
            _path,
            "Look for the file where it was moved or copied to, or use another backup.",
            inner: missing
        );
    }

    private void Unreadable(CryoBackupException failure)
    {
        Fail(CheckNames.Hash, failure);
        NotRunBelow("the file could not be read");
    }

    private void ReadManifest()
    {
        string path = _path + BackupFileName.ManifestSuffix;
        if (!File.Exists(path))
        {
            NotRun(CheckNames.Metadata, $"'{Path.GetFileName(path)}' does not exist");
            return;
        }

        try
        {
            Manifest = BackupManifest.Read(path);
        }
        catch (CryoBackupException exception)
        {
            Fail(CheckNames.Metadata, exception);
            return;
        }

        // Where the file system takes APP.dump for app.dump, so may the user.
        StringComparison comparison =
            OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        if (!string.Equals(Manifest.BackupFile, Path.GetFileName(_path), comparison))
        {
            Fail(
                CheckNames.Metadata,
                new CryoBackupException(
                    CryoBackupError.ManifestInvalid,
                    $"The manifest '{path}' describes '{Manifest.BackupFile}', not this file.",
                    path,
                    "Put each manifest beside the file that it was written for, both under their own names."
                )
            );
            return;
        }

        Pass(CheckNames.Metadata, $"describes a backup of {Manifest.Database}");
    }

    private void ReadFile()
    {
        if (_level == VerificationLevel.Hash)
        {
            HashAlone();
            return;
        }

        if (TakeRecorded())
        {
            return;
        }

        var decryption = new AgeDecryption(_path, _identities, Manifest?.Encryption?.Recipients ?? [], _cancellationToken);
        BackupSource source;
        try
        {
            source = new BackupSource(_path, decryption);
        }
        catch (CryoBackupException exception)
            when (exception.Error is CryoBackupError.ToolNotFound or CryoBackupError.IdentityMissing || decryption.WasEnded)
        {
            Obstacle = exception;
            HashAlone();
            string detail = exception.Message.TrimEnd('.');
            if (decryption.Header is not null)
            {
                NotRun(CheckNames.Encryption, detail, exception.Error);
            }

            NotRunBelow(decryption.Header is null ? detail : "it was not decrypted", exception.Error);
            return;
        }
        catch (CryoBackupException exception) when (ReferenceEquals(exception, decryption.Failure))
        {
            HashAlone();
            Fail(CheckNames.Encryption, exception);
            NotRunBelow("it could not be decrypted");
            return;
        }
        catch (CryoBackupException exception)
        {
            HashAlone();
            Fail(CheckNames.Format, exception);
            NotRunBelow("the file is not a backup");
            return;
        }

        using (source)
        {
            ReadContent(source, decryption);
        }
    }

    private string Activity => $"Verifying {Path.GetFileName(_path)}";

    private void HashAlone() => CheckHash(TakeHash(), archive: null, comparison: null);

    private long TakeHash()
    {
        using FileStream file = BackupSource.OpenFile(_path);
        using var hash = new Sha256ReadStream(file);
        long length = file.Length;
        using (new ProgressReporter(Activity, _observer, () => Look(hash.BytesRead, length, "")))
        {
            _hash = hash.Finish(_cancellationToken);
        }

        return hash.BytesRead;
    }

    /// <summary>A file that is the recorded one was proven when it was written. Any other is read, and found out, as if nothing was
    /// recorded.</summary>
    private bool TakeRecorded()
    {
        if (Manifest is not { Sha256: { } recorded } manifest || !Trusts(manifest))
        {
            return false;
        }

        long length = TakeHash();
        if (
            !string.Equals(recorded, _hash, StringComparison.OrdinalIgnoreCase)
            || RecordedContent.Find(_path, _identities, manifest, _cancellationToken) is not { } content
        )
        {
            return false;
        }

        const string Proven = "the file is the one whose content was proven when it was written";
        IsTrusted = true;
        Content = content;
        var comparison = new ManifestComparison(manifest, content);
        _tables = comparison.Tables;
        CheckHash(length, content, comparison);
        if (manifest.Encryption is { } encryption)
        {
            Pass(CheckNames.Encryption, $"age opens it, for {string.Join(", ", encryption.Recipients)}");
        }

        NotRun(CheckNames.Compression, Proven);
        Pass(CheckNames.Format, Entries(content));
        Pass(CheckNames.Content, Proven);
        return true;
    }

    private static string Entries(ArchiveContent content) =>
        string.Create(CultureInfo.InvariantCulture, $"archive version {content.Header.Version} with {content.Entries.Count} entries");

    private void ReadContent(BackupSource source, AgeDecryption decryption)
    {
        ArchiveReader? reader = null;
        CryoBackupException? archiveFailure = null;
        CryoBackupException? compressionFailure = null;
        Stream? copy = Copy?.Invoke(source.IsEncrypted);
        using (
            new ProgressReporter(
                Activity,
                _observer,
                () =>
                    Look(
                        source.BytesRead,
                        source.Length,
                        Volatile.Read(ref reader)?.Current is { } entry ? $"{entry.Schema}.{entry.Name}" : ""
                    )
            )
        )
        {
            try
            {
                Content = ArchiveReader.Read(
                    Bounded(source.Output),
                    copy,
                    started => Volatile.Write(ref reader, started),
                    _cancellationToken
                );
                _cancellationToken.ThrowIfCancellationRequested();
            }
            catch (CryoBackupException exception)
            {
                archiveFailure = new CryoBackupException(
                    exception.Error,
                    $"'{_path}': {exception.Message}",
                    _path,
                    exception.Remedy,
                    inner: exception
                );
            }
            catch (InvalidDataException exception)
            {
                compressionFailure = BackupSource.CompressionDamaged(_path, exception);
            }

            _hash = source.FinishHash(_cancellationToken);
        }

        // In the order in which the file is peeled: the stored bytes, the compression, the archive, its content.
        ManifestComparison? comparison = Content is null ? null : new ManifestComparison(Manifest, Content);
        _tables = comparison?.Tables ?? [];
        CheckHash(source.BytesRead, Content, comparison);
        if (decryption.Failure is not null)
        {
            CannotDecrypt(decryption);
            return;
        }

        if (decryption.Header is not null && Content is not null)
        {
            Pass(CheckNames.Encryption, $"age to its end, for {decryption.Header.Recipients}");
        }
        else if (decryption.Header is not null)
        {
            NotRun(CheckNames.Encryption, "the archive within is damaged before its end");
        }

        if (source.Compression == CompressionKind.None)
        {
            NotRun(CheckNames.Compression, "the file is not compressed");
        }
        else if (compressionFailure is not null)
        {
            Fail(CheckNames.Compression, compressionFailure);
        }
        else if (archiveFailure is null)
        {
            Pass(CheckNames.Compression, $"{source.Compression} to its end");
        }
        else
        {
            NotRun(CheckNames.Compression, "the archive within is damaged before its end");
        }

        if (archiveFailure is not null)
        {
            Fail(CheckNames.Format, archiveFailure);
        }
        else if (compressionFailure is not null)
        {
            NotRun(CheckNames.Format, "it could not be decompressed");
        }

        if (Content is null)
        {
            NotRun(CheckNames.Content, "the archive could not be read to its end");
            return;
        }

        Pass(
            CheckNames.Format,
            Entries(Content) + (Content.HasTocAtEnd ? "; they stand a second time at its end, for it was appended to a file" : "")
        );
        CheckContent(Content, comparison?.Difference, source.Checksum);
    }

    /// <summary>An archive far beyond what was recorded is not read on: it is another one, or has no end.</summary>
    private Stream Bounded(Stream archive)
    {
        if (Manifest?.UncompressedBytes is not { } recorded || recorded > long.MaxValue / 4)
        {
            return archive;
        }

        long most = (2 * recorded) + BeyondRecord;
        return new BoundedReadStream(
            archive,
            most,
            () =>
                new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"The archive goes on beyond {SizeText.Of(most)}, though {recorded} bytes are recorded; it was not read further."
                    ),
                    _path,
                    "Use another backup."
                )
        );
    }

    private void CannotDecrypt(AgeDecryption decryption)
    {
        if (decryption.WasEnded)
        {
            Obstacle = decryption.Failure;
            NotRun(CheckNames.Encryption, decryption.Failure!.Message.TrimEnd('.'), decryption.Failure.Error);
        }
        else
        {
            Fail(CheckNames.Encryption, decryption.Failure!);
        }

        NotRunBelow("it could not be decrypted to its end");
    }

    private void CheckHash(long length, ArchiveContent? archive, ManifestComparison? comparison)
    {
        if (Manifest is null || Manifest.Sha256 is null)
        {
            if (Manifest is not null && Manifest.SizeBytes != length)
            {
                Fail(
                    CheckNames.Hash,
                    new CryoBackupException(
                        CryoBackupError.HashMismatch,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"'{_path}' has {length} bytes; its manifest records {Manifest.SizeBytes}."
                        ),
                        _path,
                        "Use another backup."
                    )
                );
                return;
            }

            // The predecessor's check: that a hash can be taken. There is none to compare it with.
            Pass(CheckNames.Hash, Manifest is null ? "calculated; no manifest to compare with" : "calculated; the manifest records none");
            return;
        }

        if (string.Equals(Manifest.Sha256, _hash, StringComparison.OrdinalIgnoreCase))
        {
            Pass(CheckNames.Hash, "is the one that was recorded");
            return;
        }

        string size =
            Manifest.SizeBytes == length
                ? "of the recorded size"
                : string.Create(CultureInfo.InvariantCulture, $"{length} instead of {Manifest.SizeBytes} bytes long");
        (string what, string remedy) = archive switch
        {
            null => (
                "is not what was written: its SHA-256 differs from the recorded one",
                "Use another backup, and look for a failing disk or transfer."
            ),
            _ when comparison!.IsOther => (
                $"is a whole archive of '{archive.Header.Database}', but not the one that its manifest describes: its SHA-256 differs",
                "Look for files that were exchanged: put each manifest beside the file that it was written for."
            ),
            _ => (
                "was changed after it was written: its SHA-256 differs from the recorded one, though it still is a whole archive"
                    + (comparison.Difference is null ? " with the recorded rows" : ": " + comparison.Difference),
                "Use another backup, and look for a failing disk or transfer."
            ),
        };
        Fail(CheckNames.Hash, new CryoBackupException(CryoBackupError.HashMismatch, $"'{_path}' ({size}) {what}.", _path, remedy));
    }

    private void CheckContent(ArchiveContent content, string? difference, string? checksum)
    {
        if (difference is not null)
        {
            FailContent(difference);
        }
        else if (Manifest?.Tables is not null)
        {
            Pass(
                CheckNames.Content,
                string.Create(CultureInfo.InvariantCulture, $"rows and fingerprints of {_tables.Length} tables are the recorded ones")
            );
        }
        else if (content.Header.Compression is ArchiveCompression.Lz4 or ArchiveCompression.Zstd)
        {
            NotRun(CheckNames.Content, $"the data blocks are compressed with {content.Header.Compression}, which is not read here");
        }
        else
        {
            int uncounted = _tables.Count(table => table.FoundRows is null);
            string read =
                string.Create(CultureInfo.InvariantCulture, $"{_tables.Length} tables, each to its end")
                + (
                    uncounted == 0
                        ? ""
                        : string.Create(
                            CultureInfo.InvariantCulture,
                            $"; the rows of {uncounted}, written as INSERT statements, are not counted"
                        )
                );
            Unrecorded = Unrecorded.Find(_path, Manifest, checksum, content.Header.Compression);
            if (Unrecorded is null)
            {
                Pass(CheckNames.Content, read);
            }
            else
            {
                NotRun(CheckNames.Content, $"{read}; there is nothing recorded to compare them with");
            }
        }
    }

    private void CheckGlobals()
    {
        if (Manifest?.Globals is not { } globals)
        {
            return;
        }

        try
        {
            GlobalsFile.Verify(_path, globals, Manifest.Encryption is not null, _cancellationToken);
            Pass(CheckNames.Globals, "roles and tablespaces are the recorded ones");
        }
        catch (CryoBackupException exception)
        {
            Fail(CheckNames.Globals, exception);
        }
    }

    private void FailContent(string difference) =>
        Fail(
            CheckNames.Content,
            new CryoBackupException(
                CryoBackupError.ArchiveCorrupt,
                $"The content of '{_path}' is not what was recorded: {difference}.",
                _path,
                "Use another backup."
            )
        );

    private static (string Status, double? Fraction) Look(long read, long length, string table)
    {
        string bytes = $"{SizeText.Of(read)} of {SizeText.Of(length)}";
        return (table.Length == 0 ? bytes : $"{table}, {bytes}", length == 0 ? null : Math.Min(1, (double)read / length));
    }

    private void Pass(string name, string detail) => Add(name, CheckOutcome.Passed, detail);

    private void NotRun(string name, string detail, CryoBackupError? error = null) => Add(name, CheckOutcome.NotRun, detail, error);

    private void NotRunBelow(string detail, CryoBackupError? error = null)
    {
        if (_level == VerificationLevel.Hash)
        {
            return;
        }

        foreach (string name in (string[])[CheckNames.Compression, CheckNames.Format, CheckNames.Content])
        {
            if (!_checks.Exists(check => string.Equals(check.Name, name, StringComparison.Ordinal)))
            {
                NotRun(name, detail, error);
            }
        }
    }

    private void Fail(string name, CryoBackupException failure)
    {
        Failure ??= failure;
        Add(name, CheckOutcome.Failed, failure.Message, failure.Error);
    }

    private void Add(string name, CheckOutcome outcome, string detail, CryoBackupError? error = null)
    {
        TimeSpan now = _clock.Elapsed;
        _checks.Add(
            new CheckResult
            {
                Name = name,
                Outcome = outcome,
                Detail = detail,
                ErrorId = error,
                Duration = now - _checkStart,
            }
        );
        _checkStart = now;
        _observer(new VerboseMessage($"{name}: {outcome}: {detail}"));
    }
}
