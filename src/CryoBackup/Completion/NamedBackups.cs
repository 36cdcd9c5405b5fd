using System.Collections;
using System.Management.Automation;
using CryoBackup.Storage;

namespace CryoBackup.Completion;

/// <summary>The backups that the command line names so far; none if they cannot be read.</summary>
internal static class NamedBackups
{
    /// <summary>Finds them.</summary>
    /// <param name="bound">The parameters typed so far.</param>
    /// <param name="withDatabase">True to keep to the backups of -Database where it was typed.</param>
    /// <returns>The one backup file that is named, or those of the folder that is, newest first.</returns>
    internal static IReadOnlyList<BackupInfo> Find(IDictionary bound, bool withDatabase)
    {
        try
        {
            string path = FullPath(Completion.Bound(bound, "LiteralPath", "Path") ?? ".");
            string? database = withDatabase ? Completion.Bound(bound, "Database") : null;
            bool isFolder = Directory.Exists(path);
            BackupInfo[] backups =
            [
                .. BackupCatalog.Find(
                    isFolder ? path : Path.GetDirectoryName(path)!,
                    database is null ? null : [database],
                    latest: false,
                    _ => { },
                    CancellationToken.None
                ),
            ];
            return isFolder ? backups : [.. backups.Where(backup => string.Equals(backup.Path, path, StringComparison.Ordinal))];
        }
        catch (Exception exception)
            when (exception is CryoBackupException or IOException or UnauthorizedAccessException or RuntimeException or ArgumentException)
        {
            return [];
        }
    }

    /// <summary>The path of a file or folder as the engine knows it; a path that leads nowhere as it is.</summary>
    internal static string FullPath(string path)
    {
        using var shell = PowerShell.Create(RunspaceMode.CurrentRunspace);
        return shell
                .AddCommand("Convert-Path")
                .AddParameter("LiteralPath", path)
                .AddParameter("ErrorAction", ActionPreference.Ignore)
                .Invoke<string>()
                .FirstOrDefault()
            ?? path;
    }
}
