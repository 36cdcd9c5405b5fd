using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>Tells backups from what lies beside them, by their names alone.</summary>
public static class BackupFolder
{
    /// <summary>What is appended to a backup's name for its globals', before the suffixes of compression and encryption.</summary>
    internal const string GlobalsInfix = ".globals.sql";

    private static readonly string[] BackupSuffixes = [.. BackupFileName.Suffixes.Select(suffix => ".dump" + suffix)];
    private static readonly string[] GlobalsSuffixes = [.. BackupFileName.Suffixes.Select(suffix => GlobalsInfix + suffix)];

    private static readonly string[] CompanionSuffixes = [BackupFileName.PartialSuffix, ".lock", .. GlobalsSuffixes];

    /// <summary>
    /// Lists the backups of a folder: each file with a backup's name, and each backup whose manifest is there though it itself is not,
    /// so that a lost file is missed.
    /// </summary>
    /// <param name="folder">A full path of the file system.</param>
    /// <returns>Full paths, in ordinal order.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder, PermissionDenied if it cannot be read.</exception>
    public static string[] List(string folder) => Select(Files(folder).Where(HasName));

    /// <summary>Tells whether a path is a folder of backups. In a store, which has no folders, all is one that has no backup's
    /// name.</summary>
    /// <param name="path">A full path, or a location.</param>
    public static bool IsFolder(string path) => StoreLocation.IsStore(path) ? !HasName(path) : Directory.Exists(path);

    /// <summary>What is to be said of a folder that stands where a backup belongs.</summary>
    /// <param name="path">The folder's full path, or a location.</param>
    /// <param name="remedy">What to do where it is a folder of backups.</param>
    /// <returns>NotABackup.</returns>
    public static CryoBackupException NotOne(string path, string remedy) =>
        OfDump(path) ?? new CryoBackupException(CryoBackupError.NotABackup, $"'{path}' is a folder.", path, remedy);

    /// <summary>What is to be said of a folder that pg_dump itself wrote.</summary>
    /// <param name="path">A full path.</param>
    /// <returns>NotABackup; null for any other.</returns>
    internal static CryoBackupException? OfDump(string path) =>
        File.Exists(Path.Combine(path, "toc.dat")) || File.Exists(Path.Combine(path, "toc.dat.gz"))
            ? new CryoBackupException(
                CryoBackupError.NotABackup,
                $"'{path}' is a folder of pg_dump's directory format, not one file.",
                path,
                "Restore it with pg_restore -d NAME FOLDER; for backups that can be proven use New-CryoBackup, or pg_dump -Fc."
            )
            : null;

    /// <summary>Where a file lies.</summary>
    /// <param name="path">A full path, or a location.</param>
    internal static string Of(string path) =>
        StoreLocation.IsStore(path) ? StoreLocation.ParseFile(path).Place.ToString() : Path.GetDirectoryName(path) ?? "";

    /// <summary>Tells whether a file has a backup's or a manifest's name.</summary>
    /// <param name="file">A path.</param>
    internal static bool HasName(string file) => IsManifest(file) || IsBackup(file);

    /// <summary>Tells whether a file has a backup's name.</summary>
    /// <param name="file">A path.</param>
    internal static bool IsBackup(string file) => EndsWithAny(file, BackupSuffixes);

    /// <summary>Lists all files of a folder.</summary>
    /// <param name="folder">A full path of the file system.</param>
    /// <returns>Full paths.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder, PermissionDenied if it cannot be read.</exception>
    internal static string[] Files(string folder)
    {
        const string Remedy =
            "If it is a share, see that it is mounted. Give the folder that New-CryoBackup wrote to, under an account that may read it.";
        try
        {
            return Directory.GetFiles(folder);
        }
        catch (DirectoryNotFoundException exception)
        {
            throw new CryoBackupException(
                CryoBackupError.BackupNotFound,
                $"The folder '{folder}' does not exist.",
                folder,
                Remedy,
                inner: exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CryoBackupException(
                CryoBackupError.PermissionDenied,
                $"The folder '{folder}' cannot be read: {exception.Message}",
                folder,
                Remedy,
                inner: exception
            );
        }
    }

    /// <summary>Replaces manifests by the backups that they belong to and leaves out unfinished files, locks, globals, verdicts,
    /// holds and marks of removals.</summary>
    /// <param name="files">Full paths, for example those that a wildcard matches.</param>
    /// <returns>Full paths of backups, each once, in ordinal order.</returns>
    public static string[] Select(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return
        [
            .. files
                .Where(file => !EndsWithAny(file, CompanionSuffixes) && NoteName.TryRead(file) is null)
                .Select(file => IsManifest(file) ? BackupOf(file) : file)
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Tells whether a file is, by its name, the manifest of a backup.</summary>
    /// <param name="file">A path.</param>
    /// <returns>True for a manifest's name.</returns>
    public static bool IsManifest(string file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.EndsWith(BackupFileName.ManifestSuffix, StringComparison.Ordinal);
    }

    /// <summary>The backup that a manifest belongs to, by its name.</summary>
    /// <param name="manifest">The path of a manifest.</param>
    /// <returns>The path of the backup.</returns>
    public static string BackupOf(string manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return manifest[..^BackupFileName.ManifestSuffix.Length];
    }

    /// <summary>The backup that a file of it belongs to, by its name.</summary>
    /// <param name="file">A backup, its manifest, its globals, or what was noted of it: a verdict, a hold, a removal.</param>
    internal static string OfFile(string file) =>
        IsManifest(file) ? BackupOf(file)
        : NoteName.TryRead(file) is { } note ? note.Backup
        : file.LastIndexOf(GlobalsInfix, StringComparison.Ordinal) is > 0 and var at && EndsWithAny(file, GlobalsSuffixes) ? file[..at]
        : file;

    /// <summary>The files that may lie beside a backup with the cluster's roles and tablespaces.</summary>
    /// <param name="backup">The path of a backup.</param>
    /// <returns>Paths; none need exist.</returns>
    internal static IEnumerable<string> GlobalsOf(string backup) => GlobalsSuffixes.Select(suffix => backup + suffix);

    /// <summary>The files of a backup, its data first and its manifest last; what no manifest names is none of them.</summary>
    /// <param name="backup">The backup's name, or its path.</param>
    /// <param name="manifest">Its manifest; null where that is gone.</param>
    internal static IReadOnlyList<string> FilesOf(string backup, BackupManifest? manifest) =>
        [
            backup,
            .. GlobalsOf(backup).Where(file => string.Equals(Path.GetFileName(file), manifest?.Globals?.File, StringComparison.Ordinal)),
            backup + BackupFileName.ManifestSuffix,
        ];

    private static bool EndsWithAny(string file, string[] suffixes) =>
        Array.Exists(suffixes, suffix => file.EndsWith(suffix, StringComparison.Ordinal));
}
