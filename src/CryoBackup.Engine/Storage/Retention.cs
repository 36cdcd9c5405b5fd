using System.Globalization;

namespace CryoBackup.Storage;

/// <summary>Removes old backups of a database after a new one was made.</summary>
internal static class Retention
{
    /// <summary>
    /// Removes the backups of the new one's database, from the new one's server and folder, that are older than so many days. The new one,
    /// whose rows have just been compared with the database's, and all that are younger stay. A failure to remove is a warning. To be called
    /// while the folder's lock is held.
    /// </summary>
    /// <param name="made">The new backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="days">Days, at least 1.</param>
    /// <param name="observer">Learns what was removed.</param>
    /// <returns>Full paths of the backups removed.</returns>
    public static IReadOnlyList<string> Apply(BackupInfo made, BackupManifest manifest, int days, Action<EngineMessage> observer)
    {
        string folder = Path.GetDirectoryName(made.Path)!;
        var removed = new List<string>();
        try
        {
            foreach (string manifestPath in Directory.GetFiles(folder, "*" + BackupFileName.ManifestSuffix).Order(StringComparer.Ordinal))
            {
                string path = BackupFolder.BackupOf(manifestPath);
                if (path != made.Path && IsOld(manifestPath, path, made, manifest, days) && Remove(path, manifestPath, observer))
                {
                    removed.Add(path);
                    observer(new VerboseMessage(string.Create(CultureInfo.InvariantCulture, $"Removed '{path}', which was older than {days} days.")));
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            observer(new WarningMessage($"Old backups in '{folder}' could not be removed: {exception.Message}"));
        }

        return removed;
    }

    private static bool IsOld(string manifestPath, string path, BackupInfo made, BackupManifest manifest, int days)
    {
        try
        {
            BackupManifest other = BackupManifest.Read(manifestPath);
            return string.Equals(other.Database, made.Database, StringComparison.Ordinal)
                && string.Equals(other.BackupFile, Path.GetFileName(path), StringComparison.Ordinal)
                && string.Equals(other.BackupType, "full", StringComparison.Ordinal)
                && IsSameServer(other, manifest)
                && other.ReadStart() < made.Start - TimeSpan.FromDays(days);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // What cannot be read is not known to be ours.
            return false;
        }
    }

    /// <summary>A database of the same name on another server is another database.</summary>
    private static bool IsSameServer(BackupManifest one, BackupManifest other)
        => one.Server?.SystemIdentifier is { Length: > 0 } identifier && identifier == other.Server?.SystemIdentifier
            || (string.Equals(one.Host, other.Host, StringComparison.OrdinalIgnoreCase) && one.Port == other.Port);

    /// <summary>The manifest goes last, so that what a power failure leaves is found again.</summary>
    private static bool Remove(string path, string manifestPath, Action<EngineMessage> observer)
    {
        try
        {
            foreach (string companion in BackupFolder.GlobalsOf(path).Append(path).Append(manifestPath))
            {
                File.Delete(companion);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            observer(new WarningMessage($"The old backup '{path}' could not be removed: {exception.Message}"));
            return false;
        }
    }
}
