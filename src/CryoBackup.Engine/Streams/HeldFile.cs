using System.Diagnostics;

namespace CryoBackup.Streams;

/// <summary>
/// Files that another program holds for a moment, as scanners and indexers on Windows do with whatever is new: what is refused for that is
/// tried again for a while.
/// </summary>
internal static class HeldFile
{
    private const int SharingViolation = unchecked((int)0x80070020);
    private const int LockViolation = unchecked((int)0x80070021);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Gives a file another name. On Windows that lasts when this returns; elsewhere once the folder is forced to disk.</summary>
    /// <param name="from">Its full path.</param>
    /// <param name="to">Its new full path, on the same disk. A link of this name is replaced, not followed.</param>
    /// <param name="overwrite">True to replace what bears that name.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static void Rename(string from, string to, bool overwrite)
    {
        if (OperatingSystem.IsWindows())
        {
            Patiently(() => WindowsFile.Rename(from, to, overwrite), mayBeDenied: true, Patience);
        }
        else
        {
            File.Move(from, to, overwrite);
        }
    }

    /// <summary>Whether another program holds the file, which says nothing of the file.</summary>
    /// <param name="exception">What the system said.</param>
    public static bool IsHeld(Exception exception) => exception.HResult is SharingViolation or LockViolation;

    /// <summary>Opens a file, or removes it.</summary>
    /// <typeparam name="TResult">What comes of it.</typeparam>
    /// <param name="act">The deed.</param>
    public static TResult Patiently<TResult>(Func<TResult> act)
    {
        TResult? result = default;
        Patiently(
            () =>
            {
                result = act();
            },
            mayBeDenied: false,
            Patience
        );
        return result!;
    }

    /// <summary>Does something until it is not refused any more for what another program holds.</summary>
    /// <param name="act">The deed, which has changed nothing where it fails.</param>
    /// <param name="mayBeDenied">True where a program that holds the file makes the system deny access.</param>
    /// <param name="patience">How long.</param>
    internal static void Patiently(Action act, bool mayBeDenied, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                act();
                return;
            }
            catch (Exception exception)
                when ((IsHeld(exception) || (mayBeDenied && exception is UnauthorizedAccessException))
                    && Stopwatch.GetElapsedTime(start) < patience
                )
            {
                Thread.Sleep(50);
            }
        }
    }
}
