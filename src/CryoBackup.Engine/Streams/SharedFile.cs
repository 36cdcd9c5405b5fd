using System.Diagnostics;

namespace CryoBackup.Streams;

/// <summary>A file that several runs want at the same moment.</summary>
internal static class SharedFile
{
    private const int SharingViolation = unchecked((int)0x80070020);

    /// <summary>Takes a lock that ends with its holder, also when that one is killed.</summary>
    /// <param name="path">A file that is for nothing else; it stays, empty.</param>
    /// <param name="patience">How long to wait for it; a fraction of a second serves what other runs do under it.</param>
    /// <returns>The lock, until it is disposed of; null if another held it too long, who need not be a run of ours.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static FileStream? TryLock(string path, TimeSpan patience)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                FileStream file = RegularFile.OpenOrCreate(path, FileAccess.Write, FileShare.None);

                // Where the file system knows no locks, what is done under this one is short,
                // and the others' files are replaced as a whole.
                if (RegularFile.TryLock(file) != false)
                {
                    return file;
                }

                file.Dispose();
            }
            catch (IOException exception) when (exception.HResult == SharingViolation)
            {
                // Windows refuses the opening itself.
            }

            if (Stopwatch.GetElapsedTime(start) >= patience)
            {
                return null;
            }

            Thread.Sleep(20);
        }
    }
}
