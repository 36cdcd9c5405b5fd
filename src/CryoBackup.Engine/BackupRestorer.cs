namespace CryoBackup;

/// <summary>The verb Restore: brings a backup back, and compares what came back with what was saved.</summary>
public static class BackupRestorer
{
    /// <summary>Restores a backup. Blocks until it is restored and compared, or has failed.</summary>
    /// <param name="request">Which file, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends pg_restore and its sessions.</param>
    /// <returns>What was done, or with PlanOnly what would be done.</returns>
    /// <exception cref="CryoBackupException">The backup was not restored; the message says in which state the target is.</exception>
    public static RestoreResult Run(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken) => throw new NotImplementedException();
}
