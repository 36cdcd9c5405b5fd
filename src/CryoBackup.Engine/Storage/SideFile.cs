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

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);
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
            using FileStream file = HeldFile.Patiently(() => RegularFile.Open(path, FileAccess.Read));
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
                    // Somebody has removed it, without asking whose it is.
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
                HeldFile.Rename(name, path, overwrite: true);
                name = path;
            }

            PartialFile.FlushFolder(Path.GetDirectoryName(path)!);
        }
        finally
        {
            if (!string.Equals(name, path, StringComparison.Ordinal) && RegularFile.Bears(partial, name))
            {
                File.Delete(name);
            }
        }
    }

    /// <summary>Creates the file under its temporary name, which keeps others from doing the same while its holder lives.</summary>
    private static FileStream Begin(string name)
    {
        // It is removed and renamed while it is open, and read as soon as it has its name.
        FileShare share = OperatingSystem.IsWindows() ? FileShare.Read | FileShare.Delete : FileShare.None;
        for (long start = Environment.TickCount64; ; Thread.Sleep(20))
        {
            try
            {
                FileStream file = RegularFile.Create(name, FileAccess.Write, share);
                if (RegularFile.Bears(file, name))
                {
                    return file;
                }

                // Another came before it was locked, and took it for that of a dead one.
                file.Dispose();
            }
            catch (IOException exception) when (IsThere(exception) && Environment.TickCount64 - start < Patience.TotalMilliseconds)
            {
                _ = LeftFile.Remove(name, DeadAfter);
            }
        }
    }

    /// <summary>Whether another has it: by its name, or by its lock.</summary>
    private static bool IsThere(IOException exception) =>
        exception.HResult is 17 or unchecked((int)0x80070050) || exception.HResult == (OperatingSystem.IsLinux() ? 11 : 35);
}
