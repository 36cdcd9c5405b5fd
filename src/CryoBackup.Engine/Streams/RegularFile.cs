using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Streams;

/// <summary>
/// Files in folders that others may write to. What is created is new and its owner's alone; what is opened is a regular file that bears
/// that very name: no link is followed, no pipe or device is opened, and nothing is truncated.
/// </summary>
internal static class RegularFile
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const FileShare Everything = FileShare.ReadWrite | FileShare.Delete;
    private const int MaximumAttempts = 100;

    /// <summary>Creates a file, for its owner alone (on Windows also for the system and the administrators). Whatever bears the name,
    /// also a link to nothing, refuses it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What is done with it.</param>
    /// <param name="share">What others may do meanwhile; on Unix anything but <see cref="FileShare.None"/>
    /// is without effect on others than .NET.</param>
    /// <exception cref="IOException">Something bears the name, or it cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream Create(string path, FileAccess access = FileAccess.Write, FileShare share = FileShare.Read)
    {
        // O_CREAT with O_EXCL, and CREATE_NEW, follow no link.
        return OperatingSystem.IsWindows()
            ? WindowsAccess.CreateFile(path, access, share)
            : new FileStream(
                path,
                new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = access,
                    Share = share,
                    BufferSize = 0,
                    UnixCreateMode = OwnersAlone,
                }
            );
    }

    /// <summary>Opens a file that exists. On Unix nobody's lock is asked for or taken.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What is done with it. To be written to, it must have no second name.</param>
    /// <param name="share">What others may do meanwhile, on Windows.</param>
    /// <param name="options">Options of the opening, on Windows.</param>
    /// <returns>The file, at its start.</returns>
    /// <exception cref="IrregularFileException">A link, a folder, a pipe, a device; to be written to,
    /// also a file with a second name.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream Open(string path, FileAccess access, FileShare share = Everything, FileOptions options = FileOptions.None)
    {
        SafeFileHandle handle = OperatingSystem.IsWindows()
            ? WindowsFile.Open(path, access, share, options, followLinks: false)
            : UnixFile.Open(path, access, followLinks: false);
        return Wrap(handle, access);
    }

    /// <summary>Opens a file that somebody named or that lies beside backups, to read it. A link may lead to it,
    /// for reading changes nothing; no lock is asked for.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <returns>The file, at its start.</returns>
    /// <exception cref="IrregularFileException">A folder, a pipe, a device: what might never end.</exception>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream Read(string path)
    {
        SafeFileHandle handle = OperatingSystem.IsWindows()
            ? HeldFile.Patiently(() => WindowsFile.Open(path, FileAccess.Read, Everything, FileOptions.SequentialScan, followLinks: true))
            : UnixFile.Open(path, FileAccess.Read, followLinks: true);
        return Wrap(handle, FileAccess.Read);
    }

    /// <summary>Reads a small file of text, in UTF-8, that somebody named.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <returns>Its lines.</returns>
    /// <exception cref="IOException">As for <see cref="Read"/>; or it has more than 16 MB.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static string[] ReadLines(string path)
    {
        const int MaximumLength = 1 << 24;
        using FileStream file = Read(path);
        byte[] bytes = new byte[Math.Min(file.Length, MaximumLength) + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MaximumLength)
        {
            throw new IOException($"'{path}' has more than {MaximumLength} bytes.");
        }

        using var reader = new StreamReader(new MemoryStream(bytes, 0, length));
        var lines = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(line);
        }

        return [.. lines];
    }

    /// <summary>Opens a file, or creates it if there is none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What is done with it.</param>
    /// <param name="share">What others may do meanwhile, on Windows.</param>
    /// <param name="options">Options of the opening, on Windows.</param>
    /// <returns>The file, at its start, with what it held.</returns>
    /// <exception cref="IOException">As for <see cref="Open"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream OpenOrCreate(
        string path,
        FileAccess access,
        FileShare share = Everything,
        FileOptions options = FileOptions.None
    )
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return Open(path, access, share, options);
            }
            catch (FileNotFoundException)
            {
                try
                {
                    Create(path, access, OperatingSystem.IsWindows() ? share : FileShare.ReadWrite).Dispose();
                }
                catch (IOException) when (attempt < MaximumAttempts)
                {
                    // Another has made it since. A folder that is missing is told by the next attempt's creation,
                    // at the latest by the last.
                    if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(path))))
                    {
                        throw;
                    }
                }
            }
        }
    }

    /// <summary>
    /// Tries to take the operating system's lock on an open file, which ends with the file's being closed or the process's end. On Windows
    /// the opening has decided that already.
    /// </summary>
    /// <param name="file">The file.</param>
    /// <returns>True if it is held, false if another has it; null where the file system knows no locks.</returns>
    public static bool? TryLock(FileStream file) => OperatingSystem.IsWindows() ? true : UnixFile.TryLock(file.SafeFileHandle);

    /// <summary>Whether a name still leads to an open file, which others may have removed or replaced. On Windows nobody has.</summary>
    /// <param name="file">The file.</param>
    /// <param name="path">The name.</param>
    public static bool Bears(FileStream file, string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        try
        {
            using SafeFileHandle named = UnixFile.Open(path, FileAccess.Read, followLinks: false);
            return UnixFile.AreOne(file.SafeFileHandle, named) ?? true;
        }
        catch (Exception exception) when (exception is FileNotFoundException or IrregularFileException)
        {
            return false;
        }
    }

    /// <summary>Tells others that an open file is read, until it is closed. Where the file system knows no locks nobody is told.</summary>
    /// <param name="file">The file.</param>
    public static void Share(FileStream file)
    {
        if (!OperatingSystem.IsWindows())
        {
            UnixFile.Share(file.SafeFileHandle);
        }
    }

    private static FileStream Wrap(SafeFileHandle handle, FileAccess access)
    {
        try
        {
            return new FileStream(handle, access, bufferSize: 0);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }
}
