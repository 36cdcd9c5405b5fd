using CryoBackup.Encryption;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Inspection;

/// <summary>The tables of encrypted backups, which their manifests do not tell.</summary>
public static class EncryptedTables
{
    /// <summary>Reads them from the archives that an identity opens.</summary>
    /// <param name="backups">Any backups; those that are not encrypted pass as they are.</param>
    /// <param name="identities">Full paths of identity files; empty to read nothing.</param>
    /// <param name="observer">Takes progress, and a warning about each backup that does not open.</param>
    /// <param name="cancellationToken">Ends the reading, and age.</param>
    /// <param name="options">How a store is reached that a backup lies in; null for as the environment says.</param>
    /// <returns>The same objects, one by one as they were read.</returns>
    /// <exception cref="CryoBackupException">IdentityMissing, ConfigurationInvalid about an identity.</exception>
    public static IEnumerable<BackupInfo> Read(
        IEnumerable<BackupInfo> backups,
        IReadOnlyList<string> identities,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        StoreOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(backups);
        ArgumentNullException.ThrowIfNull(identities);
        AgeIdentities.Check(identities, observer);
        foreach (BackupInfo backup in backups)
        {
            if (backup.Encrypted && identities.Count > 0)
            {
                ReadTables(
                    backup,
                    new StoredFile(backup.Path, options ?? new StoreOptions(), observer),
                    identities,
                    observer,
                    cancellationToken
                );
            }

            yield return backup;
        }
    }

    private static void ReadTables(
        BackupInfo backup,
        StoredFile file,
        IReadOnlyList<string> identities,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        var inspection = new BackupInspection(file, VerificationLevel.Content, identities, observer, cancellationToken);
        inspection.Run();
        if (inspection is { Content: { } content, Failure: null })
        {
            backup.SetTables([.. content.Tables.Select(table => table.ToTableInfo())]);
        }
        else
        {
            observer(
                new WarningMessage(
                    $"The tables of '{backup.Path}' cannot be told: "
                        + $"{(inspection.Failure ?? inspection.Obstacle)?.Message ?? "its archive was not read."}"
                )
            );
        }
    }
}
