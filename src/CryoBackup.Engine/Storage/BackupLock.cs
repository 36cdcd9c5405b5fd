using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace CryoBackup.Storage;

/// <summary>
/// Lets one backup of a database at a time write into a folder. A file tells who holds it; the operating system's lock on that file,
/// which ends with its process, tells whether the holder lives.
/// </summary>
internal sealed partial class BackupLock : IDisposable
{
    private const int MaximumAttempts = 100;
    private readonly FileStream _stream;
    private readonly string _path;

    private BackupLock(FileStream stream, string path)
    {
        _stream = stream;
        _path = path;
    }

    /// <summary>Takes the lock, and removes what a dead holder left.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="database">The database.</param>
    /// <param name="observer">Learns what was removed.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="CryoBackupException">BackupLocked, DestinationNotWritable, DiskFull.</exception>
    public static BackupLock Take(string folder, string database, Action<EngineMessage> observer)
    {
        string name = BackupFileName.Encode(database);
        string path = Path.Combine(folder, $".{name}.lock");
        for (int attempt = 1; attempt <= MaximumAttempts; attempt++)
        {
            FileStream stream;
            try
            {
                stream = Open(path);
            }
            catch (IOException) when (File.Exists(path))
            {
                throw Locked(path, folder, database);
            }
            catch (IOException exception) when (exception is not DirectoryNotFoundException && attempt < MaximumAttempts)
            {
                // Its holder may have removed it since.
                continue;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw PartialFile.Translate(exception, folder);
            }

            try
            {
                bool left = stream.Length > 0;
                string holder = Sign(stream);

                // Whoever held it before may have removed the file between our opening and our locking it. Then it is nobody's.
                if (!OperatingSystem.IsWindows() && !string.Equals(ReadHolder(path), holder, StringComparison.Ordinal))
                {
                    stream.Dispose();
                    continue;
                }

                if (left)
                {
                    observer(new VerboseMessage($"The lock '{path}' was left by a backup that died."));
                }

                RemovePartialFiles(folder, name, observer);
                return new BackupLock(stream, path);
            }
            catch (Exception exception)
            {
                stream.Dispose();
                if (exception is IOException or UnauthorizedAccessException)
                {
                    throw PartialFile.Translate(exception, folder);
                }

                throw;
            }
        }

        throw Locked(path, folder, database);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!OperatingSystem.IsWindows())
        {
            try
            {
                // Emptied first: should the removal fail, an empty file tells that nobody died. Removed while still ours.
                _stream.SetLength(0);
                File.Delete(_path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // A file that is left locks nothing.
            }
        }

        _stream.Dispose();
    }

    private static FileStream Open(string path)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,

            // On Windows others may still read who holds it; elsewhere only this takes the lock for one alone.
            Share = OperatingSystem.IsWindows() ? FileShare.Read | FileShare.Delete : FileShare.None,

            // Windows does it itself, also for a process that dies. On Unix .NET would also remove the file of another.
            Options = OperatingSystem.IsWindows() ? FileOptions.DeleteOnClose : FileOptions.None,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    private static CryoBackupException Locked(string path, string folder, string database)
    {
        string holder = ReadHolder(path);
        return new CryoBackupException(
            CryoBackupError.BackupLocked,
            $"Another backup of '{database}' into '{folder}' is running{(holder.Length == 0 ? "" : $" ({holder})")}.",
            path,
            "Wait until it has finished.");
    }

    /// <summary>Writes who holds the lock.</summary>
    private static string Sign(FileStream stream)
    {
        // To the tenth of a microsecond, so that no two holders in one process sign alike.
        string holder = string.Create(
            CultureInfo.InvariantCulture, $"host {Environment.MachineName}, process {Environment.ProcessId}, since {DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}");
        stream.SetLength(0);
        stream.Write(Encoding.UTF8.GetBytes(holder + "\n"));
        return holder;
    }

    private static string ReadHolder(string path)
    {
        try
        {
            using FileStream stream = OpenUnlocked(path);
            using var reader = new StreamReader(stream);
            return reader.ReadLine() ?? "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Opens without the lock that .NET takes on Unix with every open, and that the holder's lock refuses.</summary>
    private static FileStream OpenUnlocked(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }

        var handle = new SafeFileHandle(Open(path, 0), ownsHandle: true);
        return handle.IsInvalid ? throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())) : new FileStream(handle, FileAccess.Read);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    /// <summary>While the lock is ours nobody writes a partial file of this database here, so those that lie here are dead.</summary>
    private static void RemovePartialFiles(string folder, string name, Action<EngineMessage> observer)
    {
        foreach (string file in Directory.GetFiles(folder, $"*{BackupFileName.PartialSuffix}"))
        {
            if (IsOf(Path.GetFileName(file), name))
            {
                File.Delete(file);
                observer(new WarningMessage($"Removed '{file}', which a backup that died had left."));
            }
        }
    }

    /// <summary>True for exactly &lt;name&gt;_&lt;8 digits&gt;_&lt;6 digits&gt;_full.dump…, so that app never takes app_old's.</summary>
    private static bool IsOf(string file, string name)
    {
        const int TimeLength = 1 + 8 + 1 + 6;
        return file.StartsWith(name, StringComparison.Ordinal)
            && file.Length > name.Length + TimeLength
            && file.AsSpan(name.Length, TimeLength) is ['_', .. var time]
            && time[8] == '_'
            && time[..8].IndexOfAnyExceptInRange('0', '9') < 0
            && time[9..].IndexOfAnyExceptInRange('0', '9') < 0
            && file.AsSpan(name.Length + TimeLength).StartsWith("_full.dump", StringComparison.Ordinal);
    }
}
