using System.Globalization;
using System.IO.Hashing;
using System.Text;
using CryoBackup.Processes;
using CryoBackup.Streams;
using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>
/// Lets one backup of a database at a time write into a folder. A file tells who holds it; the operating system's lock on that file,
/// which ends with its process, tells whether the holder lives. Where such locks do not hold (some network file systems) or may not
/// reach the other machine, the holder's beat in the file tells it.
/// </summary>
internal sealed class BackupLock : IDisposable
{
    private const int MaximumAttempts = 100;
    private const int LongestRecord = 1024;
    private const string RecordStart = "host ";

    // Whoever finds a record that the lock says nothing about waits for some of its holder's beats.
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(10);
    private const int BeatsToWaitFor = 4;

    private readonly FileStream _stream;
    private readonly string _path;
    private readonly byte[] _record;
    private readonly Timer _beat;

    private BackupLock(FileStream stream, string path, byte[] record)
    {
        _stream = stream;
        _path = path;
        _record = record;
        _beat = new Timer(static state => ((BackupLock)state!).Write(), this, Beat, Beat);
    }

    /// <summary>Takes the lock, and removes what a dead holder left.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="database">The database.</param>
    /// <param name="observer">Learns what was removed, and whether locks hold there.</param>
    /// <param name="cancellationToken">Ends the waiting for a holder's sign of life.</param>
    /// <returns>The lock, until it is disposed of.</returns>
    /// <exception cref="CryoBackupException">BackupLocked, DestinationNotWritable, DiskFull.</exception>
    public static BackupLock Take(
        string folder,
        string database,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken = default
    )
    {
        string path = Path.Combine(folder, NameFor(database));
        for (int attempt = 1; attempt <= MaximumAttempts; attempt++)
        {
            FileStream stream;
            try
            {
                stream = Open(path);
            }
            catch (IOException exception) when (IsSharingViolation(exception))
            {
                throw Locked(path, folder, database);
            }
            catch (IOException exception)
                when (exception is not (DirectoryNotFoundException or IrregularFileException) && attempt < MaximumAttempts)
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
                if (TryTake(stream, path, folder, database, observer, cancellationToken) is { } taken)
                {
                    AbandonedFiles.Remove(folder, database, observer);
                    return taken;
                }
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

            stream.Dispose();
        }

        throw Locked(path, folder, database);
    }

    /// <summary>The name of a database's lock. Two databases that differ only in case have two, also where files' names do not tell
    /// case apart.</summary>
    /// <param name="database">The database.</param>
    internal static string NameFor(string database)
    {
        string name = BackupFileName.Encode(database);
        string mark = string.Equals(database, database.ToLowerInvariant(), StringComparison.Ordinal)
            ? ""
            : "~" + XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(database)).ToString("x8", CultureInfo.InvariantCulture);
        return $".{name}{mark}.lock";
    }

    /// <summary>Tells whether the lock lies in a folder too, which then is the same one by another name.</summary>
    /// <param name="folder">The folder.</param>
    public bool IsSeenIn(string folder) =>
        string.Equals(
            ReadHolder(Path.Combine(folder, Path.GetFileName(_path))),
            Encoding.UTF8.GetString(_record).TrimEnd('\n'),
            StringComparison.Ordinal
        );

    /// <inheritdoc/>
    public void Dispose()
    {
        using (var ended = new ManualResetEvent(false))
        {
            if (_beat.Dispose(ended))
            {
                ended.WaitOne();
            }
        }

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

    /// <summary>Takes what was opened; null if it turns out to be nobody's any more.</summary>
    private static BackupLock? TryTake(
        FileStream stream,
        string path,
        string folder,
        string database,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        bool? free = RegularFile.TryLock(stream);
        if (free == false)
        {
            throw Locked(path, folder, database);
        }

        bool holds = free == true && IsHeld(path);
        string left = ReadRecord(stream, path);
        if (left.Length > 0 && !(holds && LockTellsOf(left, folder)) && LivesStill(path, left, cancellationToken))
        {
            throw Locked(path, folder, database);
        }

        string holder = Sign();
        byte[] record = Encoding.UTF8.GetBytes(holder + "\n");
        if (!TrySign(stream, record) && holds)
        {
            // On a full disk nobody can sign, and whoever makes room there must come in.
            return new BackupLock(stream, path, record);
        }

        if (!holds)
        {
            // Another who came at the same moment signs too; the last one has it.
            cancellationToken.WaitHandle.WaitOne(TimeSpan.FromSeconds(2));
            cancellationToken.ThrowIfCancellationRequested();
        }

        // Whoever held it before may have removed the file between our opening and our locking it. Then it is nobody's.
        if (!OperatingSystem.IsWindows() && !string.Equals(ReadHolder(path), holder, StringComparison.Ordinal))
        {
            return null;
        }

        if (!holds)
        {
            observer(
                new WarningMessage(
                    $"File locks do not hold in '{folder}': another backup of '{database}' is noticed only by the signs of life that "
                        + $"it leaves in '{path}' every {DurationText.Of(Beat)}."
                )
            );
        }

        if (left.Length > 0)
        {
            observer(new VerboseMessage($"The lock '{path}' was left by a backup that died ({left})."));
        }

        return new BackupLock(stream, path, record);
    }

    /// <summary>Writes who holds it; false where no space is left for that.</summary>
    private static bool TrySign(FileStream stream, byte[] record)
    {
        stream.SetLength(0);
        stream.Position = 0;
        try
        {
            stream.Write(record);
            return true;
        }
        catch (IOException exception) when (PartialFile.Translate(exception, "").Error == CryoBackupError.DiskFull)
        {
            return false;
        }
    }

    /// <summary>Windows decides with the opening who has it, and removes the file itself, also for a process that dies.</summary>
    private static FileStream Open(string path) =>
        OperatingSystem.IsWindows()
            ? RegularFile.OpenOrCreate(path, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete, FileOptions.DeleteOnClose)
            : RegularFile.OpenOrCreate(path, FileAccess.ReadWrite);

    private static bool IsSharingViolation(IOException exception) => exception.HResult == unchecked((int)0x80070020);

    /// <summary>Whether the lock that we have taken keeps others out, which some file systems only pretend.</summary>
    private static bool IsHeld(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        try
        {
            using FileStream other = RegularFile.Open(path, FileAccess.ReadWrite);
            return RegularFile.TryLock(other) == false;
        }
        catch (FileNotFoundException)
        {
            // It was removed meanwhile, and will be found to be nobody's.
            return true;
        }
    }

    /// <summary>Whether a lock that is free says that this holder is dead. Of one on another machine only a disk of this machine tells it:
    /// not every network file system hands locks on.</summary>
    private static bool LockTellsOf(string record, string folder) =>
        record.StartsWith($"{RecordStart}{Environment.MachineName}, ", StringComparison.Ordinal) || LocalDisk.IsLocal(folder);

    /// <summary>Waits for a sign of life of a record's holder.</summary>
    private static bool LivesStill(string path, string record, CancellationToken cancellationToken)
    {
        DateTime? first = LastBeat(path);
        for (int beat = 0; beat < BeatsToWaitFor; beat++)
        {
            cancellationToken.WaitHandle.WaitOne(Beat);
            cancellationToken.ThrowIfCancellationRequested();
            if (LastBeat(path) is { } last && (last != first || !string.Equals(ReadHolder(path), record, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    // Opened anew each time: only then does a network file system ask its server.
    private static DateTime? LastBeat(string path)
    {
        try
        {
            using FileStream stream = RegularFile.Open(path, FileAccess.Read);
            return File.GetLastWriteTimeUtc(stream.SafeFileHandle);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static CryoBackupException Locked(string path, string folder, string database)
    {
        string holder = ReadHolder(path);
        return new CryoBackupException(
            CryoBackupError.BackupLocked,
            $"Another backup of '{database}' into '{folder}' is running{(holder.Length == 0 ? "" : $" ({holder})")}.",
            path,
            "Wait until it has finished."
        );
    }

    // To the tenth of a microsecond, so that no two holders in one process sign alike.
    private static string Sign() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{RecordStart}{Environment.MachineName}, process {Environment.ProcessId}, "
                + $"since {DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'}"
        );

    /// <summary>Writes the record once more, which changes nothing but the file's time.</summary>
    private void Write()
    {
        try
        {
            RandomAccess.Write(_stream.SafeFileHandle, _record, 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            // The next beat may arrive.
        }
    }

    /// <summary>The record of whoever left it; nothing else is written over.</summary>
    private static string ReadRecord(FileStream stream, string path)
    {
        string text = "";
        if (stream.Length is > 0 and <= LongestRecord)
        {
            byte[] bytes = new byte[stream.Length];
            text = Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)).TrimEnd('\n');
        }

        bool isRecord =
            stream.Length == 0
            || (text.StartsWith(RecordStart, StringComparison.Ordinal) && !text.Contains('\n', StringComparison.Ordinal));
        return isRecord
            ? text
            : throw new CryoBackupException(
                CryoBackupError.DestinationNotWritable,
                $"'{path}' is where backups lock each other out, but holds something else, which is left as it is.",
                path,
                "Find out what it is, and move it elsewhere."
            );
    }

    private static string ReadHolder(string path)
    {
        try
        {
            using FileStream stream = RegularFile.Open(path, FileAccess.Read);
            byte[] bytes = new byte[LongestRecord];
            string text = Encoding.UTF8.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
            return text.Split('\n')[0];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
