using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Streams;

/// <summary>What <see cref="RegularFile"/> asks of Windows.</summary>
internal static partial class WindowsFile
{
    private const uint Read = 0x80000000,
        Write = 0x40000000;
    private const uint OpenExisting = 3;
    private const uint TheLinkItself = 0x00200000;
    private const int FileOfDisk = 1;
    private const int NotFound = 2,
        FolderNotFound = 3,
        AccessDenied = 5;
    private const uint ReplaceExisting = 1,
        WriteThrough = 8;

    // A folder may have 248 characters, a file 260.
    private const int LongestOrdinary = 240;

    public static SafeFileHandle Open(string path, FileAccess access, FileShare share, FileOptions options, bool followLinks)
    {
        uint wanted = (access.HasFlag(FileAccess.Read) ? Read : 0) | (access.HasFlag(FileAccess.Write) ? Write : 0);
        SafeFileHandle handle = CreateFile(
            Extended(Path.GetFullPath(path)),
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
            throw Failure(error, path);
        }

        if (GetFileType(handle) != FileOfDisk)
        {
            handle.Dispose();
            throw new IrregularFileException(path, "a pipe or a device");
        }

        // What a program of the system keeps elsewhere (compressed, deduplicated) is a file all the same, and no link.
        bool link =
            !followLinks && File.GetAttributes(handle).HasFlag(FileAttributes.ReparsePoint) && new FileInfo(path).LinkTarget is not null;
        if (link)
        {
            handle.Dispose();
            throw new IrregularFileException(path, "a symbolic link");
        }

        return handle;
    }

    /// <summary>Gives a file another name, which lasts when this returns.</summary>
    /// <param name="from">Its full path.</param>
    /// <param name="to">Its new full path, on the same volume.</param>
    /// <param name="overwrite">True to replace what bears that name.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not, or a program holds the file.</exception>
    public static void Rename(string from, string to, bool overwrite)
    {
        if (!MoveFile(Extended(from), Extended(to), WriteThrough | (overwrite ? ReplaceExisting : 0)))
        {
            throw Failure(Marshal.GetLastPInvokeError(), from);
        }
    }

    /// <summary>The volume on which a folder lies, be it mounted below another or on another machine.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <returns>Bytes that this account may still use, and all of them.</returns>
    /// <exception cref="IOException">It cannot be asked.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static (long Free, long Size) VolumeOf(string folder) =>
        GetDiskFreeSpace(Extended(Path.TrimEndingDirectorySeparator(folder) + '\\'), out ulong free, out ulong size, out _)
            ? ((long)free, (long)size)
            : throw Failure(Marshal.GetLastPInvokeError(), folder);

    /// <summary>A full path as the system takes it however long it is.</summary>
    /// <param name="path">The path.</param>
    internal static string Extended(string path) =>
        path.Length < LongestOrdinary || (path.StartsWith(@"\\", StringComparison.Ordinal) && path[2] is '?' or '.') ? path
        : path.StartsWith(@"\\", StringComparison.Ordinal) ? @"\\?\UNC\" + path[2..]
        : @"\\?\" + path;

    private static Exception Failure(int error, string path) =>
        error switch
        {
            NotFound => new FileNotFoundException($"There is no file '{path}'.", path),
            FolderNotFound => new DirectoryNotFoundException($"There is no folder of '{path}'."),
            AccessDenied when Directory.Exists(path) => new IrregularFileException(path, "a folder"),
            AccessDenied => new UnauthorizedAccessException($"Access to the path '{path}' is denied."),
            _ => new IOException(Marshal.GetPInvokeErrorMessage(error), unchecked((int)0x80070000) | error),
        };

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

    [LibraryImport("kernel32", EntryPoint = "MoveFileExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool MoveFile(string from, string to, uint flags);

    [LibraryImport("kernel32", EntryPoint = "GetDiskFreeSpaceExW", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool GetDiskFreeSpace(string folder, out ulong free, out ulong size, out ulong freeOfAll);
}
