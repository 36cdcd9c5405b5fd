using System.Globalization;

namespace CryoBackup.Storage;

/// <summary>
/// Removes old backups of a database after a new one was made. What is not known for certain to be an older whole backup of the same
/// database of the same server stays, and so do the newest three and the newest proven one, whatever their age and whatever the clock says.
/// </summary>
internal static class Retention
{
    private const int Least = 3;

    /// <summary>
    /// Removes the backups of the new one's database and server that are older than so many days, counted from the newest that was there
    /// before. To be called while the folder's lock is held. What could not be removed, and why none was, is a warning.
    /// </summary>
    /// <param name="made">The new backup.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="days">Days, at least 1.</param>
    /// <param name="observer">Learns what was removed.</param>
    /// <returns>Full paths of the backups removed.</returns>
    public static IReadOnlyList<string> Apply(BackupInfo made, BackupManifest manifest, int days, Action<EngineMessage> observer)
    {
        if (manifest.IsPartial)
        {
            observer(
                new WarningMessage(
                    $"No older backup of '{made.Database}' was removed: the new one holds only a selection, and replaces none."
                )
            );
            return [];
        }

        if (manifest.Server?.SystemIdentifier is not { Length: > 0 } server)
        {
            observer(
                new WarningMessage(
                    $"No older backup of '{made.Database}' was removed: the role may not read the server's system identifier, without "
                        + "which nobody knows whose they are. Let it execute pg_control_system()."
                )
            );
            return [];
        }

        string folder = Path.GetDirectoryName(made.Path)!;
        var removed = new List<string>();
        try
        {
            IEnumerable<Kept> all = Directory
                .GetFiles(folder, "*" + BackupFileName.ManifestSuffix)
                .Select(path => Read(path, made, server))
                .OfType<Kept>();
            foreach (Kept old in Choose([.. all], made.Path, TimeSpan.FromDays(days)))
            {
                if (Remove(old.Path, observer))
                {
                    removed.Add(old.Path);
                    observer(
                        new VerboseMessage(
                            string.Create(CultureInfo.InvariantCulture, $"Removed '{old.Path}', which was older than {days} days.")
                        )
                    );
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            observer(new WarningMessage($"Old backups in '{folder}' could not be removed: {exception.Message}"));
        }

        return removed;
    }

    /// <summary>Decides, and touches nothing.</summary>
    /// <param name="all">Every whole backup of one database of one server, the new one too.</param>
    /// <param name="made">The new one's path.</param>
    /// <param name="age">How old one may be.</param>
    /// <returns>Those to remove, oldest first.</returns>
    internal static IReadOnlyList<Kept> Choose(IReadOnlyList<Kept> all, string made, TimeSpan age)
    {
        Kept[] newestFirst =
        [
            .. all.OrderByDescending(backup => backup.Start).ThenByDescending(backup => backup.Path, StringComparer.Ordinal),
        ];
        if (Array.Find(newestFirst, backup => backup.Path != made) is not { } before)
        {
            return [];
        }

        // Not from now: after a pause all would be old at once. And not from what a clock that ran ahead has stamped.
        DateTime newest =
            Array.Find(newestFirst, backup => backup.Path == made) is { } own && own.Start < before.Start ? own.Start : before.Start;
        HashSet<string> kept = [made, .. newestFirst.Take(Least).Select(backup => backup.Path)];
        if (Array.Find(newestFirst, backup => backup.IsProven) is { } proven)
        {
            kept.Add(proven.Path);
        }

        return [.. newestFirst.Where(backup => !kept.Contains(backup.Path) && newest - backup.Start > age).Reverse()];
    }

    /// <summary>A manifest that tells of a whole backup, still there, of the new one's database and server; null for any other.</summary>
    private static Kept? Read(string manifestPath, BackupInfo made, string server)
    {
        string path = BackupFolder.BackupOf(manifestPath);
        try
        {
            var other = BackupManifest.Read(manifestPath);
            DateTime start = other.ReadStart();
            bool isOurs =
                string.Equals(other.Database, made.Database, StringComparison.Ordinal)
                && string.Equals(other.BackupFile, Path.GetFileName(path), StringComparison.Ordinal)
                && !other.IsPartial
                && string.Equals(other.Server?.SystemIdentifier, server, StringComparison.Ordinal);
            var file = new FileInfo(path);

            // Proven, as far as New itself can prove: it has counted every table's rows in the dump's snapshot
            // and found as many in the archive.
            return isOurs && start > DateTime.MinValue && file.Exists
                ? new Kept(path, start, IsProven: other.RowsCounted == true && file.Length == other.SizeBytes)
                : null;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // What cannot be read is not known to be ours.
            return null;
        }
    }

    /// <summary>The manifest goes last, so that what a power failure leaves is found again.</summary>
    private static bool Remove(string path, Action<EngineMessage> observer)
    {
        try
        {
            foreach (string companion in BackupFolder.GlobalsOf(path).Append(path).Append(path + BackupFileName.ManifestSuffix))
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

    /// <summary>A backup that retention may decide on.</summary>
    /// <param name="Path">The file's full path.</param>
    /// <param name="Start">When it began, in UTC.</param>
    /// <param name="IsProven">True if it is proven.</param>
    internal sealed record Kept(string Path, DateTime Start, bool IsProven);
}
