using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Streams;

/// <summary>
/// Files in folders that others may write to. What is created is new and its owner's alone; what is opened is a regular file that bears
/// that very name: no link is followed, no pipe or device is opened, and nothing is truncated.
/// </summary>
internal static partial class RegularFile
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int MaximumAttempts = 100;

    /// <summary>Creates a file, for its owner alone where the system knows permissions. Whatever bears the name,
    /// also a link to nothing, refuses it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="access">What is done with it.</param>
    /// <param name="share">What others may do meanwhile; on Unix anything but <see cref="FileShare.None"/>
    /// is without effect on others than .NET.</param>
    /// <exception cref="IOException">Something bears the name, or it cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static FileStream Create(string path, FileAccess access = FileAccess.Write, FileShare share = FileShare.Read)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = access,
            Share = share,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnersAlone;
        }

        // O_CREAT with O_EXCL, and CREATE_NEW, follow no link.
        return new FileStream(path, options);
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
    public static FileStream Open(
        string path,
        FileAccess access,
        FileShare share = FileShare.ReadWrite | FileShare.Delete,
        FileOptions options = FileOptions.None
    )
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
            ? WindowsFile.Open(path, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.SequentialScan, followLinks: true)
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
        FileShare share = FileShare.ReadWrite | FileShare.Delete,
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

    private static partial class UnixFile
    {
        private const int NoEntry = 2,
            Interrupted = 4,
            NotPermitted = 1,
            AccessDenied = 13,
            IsFolder = 21,
            NoDevice = 6,
            ReadOnlySystem = 30;
        private const int LockForOneAlone = 2,
            WithoutWaiting = 4;
        private const int TypeMask = 0xF000,
            Folder = 0x4000,
            Regular = 0x8000;
        private const int EmptyPath = 0x1000,
            TypeAndLinks = 0x5;

        // The numbers of <fcntl.h>: what is asked of the kernel differs from system to system, and on Linux from processor to processor.
        private static readonly bool Bsd = OperatingSystem.IsMacOS() || OperatingSystem.IsFreeBSD();
        private static readonly int NoFollow =
            Bsd ? 0x100
            : RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm or Architecture.Armv6 or Architecture.Ppc64le
                ? 0x8000
            : 0x20000;

        private static readonly int NonBlocking = Bsd ? 0x4 : 0x800;
        private static readonly int CloseOnExec =
            OperatingSystem.IsMacOS() ? 0x1000000
            : OperatingSystem.IsFreeBSD() ? 0x100000
            : 0x80000;
        private static readonly int LinkMet =
            OperatingSystem.IsFreeBSD() ? 31
            : OperatingSystem.IsMacOS() ? 62
            : 40;
        private static readonly int WouldBlock = Bsd ? 35 : 11;

        public static SafeFileHandle Open(string path, FileAccess access, bool followLinks)
        {
            // Without blocking, or a pipe that nobody writes to would hold us for ever; on a regular file it means nothing.
            int flags =
                (
                    access switch
                    {
                        FileAccess.Read => 0,
                        FileAccess.Write => 1,
                        _ => 2,
                    }
                )
                | (followLinks ? 0 : NoFollow)
                | NonBlocking
                | CloseOnExec;
            SafeFileHandle handle;
            int error;
            do
            {
                handle = Open(path, flags);
                error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
            } while (error == Interrupted);

            if (error != 0)
            {
                handle.Dispose();
                throw error switch
                {
                    NoEntry => new FileNotFoundException($"There is no file '{path}'.", path),
                    _ when error == LinkMet && !followLinks => new IrregularFileException(path, "a symbolic link"),
                    IsFolder => new IrregularFileException(path, "a folder"),
                    NoDevice => new IrregularFileException(path, "a pipe, a socket or a device"),
                    NotPermitted or AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
                    _ => new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{path}'", error),
                };
            }

            try
            {
                Check(handle, path, access);
                return handle;
            }
            catch
            {
                handle.Dispose();
                throw;
            }
        }

        public static bool? TryLock(SafeFileHandle handle)
        {
            while (Lock(handle, LockForOneAlone | WithoutWaiting) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                {
                    return error == WouldBlock ? false : null;
                }
            }

            return true;
        }

        private static void Check(SafeFileHandle handle, string path, FileAccess access)
        {
            if (Status(handle) is var (mode, links))
            {
                if ((mode & TypeMask) != Regular)
                {
                    throw new IrregularFileException(path, (mode & TypeMask) == Folder ? "a folder" : "a pipe, a socket or a device");
                }

                if (links > 1 && access != FileAccess.Read)
                {
                    throw new IrregularFileException(path, "another file too, under a second name (a hard link)");
                }
            }
            else if (Seek(handle, 0, 1) < 0)
            {
                throw new IrregularFileException(path, "a pipe, a socket or a device");
            }
        }

        /// <summary>Type and number of names of an open file; null where the C library has no call whose
        /// answer has one form everywhere.</summary>
        private static unsafe (int Mode, uint Links)? Status(SafeFileHandle handle)
        {
            byte* answer = stackalloc byte[512];
            try
            {
                if (OperatingSystem.IsLinux())
                {
                    return StatusOnLinux(handle, "", EmptyPath, TypeAndLinks, answer) == 0
                        ? (*(ushort*)(answer + 28), *(uint*)(answer + 16))
                        : null;
                }

                if (OperatingSystem.IsMacOS())
                {
                    int result =
                        RuntimeInformation.ProcessArchitecture == Architecture.X64
                            ? StatusOnIntelMac(handle, answer)
                            : StatusOnMac(handle, answer);
                    return result == 0 ? (*(ushort*)(answer + 4), *(ushort*)(answer + 6)) : null;
                }
            }
            catch (EntryPointNotFoundException)
            {
                // A C library older than the call.
            }

            return null;
        }

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static partial SafeFileHandle Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
        private static partial int Lock(SafeFileHandle handle, int operation);

        [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
        private static partial long Seek(SafeFileHandle handle, long offset, int from);

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        private static unsafe partial int StatusOnLinux(SafeFileHandle handle, string path, int flags, uint mask, byte* answer);

        [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
        private static unsafe partial int StatusOnMac(SafeFileHandle handle, byte* answer);

        [LibraryImport("libc", EntryPoint = "fstat$INODE64", SetLastError = true)]
        private static unsafe partial int StatusOnIntelMac(SafeFileHandle handle, byte* answer);
    }

    private static partial class WindowsFile
    {
        private const uint Read = 0x80000000,
            Write = 0x40000000;
        private const uint OpenExisting = 3;
        private const uint TheLinkItself = 0x00200000;
        private const int FileOfDisk = 1;
        private const int NotFound = 2,
            FolderNotFound = 3,
            AccessDenied = 5;

        public static SafeFileHandle Open(string path, FileAccess access, FileShare share, FileOptions options, bool followLinks)
        {
            uint wanted = (access.HasFlag(FileAccess.Read) ? Read : 0) | (access.HasFlag(FileAccess.Write) ? Write : 0);
            SafeFileHandle handle = CreateFile(
                Path.GetFullPath(path),
                wanted,
                (uint)share,
                0,
                OpenExisting,
                (uint)options | (followLinks ? 0 : TheLinkItself),
                0
            );
            if (handle.IsInvalid)
            {
                int error = Marshal.GetLastPInvokeError();
                handle.Dispose();
                throw error switch
                {
                    NotFound => new FileNotFoundException($"There is no file '{path}'.", path),
                    FolderNotFound => new DirectoryNotFoundException($"There is no folder of '{path}'."),
                    AccessDenied when Directory.Exists(path) => new IrregularFileException(path, "a folder"),
                    AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
                    _ => new IOException(Marshal.GetPInvokeErrorMessage(error), unchecked((int)0x80070000) | error),
                };
            }

            // What a program of the system keeps elsewhere (compressed, deduplicated) is a file all the same, and no link.
            bool link =
                !followLinks
                && File.GetAttributes(handle).HasFlag(FileAttributes.ReparsePoint)
                && new FileInfo(path).LinkTarget is not null;
            if (link || GetFileType(handle) != FileOfDisk)
            {
                handle.Dispose();
                throw new IrregularFileException(path, link ? "a symbolic link" : "a pipe or a device");
            }

            return handle;
        }

        [LibraryImport("kernel32", EntryPoint = "CreateFileW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
        private static partial SafeFileHandle CreateFile(
            string path,
            uint access,
            uint share,
            nint security,
            uint mode,
            uint flags,
            nint template
        );

        [LibraryImport("kernel32", EntryPoint = "GetFileType", SetLastError = true)]
        private static partial int GetFileType(SafeFileHandle handle);
    }
}
