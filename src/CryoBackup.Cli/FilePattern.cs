namespace CryoBackup.Cli;

/// <summary>File names with * and ?, which a shell expands on Unix and none does on Windows.</summary>
internal static class FilePattern
{
    /// <summary>The full paths of the files that match; the pattern itself where none does, so that the verb names what is missing.</summary>
    public static IEnumerable<string> Expand(string path)
    {
        string full = Path.GetFullPath(path);
        string name = Path.GetFileName(full);
        string? folder = Path.GetDirectoryName(full);
        if (name.AsSpan().IndexOfAny('*', '?') < 0 || File.Exists(full) || !Directory.Exists(folder))
        {
            return [full];
        }
        string[] found = Directory.GetFiles(folder, name);
        Array.Sort(found, StringComparer.Ordinal);
        return found.Length > 0 ? found : [full];
    }
}
