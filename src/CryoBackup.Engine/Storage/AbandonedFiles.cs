using CryoBackup.Streams;

namespace CryoBackup.Storage;

/// <summary>
/// What backups that died have left in a folder. A backup gives its files their names at its end, the manifest last; until then a file
/// under a temporary name tells of every other one that is not whole yet. What no such file tells of is somebody's, and stays.
/// </summary>
internal static class AbandonedFiles
{
    /// <summary>Removes what dead backups of a database left. To be called while the folder's lock is held:
    /// nobody else writes there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="database">The database.</param>
    /// <param name="observer">Learns what was removed.</param>
    public static void Remove(string folder, string database, Action<EngineMessage> observer)
    {
        foreach (string file in Directory.GetFiles(folder, "*" + BackupFileName.PartialSuffix).Where(file => IsOf(file, database)))
        {
            // What it tells of goes first, so that another death on the way leaves it to the next run.
            string[] published = [.. Published(file[..^BackupFileName.PartialSuffix.Length]).Where(File.Exists)];
            Array.ForEach(published, File.Delete);
            foreach (string left in TryRemove(file) ? published.Append(file) : published)
            {
                observer(new WarningMessage($"Removed '{left}', which a backup that died had left."));
            }
        }

        foreach (string file in Directory.GetFiles(folder, "*" + BackupFolder.GlobalsInfix + "*").Where(file => IsOf(file, database)))
        {
            string backup = file[..file.LastIndexOf(BackupFolder.GlobalsInfix, StringComparison.Ordinal)];
            if (!File.Exists(backup) && !File.Exists(backup + BackupFileName.ManifestSuffix))
            {
                observer(
                    new WarningMessage(
                        $"'{file}' holds roles, perhaps with their password hashes, and the backup that it belongs to is gone; "
                            + "remove it if nobody needs it."
                    )
                );
            }
        }
    }

    /// <summary>Removes a file under a temporary name, but for that of a Test which writes its verdict in this moment.</summary>
    private static bool TryRemove(string file)
    {
        try
        {
            return LeftFile.Remove(file, TimeSpan.Zero);
        }
        catch (Exception exception) when (exception is IrregularFileException or UnauthorizedAccessException)
        {
            // Its name goes, wherever it leads.
            File.Delete(file);
            return true;
        }
    }

    /// <summary>The files under their final names that belong to a file which has not got its own.</summary>
    private static IEnumerable<string> Published(string path)
    {
        if (File.Exists(path))
        {
            return [];
        }

        if (BackupFolder.IsManifest(path))
        {
            // A manifest is whole before any other file gets its name; one that is not tells of none.
            string backup = BackupFolder.BackupOf(path);
            return IsWholeManifestOf(backup, path + BackupFileName.PartialSuffix) ? [.. BackupFolder.GlobalsOf(backup), backup] : [];
        }

        // Versions before this one gave the globals their name first of all.
        return File.Exists(path + BackupFileName.ManifestSuffix) ? [] : BackupFolder.GlobalsOf(path);
    }

    private static bool IsWholeManifestOf(string backup, string path)
    {
        try
        {
            return string.Equals(BackupManifest.Read(path).BackupFile, Path.GetFileName(backup), StringComparison.Ordinal);
        }
        catch (CryoBackupException)
        {
            return false;
        }
    }

    private static bool IsOf(string file, string database) =>
        BackupFileName.TryRead(Path.GetFileName(file)) is { } known && string.Equals(known.Database, database, StringComparison.Ordinal);
}
