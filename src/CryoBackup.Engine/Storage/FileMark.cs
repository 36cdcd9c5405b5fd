using CryoBackup.Stores;

namespace CryoBackup.Storage;

/// <summary>By what a file is known to be unchanged without a reading of it.</summary>
/// <param name="Length">Its size in bytes.</param>
/// <param name="Modified">When it was last written to, in UTC.</param>
/// <param name="Tag">What a store calls its content; empty for a file, and where a store has none.</param>
internal sealed record FileMark(long Length, DateTime Modified, string Tag = "")
{
    /// <summary>That of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Null if there is none.</returns>
    public static FileMark? Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileMark(file.Length, file.LastWriteTimeUtc) : null;
    }

    /// <summary>That of an object in a store. A listing and a look at the object itself may quote its tag differently.</summary>
    /// <param name="known">The object.</param>
    public static FileMark Of(StoreObject known) => new(known.Size, known.Modified, known.Tag.Trim('"'));
}
