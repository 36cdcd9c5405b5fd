using CryoBackup.Storage;
using CryoBackup.Streams;

namespace CryoBackup.Retention;

/// <summary>Removes the files of a backup, and completes what a removal that was killed has left.</summary>
internal static class BackupRemover
{
    /// <summary>
    /// Removes a backup as a whole: its data first, then what belongs to it, its manifest last, so that what a power cut leaves is found
    /// again. To be called while the folder's lock is held.
    /// </summary>
    /// <param name="backup">The backup, as it lies there.</param>
    /// <param name="removing">Learns of each file before it goes; null for nobody.</param>
    /// <exception cref="CryoBackupException">BackupLocked: somebody reads it. DestinationNotWritable: a file cannot be removed.</exception>
    public static void Remove(StoredBackup backup, Action<string>? removing = null)
    {
        string path = backup.Path;
        try
        {
            using FileStream? held = TakeAlone(path);
            Mark(backup);
            try
            {
                removing?.Invoke(path);
                if (OperatingSystem.IsWindows())
                {
                    held?.Dispose();
                }

                File.Delete(path);
                PartialFile.FlushFolder(Path.GetDirectoryName(path)!);
            }
            catch
            {
                // It stands as it stood.
                DeleteQuietly(RemovalMark.PathOf(path));
                throw;
            }

            RemoveRest(path, backup.Manifest, removing);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw PartialFile.Translate(exception, path);
        }
    }

    /// <summary>Completes the removals in a folder that were begun and killed. To be called while the folder's lock is held.</summary>
    /// <param name="folder">A full path.</param>
    /// <param name="database">Only those of this database.</param>
    /// <param name="observer">Learns of each.</param>
    public static void Complete(string folder, string database, Action<EngineMessage> observer)
    {
        foreach (string mark in Directory.GetFiles(folder, "*" + BackupFileName.RemovalSuffix).Order(StringComparer.Ordinal))
        {
            string path = mark[..^BackupFileName.RemovalSuffix.Length];
            try
            {
                CompleteOne(path, database, observer);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or CryoBackupException)
            {
                observer(new WarningMessage($"The removal of '{path}', which was begun, could not be completed: {exception.Message}"));
            }
        }
    }

    /// <summary>The databases of which removals in a folder were begun and killed.</summary>
    /// <param name="folder">A full path.</param>
    public static IEnumerable<string> Begun(string folder) =>
        Directory
            .GetFiles(folder, "*" + BackupFileName.RemovalSuffix)
            .Select(mark => BackupFileName.TryRead(Path.GetFileName(mark))?.Database)
            .OfType<string>();

    /// <summary>On a full disk it goes unmarked: were it killed then, its manifest would be left as that of a backup that lost its file.
    /// </summary>
    private static void Mark(StoredBackup backup)
    {
        try
        {
            RemovalMark.Put(backup.Path, backup.Manifest);
        }
        catch (CryoBackupException exception) when (exception.Error == CryoBackupError.DiskFull)
        {
            // What is to make room needs none.
        }
    }

    private static void CompleteOne(string path, string database, Action<EngineMessage> observer)
    {
        string manifestPath = path + BackupFileName.ManifestSuffix;
        BackupManifest? manifest = File.Exists(manifestPath) ? BackupManifest.Read(manifestPath) : null;
        string? named = manifest?.Database ?? BackupFileName.TryRead(Path.GetFileName(path))?.Database;
        if (!string.Equals(named, database, StringComparison.Ordinal))
        {
            return;
        }

        if (File.Exists(path))
        {
            // It was killed before anything went: whether it goes is decided anew.
            File.Delete(RemovalMark.PathOf(path));
            return;
        }

        if (
            !RemovalMark.IsOn(path, manifest)
            || (manifest is not null && !string.Equals(manifest.BackupFile, Path.GetFileName(path), StringComparison.Ordinal))
        )
        {
            return;
        }

        RemoveRest(path, manifest, null);
        observer(new VerboseMessage($"Completed the removal of '{path}', which was begun and did not come to its end."));
    }

    private static void RemoveRest(string path, BackupManifest? manifest, Action<string>? removing)
    {
        string folder = Path.GetDirectoryName(path)!;
        string[] rest = [.. BackupFolder.FilesOf(path, manifest).Skip(1).SkipLast(1), ProofRecord.PathOf(path), HoldRecord.PathOf(path)];
        foreach (string file in rest)
        {
            removing?.Invoke(file);
            File.Delete(file);
        }

        PartialFile.FlushFolder(folder);
        string manifestPath = path + BackupFileName.ManifestSuffix;
        removing?.Invoke(manifestPath);
        File.Delete(manifestPath);
        PartialFile.FlushFolder(folder);
        removing?.Invoke(RemovalMark.PathOf(path));
        File.Delete(RemovalMark.PathOf(path));
    }

    /// <summary>Makes sure that nobody reads it. Where the file system knows no locks, whoever reads it reads on.</summary>
    private static FileStream? TakeAlone(string path)
    {
        FileStream? file = null;
        try
        {
            file = RegularFile.Open(path, FileAccess.Read, FileShare.Delete);
            return RegularFile.TryLock(file) == false ? throw InUse(path) : file;
        }
        catch (IOException exception) when (OperatingSystem.IsWindows() && exception.HResult == unchecked((int)0x80070020))
        {
            throw InUse(path);
        }
        catch
        {
            file?.Dispose();
            throw;
        }
    }

    private static CryoBackupException InUse(string path) =>
        new(
            CryoBackupError.BackupLocked,
            $"'{path}' is being read, by a Test, a restore or a copy.",
            path,
            "Wait until that has finished."
        );

    private static void DeleteQuietly(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // With the backup there it says nothing.
        }
    }
}
