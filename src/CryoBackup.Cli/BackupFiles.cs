using CryoBackup.Stores;

namespace CryoBackup.Cli;

/// <summary>The files and folders that paths on a command line stand for.</summary>
internal static class BackupFiles
{
    /// <summary>
    /// A name with * and ? gives the files that match: a shell expands it on Unix, none does on Windows. What matches nothing is kept as it
    /// is, so that the verb names what is missing.
    /// </summary>
    /// <returns>Full paths.</returns>
    public static string[] Matching(IEnumerable<string> paths) => [.. paths.SelectMany(Expand)];

    private static string[] Expand(string path)
    {
        string full = StoreLocation.FullPathOrLocation(path);
        if (StoreLocation.IsStore(full))
        {
            return [full];
        }

        string name = Path.GetFileName(full);
        string? folder = Path.GetDirectoryName(full);
        return
            name.AsSpan().IndexOfAny('*', '?') >= 0
            && !Path.Exists(full)
            && Directory.Exists(folder)
            && Directory.GetFiles(folder, name) is { Length: > 0 } found
            ? found
            : [full];
    }
}
