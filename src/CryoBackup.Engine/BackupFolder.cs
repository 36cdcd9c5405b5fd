namespace CryoBackup;

/// <summary>Tells backups from what lies beside them, by their names alone.</summary>
public static class BackupFolder
{
    private const string ManifestSuffix = ".meta.json";
    private static readonly string[] BackupSuffixes = [".dump", ".dump.gz", ".dump.zst", ".dump.age", ".dump.gz.age", ".dump.zst.age"];

    /// <summary>
    /// Lists the backups of a folder: each file with a backup's name, and each backup whose manifest is there though it itself is not,
    /// so that a lost file is missed.
    /// </summary>
    /// <param name="folder">A full path of the file system.</param>
    /// <returns>Full paths, in ordinal order.</returns>
    /// <exception cref="IOException">The folder cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be read.</exception>
    public static string[] List(string folder)
    {
        string[] files = Directory.GetFiles(folder);
        return Select(files.Where(file => EndsWithAny(file, BackupSuffixes) || IsManifest(file)));
    }

    /// <summary>Replaces manifests by the backups that they belong to and leaves out unfinished files, locks and globals.</summary>
    /// <param name="files">Full paths, for example those that a wildcard matches.</param>
    /// <returns>Full paths of backups, each once, in ordinal order.</returns>
    public static string[] Select(IEnumerable<string> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        return [.. files.Where(file => !IsCompanion(file)).Select(BackupOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
    }

    private static bool IsManifest(string file) => file.EndsWith(ManifestSuffix, StringComparison.Ordinal);

    private static bool IsCompanion(string file)
        => file.EndsWith(".partial", StringComparison.Ordinal)
            || file.EndsWith(".lock", StringComparison.Ordinal)
            || Path.GetFileName(file).Contains(".globals.sql", StringComparison.Ordinal);

    private static string BackupOf(string file)
    {
        if (!IsManifest(file))
        {
            return file;
        }

        string stem = file[..^ManifestSuffix.Length];
        return Array.Find(BackupSuffixes, suffix => File.Exists(stem + suffix)) is { } found ? stem + found : stem;
    }

    private static bool EndsWithAny(string file, string[] suffixes) => Array.Exists(suffixes, suffix => file.EndsWith(suffix, StringComparison.Ordinal));
}
