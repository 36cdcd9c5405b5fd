namespace CryoBackup;

/// <summary>The backups of a folder.</summary>
public static class BackupCatalog
{
    /// <summary>Lists the backups whose manifest is in the folder, newest first.</summary>
    /// <param name="folder">A full path of the file system.</param>
    /// <param name="databases">Only backups of these databases (wildcards * and ?); null or empty for all.</param>
    /// <param name="latest">True for only the newest of each database.</param>
    /// <param name="observer">Takes warnings about manifests that cannot be read.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>One object a backup.</returns>
    /// <exception cref="CryoBackupException">BackupNotFound if there is no such folder.</exception>
    public static IEnumerable<BackupInfo> Find(
        string folder, IReadOnlyList<string>? databases, bool latest, Action<EngineMessage> observer, CancellationToken cancellationToken)
        => throw new NotImplementedException();
}
