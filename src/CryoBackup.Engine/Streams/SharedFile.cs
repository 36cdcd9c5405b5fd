using System.Diagnostics;

namespace CryoBackup.Streams;

/// <summary>A file that several runs want at the same moment.</summary>
internal static class SharedFile
{
    // What is done under a lock takes milliseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Takes a lock that ends with its holder, also when that one is killed.</summary>
    /// <param name="path">A file that is for nothing else; it stays, empty.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="IOException">Another run held it too long, or the file cannot be written.</exception>
    public static FileStream Lock(string path) => Open(path, FileMode.OpenOrCreate);

    /// <summary>Opens a file for oneself alone, as soon as nobody else has it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mode">How.</param>
    /// <exception cref="IOException">Another run had it too long, or it cannot be written.</exception>
    public static FileStream Open(string path, FileMode mode)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, mode, FileAccess.Write, FileShare.None, bufferSize: 0);
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or PathTooLongException or FileNotFoundException)
                && IsShared(exception) && Stopwatch.GetElapsedTime(start) < Patience)
            {
                Thread.Sleep(20);
            }
        }
    }

    // ERROR_SHARING_VIOLATION on Windows; EWOULDBLOCK on Linux (11) and on macOS (35).
    private static bool IsShared(IOException exception) => exception.HResult is unchecked((int)0x80070020) or 11 or 35;
}
