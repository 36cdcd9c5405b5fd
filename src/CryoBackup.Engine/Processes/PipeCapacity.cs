using System.IO.Pipes;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Processes;

/// <summary>Gives a pipe to a child the room of 1 MiB where Linux allows it, so that both sides wait for each other less often.</summary>
internal static partial class PipeCapacity
{
    private const int SetPipeSize = 1031;
    private const int Wanted = 1024 * 1024;

    /// <summary>Tries to enlarge a pipe.</summary>
    /// <returns>The capacity in bytes; 0 where it could not be changed.</returns>
    public static int Raise(Stream stream)
    {
        if (!OperatingSystem.IsLinux() || stream is not PipeStream pipe)
        {
            return 0;
        }

        try
        {
            SafePipeHandle handle = pipe.SafePipeHandle;
            bool held = false;
            try
            {
                handle.DangerousAddRef(ref held);
                // Refused above fs.pipe-max-size or the user's total; the pipe then stays as it is.
                return Math.Max(0, SetSize((int)handle.DangerousGetHandle(), SetPipeSize, Wanted));
            }
            finally
            {
                if (held)
                {
                    handle.DangerousRelease();
                }
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or DllNotFoundException or EntryPointNotFoundException)
        {
            return 0;
        }
    }

    [SupportedOSPlatform("linux")]
    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int SetSize(int descriptor, int command, nint size);
}
