using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Inspection;
using CryoBackup.Postgres;
using CryoBackup.Storage;

namespace CryoBackup.Restore;

/// <summary>The backup that a restore takes from, as far as it was looked at before.</summary>
/// <param name="Content">What the archive holds.</param>
/// <param name="Manifest">Its manifest; null where there is none that can be relied on.</param>
/// <param name="Hash">The SHA-256 that the file had; null where nobody looked.</param>
/// <param name="IsTrusted">True if the content was not read: it is the recorded one, for the file is.</param>
internal sealed record RestoreSource(ArchiveContent Content, BackupManifest? Manifest, string? Hash, bool IsTrusted)
{
    /// <summary>The manifest, where its record was taken for the content; else null.</summary>
    public BackupManifest? Trusted => IsTrusted ? Manifest : null;

    /// <summary>Proves a backup.</summary>
    /// <param name="request">Which one, and how.</param>
    /// <param name="observer">Takes progress and messages.</param>
    /// <param name="warn">Takes what belongs into the result too.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">It is not whole, or could not be read.</exception>
    public static RestoreSource Inspect(
        RestoreRequest request,
        Action<EngineMessage> observer,
        Action<string> warn,
        CancellationToken cancellationToken
    )
    {
        AgeIdentities.Check(request.Identities, observer);
        var inspection = new BackupInspection(
            request.File(observer),
            VerificationLevel.Content,
            request.Identities,
            observer,
            cancellationToken
        );
        inspection.Trusts = manifest => !request.VerifyContent && (!request.PlanOnly || manifest.Tables is not null);
        inspection.Run();
        if (inspection.Failure is { } failure)
        {
            throw failure;
        }

        ArchiveContent content =
            inspection.Content
            ?? throw inspection.Obstacle
                ?? new CryoBackupException(
                    CryoBackupError.ArchiveCorrupt,
                    $"'{request.Path}' could not be verified: {inspection.ToResult().Reason}",
                    request.Path
                );
        if (inspection.Unrecorded is not null)
        {
            warn($"'{request.Path}': {inspection.ToResult().Reason}");
        }

        return new RestoreSource(content, inspection.Manifest, inspection.Hash, inspection.IsTrusted);
    }

    /// <summary>The table of contents alone, unverified; the rest is read only as it flows to pg_restore.</summary>
    /// <param name="request">Which backup.</param>
    /// <param name="observer">Takes messages.</param>
    /// <param name="warn">Takes what belongs into the result too.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">It could not be read.</exception>
    public static RestoreSource Skim(
        RestoreRequest request,
        Action<EngineMessage> observer,
        Action<string> warn,
        CancellationToken cancellationToken
    )
    {
        AgeIdentities.Check(request.Identities, observer);
        warn($"'{request.Path}' was not verified before the restore.");
        BackupManifest? manifest = null;
        try
        {
            manifest = request.File(observer).ReadManifest(cancellationToken);
        }
        catch (CryoBackupException exception)
        {
            warn(exception.Message);
        }

        using var source = new BackupSource(
            request.File(observer),
            new AgeDecryption(request.Path, request.Identities, [], cancellationToken),
            cancellationToken
        );
        try
        {
            ArchiveContent content = ArchiveReader.ReadTableOfContents(source.Output, manifest?.UncompressedBytes ?? 0, cancellationToken);
            return new RestoreSource(content, manifest, Hash: null, IsTrusted: false);
        }
        catch (InvalidDataException exception)
        {
            throw BackupSource.CompressionDamaged(request.Path, exception);
        }
    }

    /// <summary>Reads the roles beside it.</summary>
    /// <param name="request">Which backup.</param>
    /// <param name="observer">Takes messages.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="CryoBackupException">BackupNotFound: it has none. HashMismatch, IdentityMissing and others.</exception>
    public GlobalsScript ReadGlobals(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) =>
        Manifest?.Globals is { } record
            ? GlobalsFile.Read(request.File(observer), record, Manifest.Encryption is not null, request.Identities, cancellationToken)
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{request.Path}' has no globals: "
                    + $"{(Manifest is null ? "there is no manifest that records any" : "it was made without them")}.",
                request.Path,
                "Leave out -IncludeGlobals and create the roles by hand, or take a backup that New-CryoBackup made with -IncludeGlobals."
            );
}
