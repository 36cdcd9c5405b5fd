namespace CryoBackup.Storage;

/// <summary>The disks of this machine.</summary>
internal static class LocalDisk
{
    /// <summary>The space that this account may still use on a folder's disk.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns>Bytes; null where it cannot be told.</returns>
    public static long? FreeSpace(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
