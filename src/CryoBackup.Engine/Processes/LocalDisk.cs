using CryoBackup.Streams;

namespace CryoBackup.Processes;

/// <summary>The disks of this machine.</summary>
internal static class LocalDisk
{
    // What others need of a disk that is shared, as a temporary one is.
    private const long MostReserve = 512L << 20;

    /// <summary>The space that what we write for a while leaves on a folder's disk, however much a manifest said it would take.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns>Bytes: a twentieth of the disk, at most 512 MB.</returns>
    public static long Reserve(string folder)
    {
        try
        {
            return Math.Min(MostReserve, SizeOf(folder) / 20);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return 0;
        }
    }

    /// <summary>The space that this account may still use on a folder's disk.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns>Bytes; null where it cannot be told.</returns>
    public static long? FreeSpace(string folder)
    {
        try
        {
            return OperatingSystem.IsWindows() ? WindowsFile.VolumeOf(folder).Free : new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    // A drive's letter says nothing of a volume that is mounted below it, and a share has none.
    private static long SizeOf(string folder) =>
        OperatingSystem.IsWindows() ? WindowsFile.VolumeOf(folder).Size : new DriveInfo(folder).TotalSize;

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
