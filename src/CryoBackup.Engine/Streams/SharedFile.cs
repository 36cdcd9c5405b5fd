using System.Diagnostics;

namespace CryoBackup.Streams;

/// <summary>A file that several runs want at the same moment.</summary>
internal static class SharedFile
{
    // What is done under a lock takes milliseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>Takes a lock that ends with its holder, also when that one is killed.</summary>
    /// <param name="path">A file that is for nothing else; it stays, empty.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="IOException">Another run held it too long, or the file cannot be written.</exception>
    public static FileStream Lock(string path)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                FileStream file = RegularFile.OpenOrCreate(path, FileAccess.Write, FileShare.None);

                // Where the file system knows no locks, what is done under this one is short, and the others' files are replaced as a whole.
                if (RegularFile.TryLock(file) != false)
                {
                    return file;
                }

                file.Dispose();
                if (Stopwatch.GetElapsedTime(start) >= Patience)
                {
                    throw new IOException($"Another run has held '{path}' too long.");
                }
            }
            catch (IOException exception) when (exception.HResult == SharingViolation && Stopwatch.GetElapsedTime(start) < Patience)
            {
                // Windows refuses the opening itself.
            }

            Thread.Sleep(20);
        }
    }
}
