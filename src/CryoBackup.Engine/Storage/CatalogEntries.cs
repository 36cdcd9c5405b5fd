using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>The backups of folders by the names of their files; no file is opened.</summary>
internal static class CatalogEntries
{
    /// <summary>What a place holds.</summary>
    /// <param name="listing">The files that lie there.</param>
    /// <returns>In ordinal order of their paths.</returns>
    public static IReadOnlyList<CatalogEntry> Of(BackupListing listing)
    {
        HashSet<string> names = new(listing.Files, StringComparer.Ordinal);
        return
        [
            .. listing
                .Files.Select(file => Identify(listing, file, names))
                .OfType<CatalogEntry>()
                .OrderBy(entry => entry.Path, StringComparer.Ordinal),
        ];
    }

    /// <summary>What a folder and those below it hold. Links to folders are not followed: they may lead back.</summary>
    /// <param name="root">The folder; a location of a store has no folders below.</param>
    /// <param name="observer">Takes a warning about each folder below that cannot be read.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    /// <returns>Folder by folder, in ordinal order.</returns>
    public static IReadOnlyList<CatalogEntry> OfTree(
        BackupListing root,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        var found = new List<CatalogEntry>(Of(root));
        if (StoreLocation.IsStore(root.Place))
        {
            observer(new WarningMessage($"'{root.Place}' is a location of a store: what lies below it is not listed."));
            return found;
        }

        var waiting = new Stack<string>(Below(root.Place, observer));
        while (waiting.TryPop(out string? folder))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                found.AddRange(Of(BackupListing.Of(folder, null, observer, cancellationToken)));
            }
            catch (CryoBackupException exception)
            {
                observer(new WarningMessage($"{exception.Message} It is left out."));
                continue;
            }

            foreach (string inner in Below(folder, observer))
            {
                waiting.Push(inner);
            }
        }

        return found;
    }

    /// <summary>How far a backup is proven that was just made; not at all where the file system does not tell.</summary>
    /// <param name="backup">The backup's full path, or location.</param>
    /// <param name="manifest">Its manifest.</param>
    public static BackupProof ProofOf(string backup, BackupManifest manifest) =>
        StoreLocation.IsStore(backup) ? BackupProof.OfMade(manifest) : ProofOf(() => BackupProof.Of(backup, manifest));

    /// <summary>How far a backup is proven; not at all where the file system does not tell.</summary>
    /// <param name="listing">What lies at its place.</param>
    /// <param name="backup">The backup's full path, or location.</param>
    /// <param name="manifest">Its manifest.</param>
    public static BackupProof ProofOf(BackupListing listing, string backup, BackupManifest manifest) =>
        ProofOf(() => listing.ProofOf(backup, manifest));

    private static BackupProof ProofOf(Func<BackupProof> look)
    {
        try
        {
            return look();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return BackupProof.None;
        }
    }

    /// <summary>A manifest stands for its backup; a backup for itself only where it has none.</summary>
    private static CatalogEntry? Identify(BackupListing listing, string file, HashSet<string> names)
    {
        if (BackupFolder.IsManifest(file))
        {
            string backup = BackupFolder.BackupOf(file);

            // A file system that does not tell cases apart finds it by another spelling.
            return Entry(backup, names.Contains(backup) || listing.Exists(backup) ? BackupState.Complete : BackupState.FileMissing);
        }

        if (BackupFolder.IsBackup(file))
        {
            return names.Contains(file + BackupFileName.ManifestSuffix) ? null : Entry(file, BackupState.ManifestMissing);
        }

        return
            file.EndsWith(BackupFileName.PartialSuffix, StringComparison.Ordinal)
            && file[..^BackupFileName.PartialSuffix.Length] is var unfinished
            && BackupFolder.IsBackup(unfinished)
            && !names.Contains(unfinished + BackupFileName.ManifestSuffix)
            ? Entry(unfinished, BackupState.Unfinished)
            : null;

        CatalogEntry Entry(string path, BackupState state) =>
            new(path, state)
            {
                Read = entry => listing.Read(entry.ManifestPath),
                Size = _ => listing.SizeOf(state == BackupState.Unfinished ? file : path),
                Proof = (entry, manifest) => ProofOf(listing, entry.Path, manifest),
                Hold = entry => listing.HoldOf(entry.Path, DateTime.UtcNow),
            };
    }

    private static IEnumerable<string> Below(string folder, Action<EngineMessage> observer)
    {
        try
        {
            return
            [
                .. new DirectoryInfo(folder)
                    .EnumerateDirectories()
                    .Where(inner => (inner.Attributes & FileAttributes.ReparsePoint) == 0)
                    .Select(inner => inner.FullName)
                    .OrderDescending(StringComparer.Ordinal),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            observer(new WarningMessage($"The folders below '{folder}' cannot be listed: {exception.Message} They are left out."));
            return [];
        }
    }
}
