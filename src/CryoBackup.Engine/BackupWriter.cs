namespace CryoBackup;

/// <summary>The verb New: dumps a database into a file that carries its own proof.</summary>
public static class BackupWriter
{
    /// <summary>Makes a backup. Blocks until it is published or has failed; nothing is left behind on failure.</summary>
    /// <param name="request">What to back up, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends pg_dump, its sessions and the partial file.</param>
    /// <returns>The backup as it lies on disk.</returns>
    /// <exception cref="CryoBackupException">The backup was not made.</exception>
    public static BackupInfo Run(BackupRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) => throw new NotImplementedException();
}
