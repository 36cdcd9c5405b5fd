using System.Globalization;
using System.Text;
using CryoBackup.Streams;

namespace CryoBackup;

/// <summary>
/// Lets one backup of a database at a time write into a folder. A file tells who holds it; the operating system's lock on that file,
/// which ends with its process, tells whether the holder lives.
/// </summary>
internal sealed class BackupLock : IDisposable
{
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
    /// <exception cref="CryoBackupException">BackupLocked, DestinationNotWritable.</exception>
    public static BackupLock Take(string folder, string database, Action<EngineMessage> observer)
    {
        string name = BackupFileName.Encode(database);
        string path = Path.Combine(folder, $".{name}.lock");
        FileStream stream;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            stream = new FileStream(path, options);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw PartialFile.Translate(exception, folder);
        }
        catch (IOException exception)
        {
            if (!File.Exists(path))
            {
                throw PartialFile.Translate(exception, folder);
            }

            throw new CryoBackupException(
                CryoBackupError.BackupLocked,
                $"Another backup of '{database}' into '{folder}' is running{ReadHolder(path)}.",
                path,
                "Wait until it has finished.",
                inner: exception);
        }

        if (stream.Length > 0)
        {
            observer(new VerboseMessage($"The lock '{path}' was left by a backup that died."));
        }

        RemovePartialFiles(folder, name, observer);
        string holder = string.Create(
            CultureInfo.InvariantCulture, $"host {Environment.MachineName}, process {Environment.ProcessId}, since {DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss'Z'}\n");
        stream.SetLength(0);
        stream.Write(Encoding.UTF8.GetBytes(holder));
        stream.Flush();
        return new BackupLock(stream, path);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Emptied first: should the removal fail, an empty file tells that nobody died.
        _stream.SetLength(0);
        File.Delete(_path);
        _stream.Dispose();
    }

    private static string ReadHolder(string path)
    {
        try
        {
            // Locks of .NET are advisory on Unix, so the text can be read; on Windows it cannot.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            return $" ({reader.ReadLine()})";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>While the lock is ours nobody writes a partial file of this database here, so those that lie here are dead.</summary>
    private static void RemovePartialFiles(string folder, string name, Action<EngineMessage> observer)
    {
        foreach (string file in Directory.EnumerateFiles(folder, $"*{BackupFileName.PartialSuffix}"))
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
