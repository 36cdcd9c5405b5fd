namespace CryoBackup.Storage;

/// <summary>Makes of what a listing of names shows what users see. Manifests are read several at once; nothing else is opened.</summary>
internal static class CatalogReader
{
    // Each is opened, read and hashed in turn: on a share most of that is waiting.
    private static readonly int AtOnce = Math.Clamp(Environment.ProcessorCount * 2, 4, 16);

    /// <summary>Reads what is asked for.</summary>
    /// <param name="entries">What there is.</param>
    /// <param name="query">What of it is wanted.</param>
    /// <param name="observer">Takes warnings about what is no complete backup, unless all are asked for.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Newest first; what nothing dates comes last.</returns>
    public static IReadOnlyList<BackupInfo> Read(
        IReadOnlyList<CatalogEntry> entries,
        CatalogQuery query,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        var read = new (BackupInfo? Backup, string? Warning)[entries.Count];
        Parallel.For(
            0,
            entries.Count,
            new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            i => read[i] = Read(entries[i], query)
        );
        foreach (string warning in read.Select(one => one.Warning).OfType<string>())
        {
            observer(new WarningMessage(warning));
        }

        IEnumerable<BackupInfo> newestFirst = read.Select(one => one.Backup)
            .OfType<BackupInfo>()
            .OrderByDescending(backup => backup.Start)
            .ThenBy(backup => backup.Path, StringComparer.Ordinal);
        return query.Latest ? BackupOrigin.Latest(newestFirst.Select(backup => (backup, BackupOrigin.Of(backup)))) : [.. newestFirst];
    }

    private static (BackupInfo? Backup, string? Warning) Read(CatalogEntry entry, CatalogQuery query)
    {
        if (entry.State is BackupState.ManifestMissing or BackupState.Unfinished)
        {
            return (query.All ? Wanted(ByName(entry, entry.State, []), query) : null, null);
        }

        try
        {
            BackupManifest manifest = entry.Read(entry);
            BackupInfo backup = BackupCatalog.ToInfo(manifest, entry.Path, entry.ManifestPath);
            backup.Hold = entry.Hold(entry);
            backup.State = entry.State;
            Set(backup, entry.State == BackupState.Complete ? entry.Proof(entry, manifest) : BackupProof.None);
            return Wanted(backup, query) is null ? (null, null)
                : entry.State == BackupState.Complete || query.All ? (backup, null)
                : (
                    null,
                    $"The backup of '{manifest.Database}' of {manifest.Timestamp} is missing: '{entry.Path}' is not there, "
                        + "only its manifest."
                );
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whatever one file does to its reader, the others are still to be seen.
            string why =
                exception is CryoBackupException
                    ? exception.Message
                    : $"The manifest '{entry.ManifestPath}' cannot be read ({exception.GetType().Name}); it is left out.";
            return query.All ? (Wanted(ByName(entry, BackupState.ManifestInvalid, [why]), query), null) : (null, why);
        }
    }

    /// <summary>Tells of a backup how far it is proven.</summary>
    /// <param name="backup">The backup.</param>
    /// <param name="proof">What is known.</param>
    internal static void Set(BackupInfo backup, BackupProof proof) =>
        (backup.Proven, backup.Rehearsed, backup.Disproven, backup.RestoreDuration) = (
            proof.Proven,
            proof.Rehearsed,
            proof.Failed,
            proof.RestoreDuration
        );

    private static BackupInfo? Wanted(BackupInfo backup, CatalogQuery query) => query.Wants(backup) ? backup : null;

    /// <summary>What is known of a backup without its manifest.</summary>
    private static BackupInfo ByName(CatalogEntry entry, BackupState state, string[] warnings)
    {
        (string database, DateTime start) = BackupFileName.TryRead(Path.GetFileName(entry.Path)) ?? ("", DateTime.MinValue);
        var manifest = new BackupManifest
        {
            Database = database,
            BackupType = BackupFileName.IsPartial(entry.Path) ? BackupManifest.PartialType : BackupManifest.FullType,
            SizeBytes = entry.Size(entry),
            Encryption = entry.Path.EndsWith(BackupFileName.EncryptedSuffix, StringComparison.Ordinal) ? new() : null,
            Warnings = [.. warnings],
            Timestamp = start == DateTime.MinValue ? "" : start.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        };
        string path = state == BackupState.Unfinished ? entry.Path + BackupFileName.PartialSuffix : entry.Path;
        BackupInfo backup = BackupCatalog.ToInfo(manifest, path, state == BackupState.ManifestInvalid ? entry.ManifestPath : "");
        backup.State = state;
        return backup;
    }
}
