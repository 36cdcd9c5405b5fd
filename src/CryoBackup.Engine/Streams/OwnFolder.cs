namespace CryoBackup.Streams;

/// <summary>Folders that nobody else may enter: 0700 on Unix, on Windows for their owner, the system and the administrators.</summary>
internal static class OwnFolder
{
    /// <summary>Makes a folder, if it is not there; one that is keeps its rights.</summary>
    /// <param name="path">Its full path.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static void Make(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            WindowsAccess.CreateFolder(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
