using CryoBackup.Stores;
using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>The backups of a folder, or of a location of a store.</summary>
public static class BackupCatalog
{
    /// <summary>Lists the backups of a place that are asked for, newest first. Only manifests are read.</summary>
    /// <param name="folder">A full path of the file system, or a location.</param>
    /// <param name="query">Which.</param>
    /// <param name="observer">Takes warnings about what is no complete backup, unless all are asked for.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <param name="options">What a location does not say; null for nothing.</param>
    /// <returns>One object a backup.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder, PermissionDenied if it cannot be read,
    /// LocationUnreachable.</exception>
    public static IReadOnlyList<BackupInfo> Find(
        string folder,
        CatalogQuery query,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        StoreOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(observer);
        if (BackupFolder.HasName(folder) && !BackupFolder.IsFolder(folder))
        {
            return One(folder, query, cancellationToken, options);
        }

        var listing = BackupListing.Of(folder, options, observer, cancellationToken);
        IReadOnlyList<CatalogEntry> entries = query.Recurse
            ? CatalogEntries.OfTree(listing, observer, cancellationToken)
            : CatalogEntries.Of(listing);
        if (!entries.Any(entry => query.All || entry.State is BackupState.Complete or BackupState.FileMissing))
        {
            observer(new WarningMessage($"'{folder}' holds no backup: no manifest lies there{(query.Recurse ? " or below" : "")}."));
        }

        return CatalogReader.Read(entries, query, observer, cancellationToken);
    }

    /// <summary>A single backup, as a listing of where it lies has it.</summary>
    private static BackupInfo[] One(string path, CatalogQuery query, CancellationToken cancellationToken, StoreOptions? options)
    {
        string file = BackupFolder.OfFile(path);
        BackupInfo[] found =
        [
            .. Find(BackupFolder.Of(file), new CatalogQuery { All = true }, static _ => { }, cancellationToken, options)
                .Where(backup => string.Equals(backup.Path, file, StringComparison.Ordinal)),
        ];
        return found.Length > 0
            ? Array.FindAll(found, query.Wants)
            : throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"The backup file '{file}' does not exist.",
                file,
                "List the backups there are with Get-CryoBackup."
            );
    }

    /// <summary>Lists the backups whose manifest is in the folder, newest first.</summary>
    /// <param name="folder">A full path of the file system, or a location.</param>
    /// <param name="databases">Only backups of these databases (wildcards * and ?); null or empty for all.</param>
    /// <param name="latest">True for only the newest of each database of each server, a whole one where there is any.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the reading of manifests.</param>
    /// <param name="options">What a location does not say; null for nothing.</param>
    /// <returns>One object a backup.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder, PermissionDenied if it cannot be read,
    /// LocationUnreachable.</exception>
    public static IEnumerable<BackupInfo> Find(
        string folder,
        IReadOnlyList<string>? databases,
        bool latest,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        StoreOptions? options = null
    ) => Find(folder, new CatalogQuery { Databases = databases ?? [], Latest = latest }, observer, cancellationToken, options);

    /// <summary>What is to be said of a database that was asked for by its name,
    /// where no folder that was listed has a backup of it.</summary>
    /// <param name="query">What was asked for; patterns with * and ? may match nothing, as everywhere.</param>
    /// <param name="found">The databases of the backups that were found.</param>
    /// <param name="folders">The folders that were listed.</param>
    /// <returns>One failure a name.</returns>
    public static IReadOnlyList<CryoBackupException> NotFound(
        CatalogQuery query,
        IReadOnlySet<string> found,
        IReadOnlyList<string> folders
    ) =>
        [
            .. query
                .Databases.Where(name => name.AsSpan().IndexOfAny('*', '?') < 0 && !found.Contains(name))
                .Distinct(StringComparer.Ordinal)
                .Select(name => new CryoBackupException(
                    CryoBackupError.BackupNotFound,
                    $"'{string.Join("', '", folders)}' holds no {(query.IsNarrow ? "such " : "")}backup of '{name}'.",
                    name,
                    $"Get-CryoBackup without {query.Words} lists what is there; make one with New-CryoBackup."
                )),
        ];

    /// <summary>
    /// Chooses what to verify of a folder: unlike Find also backups whose file is missing, or whose manifest is missing or
    /// damaged, by what their name tells.
    /// </summary>
    /// <param name="folder">A full path of the file system, or a location.</param>
    /// <param name="databases">Only backups of these databases (wildcards * and ?); empty for all.</param>
    /// <param name="latest">True for only the newest of each database of each server, a whole one where there is any.</param>
    /// <param name="observer">Takes a warning about each file that does not tell what database it is of.</param>
    /// <param name="cancellationToken">Ends the reading of manifests.</param>
    /// <param name="options">What a location does not say; null for nothing.</param>
    /// <returns>Full paths in ordinal order; none where the folder has no such backup.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder, PermissionDenied if it cannot be read,
    /// LocationUnreachable.</exception>
    public static IReadOnlyList<string> Choose(
        string folder,
        IReadOnlyList<string> databases,
        bool latest,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        StoreOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(databases);
        ArgumentNullException.ThrowIfNull(observer);
        var listing = BackupListing.Of(folder, options, observer, cancellationToken);
        if (databases.Count == 0 && !latest)
        {
            return listing.Backups;
        }

        IEnumerable<KnownBackup> chosen = Known(listing, text => observer(new WarningMessage(text)), cancellationToken)
            .Where(backup => IsWanted(backup.Database, databases));
        return
        [
            .. (latest ? BackupOrigin.Latest(chosen.Select(backup => (backup, backup.Origin))) : chosen)
                .Select(backup => backup.Path)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Every backup that a place holds, or held: also those whose file is gone while the manifest lies there, or whose manifest is missing
    /// or damaged, by what their name tells.
    /// </summary>
    /// <param name="listing">What lies there.</param>
    /// <param name="stranger">Takes a sentence about each file that does not tell what database it is of.</param>
    /// <param name="cancellationToken">Ends the reading of manifests.</param>
    /// <returns>In ordinal order of their paths.</returns>
    internal static IReadOnlyList<KnownBackup> Known(BackupListing listing, Action<string> stranger, CancellationToken cancellationToken)
    {
        var known = new List<KnownBackup>();
        foreach (string path in listing.Backups)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Identify(listing, path) is { } backup)
            {
                known.Add(backup);
            }
            else
            {
                stranger($"Neither a manifest nor its name tells what database '{path}' is of; it is left out.");
            }
        }

        return known;
    }

    /// <summary>Finds the newest whole backup of a database, which must be of one server.</summary>
    /// <param name="folders">Full paths of folders, and locations; of several folders, those that are not there are passed
    /// over, with a warning.</param>
    /// <param name="database">The database's exact name.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the reading of manifests.</param>
    /// <param name="options">What a location does not say; null for nothing.</param>
    /// <returns>The backup.</returns>
    /// <exception cref="CryoBackupException">
    /// BackupNotFound: there is none, or only such of a selection. NotABackup: there are backups of several servers, each of which has its
    /// own newest.
    /// </exception>
    public static BackupInfo FindLatest(
        IReadOnlyList<string> folders,
        string database,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken,
        StoreOptions? options = null
    )
    {
        ArgumentNullException.ThrowIfNull(folders);
        string all = string.Join("', '", folders);
        string[] missing = folders.Count == 1 ? [] : [.. folders.Where(folder => !BackupFolder.IsFolder(folder))];
        foreach (string folder in missing)
        {
            observer(new WarningMessage($"'{folder}' is not there: whether it holds a newer backup of '{database}' is not known."));
        }

        BackupInfo[] found =
        [
            .. folders
                .Except(missing, StringComparer.Ordinal)
                .SelectMany(folder => Find(folder, null, latest: false, observer, cancellationToken, options))
                .Where(backup => string.Equals(backup.Database, database, StringComparison.Ordinal)),
        ];
        IReadOnlyList<BackupInfo> latest = BackupOrigin.Latest(
            found.Where(backup => !backup.Partial).Select(backup => (backup, BackupOrigin.Of(backup)))
        );
        return latest switch
        {
            [var only] => only,
            [] when found.Length > 0 => throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{all}' holds no whole backup of database '{database}', only such of a selection.",
                all,
                "Name one of them by its path; Get-CryoBackup lists what the folder holds."
            ),
            [] => throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"'{all}' holds no backup of database '{database}'.",
                all,
                "Get-CryoBackup lists what the folder holds."
            ),
            _ => throw new CryoBackupException(
                CryoBackupError.NotABackup,
                $"'{all}' holds backups of '{database}' from {latest.Count} servers, and which is meant is not said: "
                    + $"{string.Join("; ", latest.Select(BackupOrigin.Of))}.",
                all,
                "Name the one backup by its path; Get-CryoBackup -Latest shows the newest of each server."
            ),
        };
    }

    /// <summary>The object for a manifest.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="path">The backup file's full path.</param>
    /// <param name="manifestPath">The manifest's full path.</param>
    /// <param name="proven">When it was proven where it lies, in UTC; null where it was only made or found.</param>
    /// <returns>What users see.</returns>
    internal static BackupInfo ToInfo(BackupManifest manifest, string path, string manifestPath, DateTime? proven = null)
    {
        DateTime start = manifest.ReadStart();
        TimeSpan duration = DurationText.OfSeconds(manifest.DurationSeconds ?? 0);
        TableInfo[] tables =
        [
            .. (manifest.Tables ?? []).Select(table => new TableInfo
            {
                Schema = table.Schema,
                Name = table.Name,
                Rows = table.Rows,
                Bytes = table.Bytes,
                Fingerprint = table.Fingerprint,
            }),
        ];
        return new BackupInfo
        {
            Database = manifest.Database,
            ComputerName = manifest.Host,
            Port = manifest.Port,
            Start = start,
            End = start + duration,
            Duration = duration,
            Size = manifest.SizeBytes,
            UncompressedSize = manifest.UncompressedBytes ?? 0,
            Compression = manifest.Compression switch
            {
                "gzip" => "Gzip",
                "zstd" => "Zstd",
                "none" => "None",
                _ => BackupFileName.CompressionOf(path).ToString(),
            },
            Partial = manifest.IsPartial,
            SystemIdentifier = manifest.Server?.SystemIdentifier ?? "",
            Encrypted = manifest.Encryption is not null || path.EndsWith(BackupFileName.EncryptedSuffix, StringComparison.Ordinal),
            Hash = (manifest.Sha256 ?? "").ToUpperInvariant(),
            ServerVersion = manifest.Server?.Version ?? "",
            ToolVersion = manifest.BackupToolVersion,
            Tables = tables,
            TableCount = tables.Length,
            RowCount = tables.Sum(table => table.Rows),
            Label = manifest.Label,
            Warnings = [.. manifest.Warnings ?? []],
            Path = path,
            ManifestPath = manifestPath,
            Location = BackupFolder.Of(path),
            Proven = proven,
            Degraded =
                manifest.Degraded is null ? []
                : manifest.Degraded.Findings.Count > 0 ? [.. manifest.Degraded.Findings]
                : [$"it holds less than '{manifest.Degraded.ComparedWith}'"],
        };
    }

    private static KnownBackup? Identify(BackupListing listing, string path)
    {
        try
        {
            string manifestPath = path + BackupFileName.ManifestSuffix;
            if (
                listing.Exists(manifestPath)
                && listing.Read(manifestPath) is var manifest
                && manifest.ReadStart() is var start
                && start > DateTime.MinValue
            )
            {
                var origin = new BackupOrigin(
                    manifest.Database,
                    manifest.Server?.SystemIdentifier ?? "",
                    manifest.Host,
                    manifest.Port,
                    start,
                    manifest.IsPartial
                );
                return new KnownBackup(path, manifest.Database, start, HasManifest: true) { Origin = origin };
            }
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Whoever verifies it says what is wrong with its manifest.
        }

        return BackupFileName.TryRead(Path.GetFileName(path)) is { } named
            ? new KnownBackup(path, named.Database, named.Start, HasManifest: false)
            : null;
    }

    /// <summary>Tells whether a database is one of those asked for.</summary>
    /// <param name="database">Its name.</param>
    /// <param name="databases">Names and patterns (* and ?); null or empty for all.</param>
    internal static bool IsWanted(string database, IReadOnlyList<string>? databases) =>
        databases is null or { Count: 0 } || databases.Any(pattern => NamePattern.Matches(pattern, database));
}
