using CryoBackup.Storage;

namespace CryoBackup.Cli;

/// <summary>The backups that paths on a command line stand for.</summary>
internal static class BackupFiles
{
    /// <summary>
    /// Folders give their backups, names with * and ? the files that match (a shell expands them on Unix, none does on Windows), manifests
    /// the backups that they belong to. What matches nothing is kept as it is, so that the verb names what is missing.
    /// </summary>
    /// <returns>Full paths, each once.</returns>
    public static IReadOnlyList<string> Of(IEnumerable<string> paths)
    {
        string[] files = [.. paths.SelectMany(Expand)];
        string[] backups = BackupFolder.Select(files);
        return backups.Length > 0 ? backups : files;
    }

    private static IEnumerable<string> Expand(string path)
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full);
        string? folder = Path.GetDirectoryName(full);
        string[] found =
            Directory.Exists(full) ? BackupFolder.List(full)
            : name.AsSpan().IndexOfAny('*', '?') >= 0 && !File.Exists(full) && Directory.Exists(folder) ? Directory.GetFiles(folder, name)
            : [];
        return found.Length > 0 ? found : [full];
    }
}
