using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Streams;

/// <summary>What <see cref="RegularFile"/> asks of Linux, macOS and FreeBSD.</summary>
internal static partial class UnixFile
{
    private const int NoEntry = 2,
        Interrupted = 4,
        NotPermitted = 1,
        AccessDenied = 13,
        IsFolder = 21,
        NoDevice = 6,
        ReadOnlySystem = 30;
    private const int LockForMany = 1,
        LockForOneAlone = 2,
        WithoutWaiting = 4;
    private const int TypeMask = 0xF000,
        Folder = 0x4000,
        Regular = 0x8000;
    private const int EmptyPath = 0x1000,
        TypeLinksAndNumber = 0x105;

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

    /// <summary>Takes a lock that others may have too, without waiting; where that cannot be, nothing happens.</summary>
    public static void Share(SafeFileHandle handle) => _ = Lock(handle, LockForMany | WithoutWaiting);

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

    /// <summary>Whether two open files are one; null where nobody can tell.</summary>
    public static bool? AreOne(SafeFileHandle one, SafeFileHandle other) =>
        StatusOf(one) is { } first && StatusOf(other) is { } second ? (first.Device, first.Number) == (second.Device, second.Number) : null;

    private static void Check(SafeFileHandle handle, string path, FileAccess access)
    {
        if (StatusOf(handle) is { } status)
        {
            int type = status.Mode & TypeMask;
            if (type != Regular)
            {
                throw new IrregularFileException(path, type == Folder ? "a folder" : "a pipe, a socket or a device");
            }

            if (status.Links > 1 && access != FileAccess.Read)
            {
                throw new IrregularFileException(path, "another file too, under a second name (a hard link)");
            }
        }
        else if (Seek(handle, 0, 1) < 0)
        {
            throw new IrregularFileException(path, "a pipe, a socket or a device");
        }
    }

    /// <summary>The C library's answer of an open file; null where it has no call whose answer has one form everywhere.</summary>
    private static unsafe Status? StatusOf(SafeFileHandle handle)
    {
        byte* answer = stackalloc byte[512];
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return StatusOnLinux(handle, "", EmptyPath, TypeLinksAndNumber, answer) == 0
                    ? new Status(*(ushort*)(answer + 28), *(uint*)(answer + 16), *(ulong*)(answer + 136), *(ulong*)(answer + 32))
                    : null;
            }

            if (OperatingSystem.IsMacOS())
            {
                int result =
                    RuntimeInformation.ProcessArchitecture == Architecture.X64
                        ? StatusOnIntelMac(handle, answer)
                        : StatusOnMac(handle, answer);
                return result == 0
                    ? new Status(*(ushort*)(answer + 4), *(ushort*)(answer + 6), *(uint*)answer, *(ulong*)(answer + 8))
                    : null;
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

    private readonly record struct Status(int Mode, uint Links, ulong Device, ulong Number);
}
