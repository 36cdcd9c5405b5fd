using System.Text.RegularExpressions;
using CryoBackup.Storage;

namespace CryoBackup.Reports;

/// <summary>The whole backups of one database that lie in one folder, oldest first: what the plots of a report show.</summary>
internal static class BackupHistory
{
    // More points than these, a plot of a page's width does not show.
    private const int Most = 400;

    /// <summary>Reads the manifests of the newest backups; those that cannot be read are left out,
    /// as they are another check's business.</summary>
    /// <param name="folder">A full path.</param>
    /// <param name="database">The database.</param>
    /// <param name="cancellationToken">Ends the reading of manifests.</param>
    /// <returns>At most 400 backups; none where the folder cannot be read.</returns>
    public static IReadOnlyList<BackupInfo> Read(string folder, string database, CancellationToken cancellationToken)
    {
        var form = new Regex("^" + Regex.Escape(BackupFileName.Encode(database)) + @"_\d{8}_\d{6}_", RegexOptions.CultureInvariant);
        string[] manifests;
        try
        {
            manifests =
            [
                .. Directory
                    .EnumerateFiles(folder, "*" + BackupFileName.ManifestSuffix)
                    .Where(path => form.IsMatch(Path.GetFileName(path)))
                    .OrderDescending(StringComparer.Ordinal)
                    .Take(Most),
            ];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return [];
        }

        var backups = new List<BackupInfo>();
        foreach (string path in manifests)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                var manifest = BackupManifest.Read(path);
                BackupInfo backup = BackupCatalog.ToInfo(manifest, BackupFolder.BackupOf(path), path);
                CatalogReader.Set(backup, BackupProof.Of(backup.Path, manifest));
                backups.Add(backup);
            }
            catch (Exception exception) when (exception is CryoBackupException or IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }

        return
        [
            .. backups
                .Where(backup => !backup.Partial && string.Equals(backup.Database, database, StringComparison.Ordinal))
                .OrderBy(backup => backup.Start),
        ];
    }
}
