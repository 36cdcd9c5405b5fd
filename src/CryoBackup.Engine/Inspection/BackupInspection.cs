using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Storage;
using CryoBackup.Streams;

namespace CryoBackup.Inspection;

/// <summary>One inspection of a backup's file and manifest, check by check. Test reports it; Restore relies on it.</summary>
/// <param name="file">The backup.</param>
/// <param name="level">How deep to go.</param>
/// <param name="identities">Full paths of identity files, checked; empty for none.</param>
/// <param name="observer">Takes progress and messages.</param>
/// <param name="cancellationToken">Ends the reading.</param>
internal sealed class BackupInspection(
    StoredFile file,
    VerificationLevel level,
    IReadOnlyList<string> identities,
    Action<EngineMessage> observer,
    CancellationToken cancellationToken
)
{
    private const string Held = "another program held the file";

    private readonly string _path = file.Path;
    private readonly DateTime _start = DateTime.UtcNow;
    private BackupManifest? _lost;
    private FileReading? _reading;
    private FileChecks? _ofFile;
    private SampledReading? _sample;
    private CryoBackupException? _holder;

    /// <summary>
    /// Tells whether the content of a file that is byte for byte the recorded one is taken as New proved and recorded it, without a
    /// reading; false for any other file, and unless something else is set.
    /// </summary>
    public Func<BackupManifest, bool> Trusts { get; set; } = static _ => false;

    /// <summary>Which share of the file to read, in percent, at level Hash; null for all.</summary>
    public int? Sample { get; set; }

    /// <summary>The checks until now, and what follows from them.</summary>
    public CheckList Checks { get; } = new(observer);

    /// <summary>True if the content was not read: it is the recorded one, for the file is.</summary>
    public bool IsTrusted => _reading?.IsTrusted ?? false;

    /// <summary>The file's SHA-256 in upper-case hexadecimal; empty before it was taken.</summary>
    public string Hash => _reading?.Hash ?? "";

    /// <summary>The manifest; null where there is none that can be relied on.</summary>
    public BackupManifest? Manifest { get; private set; }

    /// <summary>What the archive holds; null unless it was read to its end.</summary>
    public ArchiveContent? Content => _reading?.Content;

    /// <summary>The first failure as an error; null if none of the checks failed.</summary>
    public CryoBackupException? Failure => Checks.Failure;

    /// <summary>What kept the content from being looked at, though nothing failed: a missing identity or program, or one that
    /// holds the file or its manifest.</summary>
    public CryoBackupException? Obstacle => _holder ?? _ofFile?.Obstacle;

    /// <summary>
    /// Why the archive, though it was read to its end without a fault, proves nothing about what was written into it: no manifest, or one
    /// without a hash where the file has no checksum of its own either. Null where what was read was compared, or could not be read.
    /// </summary>
    public Unrecorded? Unrecorded => _ofFile?.Unrecorded;

    private TableComparison[] Tables => _reading?.Comparison?.Tables ?? [];

    private IReadOnlyList<string> OfArchive => level == VerificationLevel.Hash ? [] : FileChecks.OfArchive;

    /// <summary>Runs the checks.</summary>
    public void Run()
    {
        CheckFile();
        if (Failure is null)
        {
            ReadManifest();
            if (_holder is null)
            {
                ReadFile();
                CheckGlobals();
            }
        }
        else
        {
            Checks.Skip(
                CheckNames.Metadata,
                _lost is null
                    ? "there is no file that a manifest could describe"
                    : $"it describes a backup of {_lost.Database}, whose file is not there"
            );
            Checks.SkipRest([CheckNames.Hash, .. OfArchive], "the file could not be read");
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>The inspection as users see it.</summary>
    public VerificationResult ToResult()
    {
        (Verdict verdict, string reason, string? remedy) = Checks.Conclude(Good());
        DateTime end = DateTime.UtcNow;
        return new VerificationResult
        {
            Database =
                (Manifest ?? _lost)?.Database
                ?? Content?.Header.Database
                ?? BackupFileName.TryRead(Path.GetFileName(_path))?.Database
                ?? "",
            Path = _path,
            Level = level,
            Sample = Sample,
            Covered = _sample?.Covered,
            Verdict = verdict,
            Reason = reason,
            Remedy = remedy,
            Checks = [.. Checks.All],
            Tables = Tables,
            Hash = Hash,
            Start = _start,
            End = end,
            Duration = end - _start,
        };
    }

    private string Good()
    {
        if (_sample is not null)
        {
            return _sample.Good;
        }

        if (level == VerificationLevel.Hash)
        {
            return "The stored bytes are those that were written.";
        }

        string rows = FileChecks.Rows(Tables);
        return Manifest switch
        {
            { Tables: not null } => $"{rows} are those of the snapshot.",

            // What the manifest leaves out for secrecy, hash and authentication prove.
            { Encryption: not null } => $"The encrypted archive is whole and unchanged ({rows}).",
            _ => $"The archive is whole ({rows}); no recorded rows to compare with.",
        };
    }

    private void CheckFile()
    {
        try
        {
            using Stream bytes = file.Open(cancellationToken);
            if (bytes.Length == 0)
            {
                throw new CryoBackupException(
                    CryoBackupError.NotABackup,
                    $"The backup file '{_path}' is empty.",
                    _path,
                    "Use another backup."
                );
            }

            Checks.Pass(CheckNames.File, string.Create(CultureInfo.InvariantCulture, $"{bytes.Length} bytes"));
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.BackupLocked)
        {
            // It is there; whether it may be read now, reading it tells.
            Checks.Skip(CheckNames.File, Held);
        }
        catch (CryoBackupException exception)
        {
            Checks.Fail(CheckNames.File, exception.Error == CryoBackupError.BackupNotFound ? Lost(exception) : exception);
        }
    }

    /// <summary>A file that is gone is missed by the name of its database, where its manifest is still there.</summary>
    private CryoBackupException Lost(CryoBackupException missing)
    {
        try
        {
            _lost = file.ReadManifest(cancellationToken);
        }
        catch (CryoBackupException)
        {
            return missing;
        }

        if (_lost is null)
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

    private void ReadManifest()
    {
        string manifest = _path + BackupFileName.ManifestSuffix;
        try
        {
            Manifest = file.ReadManifest(cancellationToken);
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.BackupLocked)
        {
            _holder = exception;
            Checks.Hinder(CheckNames.Metadata, exception.Message, exception.Remedy);
            Checks.SkipRest([CheckNames.Hash, .. OfArchive], "another program held the manifest");
            return;
        }
        catch (CryoBackupException exception)
        {
            Checks.Fail(CheckNames.Metadata, exception);
            return;
        }

        if (Manifest is null)
        {
            Checks.Skip(CheckNames.Metadata, $"'{Path.GetFileName(manifest)}' does not exist");
            return;
        }

        // Where the file system takes APP.dump for app.dump, so may the user.
        StringComparison comparison =
            OperatingSystem.IsWindows() || OperatingSystem.IsMacOS() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        if (string.Equals(Manifest.BackupFile, Path.GetFileName(_path), comparison))
        {
            Checks.Pass(CheckNames.Metadata, $"describes a backup of {Manifest.Database}");
            return;
        }

        Checks.Fail(
            CheckNames.Metadata,
            new CryoBackupException(
                CryoBackupError.ManifestInvalid,
                $"The manifest '{manifest}' describes '{Manifest.BackupFile}', not this file.",
                manifest,
                "Put each manifest beside the file that it was written for, both under their own names."
            )
        );
    }

    private void ReadFile()
    {
        _reading = new FileReading(file, identities, Manifest, observer, cancellationToken);
        _ofFile = new FileChecks(Checks, _path, Manifest, level);
        try
        {
            if (Sample is { } percent)
            {
                TakeSample(percent);
                return;
            }

            if (level == VerificationLevel.Hash)
            {
                _reading.TakeHash();
            }
            else if (Manifest is not { Sha256: not null } || !Trusts(Manifest) || !_reading.TakeRecorded())
            {
                _reading.Read();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Unreadable(
                exception.InnerException as CryoBackupException
                    ?? (HeldFile.IsHeld(exception) ? BackupSource.Held(_path, exception) : null)
                    ?? new CryoBackupException(
                        CryoBackupError.ArchiveCorrupt,
                        $"The backup file '{_path}' cannot be read to its end: {exception.Message}",
                        _path,
                        "Look for a failing disk or a lost connection to it, or use another backup.",
                        inner: exception
                    )
            );
            return;
        }
        catch (CryoBackupException exception)
        {
            // It was removed, or taken from us, since it was looked at.
            Unreadable(exception);
            return;
        }

        _ofFile.Run(_reading);
    }

    private void TakeSample(int percent)
    {
        if (Manifest is null)
        {
            if (Failure is null)
            {
                Checks.Doubt("There is no manifest, so nothing recorded to compare a sample with.", remedy: null);
            }

            Checks.SkipRest([CheckNames.Hash, CheckNames.Sample], "there is no manifest to compare a sample with");
            return;
        }

        _sample = new SampledReading(file, Manifest, percent, observer, cancellationToken);
        _sample.Run(Checks);
    }

    private void Unreadable(CryoBackupException failure)
    {
        if (failure.Error == CryoBackupError.BackupLocked)
        {
            _ofFile!.Hinder(failure);
            Checks.SkipRest([CheckNames.Hash, .. OfArchive], Held);
            return;
        }

        Checks.Fail(CheckNames.Hash, failure);
        Checks.SkipRest(OfArchive, "the file could not be read");
    }

    private void CheckGlobals()
    {
        if (Manifest?.Globals is not { } globals)
        {
            return;
        }

        try
        {
            GlobalsFile.Verify(file, globals, Manifest.Encryption is not null, cancellationToken);
            Checks.Pass(CheckNames.Globals, "roles and tablespaces are the recorded ones");
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.BackupLocked)
        {
            Checks.Hinder(CheckNames.Globals, exception.Message, exception.Remedy);
        }
        catch (CryoBackupException exception)
        {
            Checks.Fail(CheckNames.Globals, exception);
        }
    }
}
