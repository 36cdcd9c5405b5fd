using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// A small file beside a backup, which is replaced as a whole: whoever reads it reads the old one or the new one, and of two who write at
/// the same moment none loses what the other wrote. Only its owner may read it. It lies there for anybody to change, so that whoever
/// reads it believes nothing that he cannot check.
/// </summary>
internal static class SideFile
{
    /// <summary>The most bytes that are read.</summary>
    private const int MaximumLength = 1 << 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DeadAfter = TimeSpan.FromMinutes(1);

    /// <summary>Reads one.</summary>
    /// <param name="path">The full path.</param>
    /// <returns>Its bytes; none for what CryoBackup never put there: a link, a folder, a long file. Null if there is nothing.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The account may not.</exception>
    public static byte[]? Read(string path)
    {
        try
        {
            using FileStream file = RegularFile.Open(path, FileAccess.Read);
            if (file.Length > MaximumLength)
            {
                return [];
            }

            byte[] bytes = new byte[file.Length];
            file.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (IrregularFileException)
        {
            return [];
        }
    }

    /// <summary>Changes one, while nobody else does.</summary>
    /// <param name="path">The full path.</param>
    /// <param name="change">Takes what lies there, as <see cref="Read"/> returns it, and returns what is to lie there; null for
    /// nothing.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull; what lay there is untouched.</exception>
    public static void Update(string path, Func<byte[]?, byte[]?> change)
    {
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                using FileStream partial = Begin(path + BackupFileName.PartialSuffix);
                try
                {
                    Write(path, partial, change);
                    return;
                }
                catch (FileNotFoundException) when (attempt < 3)
                {
                    // A backup that began meanwhile has removed it for that of a dead one.
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PartialFile.Translate(exception, path);
        }
    }

    private static void Write(string path, FileStream partial, Func<byte[]?, byte[]?> change)
    {
        string name = path + BackupFileName.PartialSuffix;
        try
        {
            if (change(Read(path)) is not { } content)
            {
                File.Delete(path);
            }
            else
            {
                partial.Write(content);
                partial.Flush(flushToDisk: true);
                if (OperatingSystem.IsWindows())
                {
                    // What is open there bears its name to the end.
                    partial.Dispose();
                }

                HeldFile.Rename(name, path, overwrite: true);
                name = path;
            }

            PartialFile.FlushFolder(Path.GetDirectoryName(path)!);
        }
        finally
        {
            if (!string.Equals(name, path, StringComparison.Ordinal))
            {
                partial.Dispose();
                File.Delete(name);
            }
        }
    }

    /// <summary>Creates the file under its temporary name, which keeps others from doing the same while its holder lives.</summary>
    private static FileStream Begin(string name)
    {
        for (long start = Environment.TickCount64; ; Thread.Sleep(20))
        {
            try
            {
                return RegularFile.Create(name, FileAccess.Write, FileShare.None);
            }
            catch (IOException exception) when (IsThere(exception) && Environment.TickCount64 - start < Patience.TotalMilliseconds)
            {
                // It may have got its name since.
                if (File.Exists(name) && IsLeft(name))
                {
                    File.Delete(name);
                }
            }
        }
    }

    private static bool IsThere(IOException exception) => exception.HResult is 17 or unchecked((int)0x80070050);

    private static bool IsLeft(string name)
    {
        try
        {
            using FileStream file = RegularFile.Open(name, FileAccess.Write, FileShare.None);
            return RegularFile.TryLock(file) ?? DateTime.UtcNow - File.GetLastWriteTimeUtc(file.SafeFileHandle) > DeadAfter;
        }
        catch (Exception exception) when (exception is IOException and not IrregularFileException)
        {
            // It has got its name since; or Windows says that its holder lives.
            return false;
        }
    }
}
