namespace CryoBackup.Storage;

/// <summary>By what a file is known to be unchanged without a reading of it.</summary>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Modified">When it was last written to, in UTC.</param>
internal sealed record FileMark(long Length, DateTime Modified)
{
    /// <summary>That of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null if there is none.</returns>
    public static FileMark? Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileMark(file.Length, file.LastWriteTimeUtc) : null;
    }
}
