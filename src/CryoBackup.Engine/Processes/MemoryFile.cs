using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Processes;

/// <summary>A file that lies in memory alone and that a child process can open by name: Linux' memfd_create(2). It is gone with this
/// process, however that ends.</summary>
internal sealed partial class MemoryFile : IDisposable
{
    private const uint CloseOnExec = 1;

    private readonly SafeFileHandle _handle;

    private MemoryFile(SafeFileHandle handle, string path)
    {
        _handle = handle;
        Path = path;
    }

    /// <summary>Where a program of the same account can open it.</summary>
    public string Path { get; }

    /// <summary>Makes one.</summary>
    /// <param name="content">What it holds.</param>
    /// <returns>Null where the system has none.</returns>
    public static MemoryFile? TryCreate(ReadOnlySpan<byte> content)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = Create("cryobackup", CloseOnExec);
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        string path = string.Create(CultureInfo.InvariantCulture, $"/proc/{Environment.ProcessId}/fd/{handle.DangerousGetHandle()}");
        if (handle.IsInvalid || !File.Exists(path))
        {
            handle.Dispose();
            return null;
        }

        RandomAccess.Write(handle, content, 0);
        return new MemoryFile(handle, path);
    }

    /// <summary>Lets it go.</summary>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Create(string name, uint flags);
}
