using System.ComponentModel;
using System.Runtime.InteropServices;
using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// A file that becomes visible only when it is whole: written under a temporary name, forced to disk, renamed, and its folder
/// forced to disk. Disposed of before <see cref="Publish"/>, it is gone. Only its owner may read it.
/// </summary>
internal sealed partial class PartialFile : BackupOutput
{
    private string _path;
    private bool _complete;
    private bool _published;

    /// <summary>Creates the file under its temporary name.</summary>
    /// <param name="path">Its final full path; nothing may lie there.</param>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public PartialFile(string path)
    {
        FinalPath = path;
        _path = path + BackupFileName.PartialSuffix;
        try
        {
            Stream = RegularFile.Create(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, path);
        }
    }

    /// <summary>The final full path.</summary>
    public override string FinalPath { get; }

    /// <summary>Takes the content.</summary>
    public override FileStream Stream { get; }

    /// <summary>Forces the content to disk, still under its temporary name. After it nothing is written any more.</summary>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public override void Complete()
    {
        if (_complete)
        {
            return;
        }

        try
        {
            Stream.Flush(flushToDisk: true);
            Stream.Dispose();
            FlushFolder(Path.GetDirectoryName(FinalPath)!);
            _complete = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, FinalPath);
        }
    }

    /// <summary>Forces the content to disk and gives the file its name.</summary>
    /// <exception cref="CryoBackupException">DestinationNotWritable or DiskFull.</exception>
    public override void Publish()
    {
        Complete();
        try
        {
            HeldFile.Rename(_path, FinalPath, overwrite: false);
            _path = FinalPath;
            FlushFolder(Path.GetDirectoryName(FinalPath)!);
            _published = true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, FinalPath);
        }
    }

    /// <summary>Takes a publication back: disposed of, the file is gone.</summary>
    public override void Withdraw() => _published = false;

    /// <inheritdoc/>
    public override void Dispose()
    {
        Stream.Dispose();
        if (_published)
        {
            return;
        }

        try
        {
            File.Delete(_path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // What went wrong before is the one to tell; the next backup removes the file.
        }
    }

    /// <summary>Makes a folder for backups, if it is not there.</summary>
    /// <param name="folder">A full path.</param>
    /// <exception cref="CryoBackupException">DiskFull or DestinationNotWritable.</exception>
    public static void MakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (IOException exception) when (FileOn(folder) is { } file)
        {
            throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"'{folder}' cannot be written: '{file}' is a file, not a folder.",
                folder,
                "Give a folder; it is made where it is not there.",
                inner: exception
            );
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Translate(exception, folder);
        }
    }

    // A path that ends in a file, or leads through one.
    private static string? FileOn(string? path)
    {
        while (path is not null && !File.Exists(path))
        {
            path = Path.GetDirectoryName(path);
        }

        return path;
    }

    /// <summary>What an error of the file system means to the user.</summary>
    /// <param name="exception">The error.</param>
    /// <param name="path">The file or folder that was written to.</param>
    /// <returns>DiskFull or DestinationNotWritable.</returns>
    public static CryoBackupException Translate(Exception exception, string path)
    {
        if (exception is IrregularFileException irregular)
        {
            return new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                irregular.Message,
                irregular.Path,
                "Find out who put it there, and remove it.",
                inner: exception
            );
        }

        const int DiskFullOnWindows = unchecked((int)0x80070070);
        const int HandleDiskFullOnWindows = unchecked((int)0x80070027);
        const int NoSpaceOnUnix = 28;
        const int QuotaOnLinux = 122;
        bool full =
            exception.HResult is DiskFullOnWindows or HandleDiskFullOnWindows or NoSpaceOnUnix or QuotaOnLinux
            || exception.Message.Contains("No space left", StringComparison.Ordinal);
        return full
            ? new CryoBackupException(
                CryoBackupError.DiskFull,
                $"There is no space left for '{path}'.",
                path,
                "Free space, or choose another folder.",
                inner: exception
            )
            : new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"'{path}' cannot be written: {exception.Message}",
                path,
                "Choose a folder that this account may write to.",
                inner: exception
            );
    }

    /// <summary>Forces the entries of a folder to disk.</summary>
    /// <param name="folder">The full path.</param>
    /// <exception cref="IOException">It cannot be.</exception>
    internal static void FlushFolder(string folder)
    {
        // Windows writes a folder's entries through its journal; elsewhere the rename is durable only with its folder.
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(folder, 0);
        if (descriptor < 0)
        {
            throw new IOException($"the folder '{folder}' cannot be opened: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }

        try
        {
            if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() is int error and not InvalidArgument)
            {
                throw new IOException($"the folder '{folder}' cannot be forced to disk: {new Win32Exception(error).Message}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    // Some network file systems cannot sync a folder, and say so with this number (EINVAL).
    private const int InvalidArgument = 22;

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
