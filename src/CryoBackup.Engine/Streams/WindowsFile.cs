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
            !followLinks && File.GetAttributes(handle).HasFlag(FileAttributes.ReparsePoint) && new FileInfo(path).LinkTarget is not null;
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
