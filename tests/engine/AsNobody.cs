using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace CryoBackup.Tests;

/// <summary>
/// Does something without root's rights to files: modes mean nothing to root, who runs the tests in bare systems. On Linux these rights are
/// a thread's own; whoever is not root needs none taken.
/// </summary>
[UnsupportedOSPlatform("windows")]
internal static partial class AsNobody
{
    private const uint Nobody = 65534;

    /// <summary>Does something.</summary>
    /// <typeparam name="T">What comes of it.</typeparam>
    /// <param name="folder">The test's folder, which is opened to all who do not own it; what lies in it keeps its modes but for being
    /// readable.</param>
    /// <param name="act">The deed, on this thread alone.</param>
    public static T Run<T>(string folder, Func<T> act)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return act();
        }

        Open(folder);
        T? result = default;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            _ = Become(Nobody);
            try
            {
                result = act();
            }
            catch (Exception exception)
            {
                failure = ExceptionDispatchInfo.Capture(exception);
            }
            finally
            {
                _ = Become(0);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result!;
    }

    /// <summary>What its owner may read, all may; what not even he may is closed to all.</summary>
    private static void Open(string folder)
    {
        foreach (
            string path in (IEnumerable<string>)[folder, .. Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories)]
        )
        {
            UnixFileMode mode = File.GetUnixFileMode(path);
            if (mode.HasFlag(UnixFileMode.UserRead))
            {
                // Of the group too, which stays root's.
                const UnixFileMode Read = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
                const UnixFileMode Enter = UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
                File.SetUnixFileMode(path, mode | Read | (mode.HasFlag(UnixFileMode.UserExecute) ? Enter : UnixFileMode.None));
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "setfsuid")]
    private static partial int Become(uint user);
}
