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

    /// <summary>Whether a folder lies on a disk of this machine, not on a share.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns>False also where it cannot be told.</returns>
    public static bool IsLocal(string folder)
    {
        try
        {
            return new DriveInfo(folder).DriveType is DriveType.Fixed or DriveType.Ram or DriveType.Removable;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return false;
        }
    }
}
