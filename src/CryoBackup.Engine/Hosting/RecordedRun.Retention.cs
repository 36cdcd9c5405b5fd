using CryoBackup.Retention;
using CryoBackup.Runs;

namespace CryoBackup.Hosting;

// What becomes of backups that are there already.
public sealed partial class RecordedRun
{
    /// <summary>Removes backups, on record. See <see cref="BackupRemoval.Run"/>.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="approved">Full paths of the backups that may go; null for all.</param>
    /// <param name="observer">Takes warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What became of each.</returns>
    /// <exception cref="CryoBackupException">Nothing could be decided.</exception>
    public IReadOnlyList<RemovalResult> Run(
        RemovalRequest request,
        IReadOnlySet<string>? approved,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(request);
        return Record(
            request,
            request.Folder,
            null,
            null,
            () => BackupRemoval.Run(request, approved, Watch(observer), cancellationToken),
            Add
        );
    }

    /// <summary>Puts or takes off a hold, on record. See <see cref="BackupHold"/>.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="isPut">True to hold the backup, false to let go of it.</param>
    /// <param name="observer">Takes warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The backup, as it is held then.</returns>
    /// <exception cref="CryoBackupException">It is held as before.</exception>
    public BackupInfo Run(HoldRequest request, bool isPut, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return Record(
            request,
            request.Path,
            null,
            null,
            () =>
                isPut
                    ? BackupHold.Put(request, Watch(observer), cancellationToken)
                    : BackupHold.Take(request, Watch(observer), cancellationToken),
            AddHeld
        );
    }

    /// <summary>Takes what became of backups that were, or should have been, removed.</summary>
    /// <param name="results">What Remove returned.</param>
    internal void Add(IReadOnlyList<RemovalResult> results)
    {
        lock (_gate)
        {
            _run.Removals.AddRange(results);
        }

        foreach (RunItem item in RunItem.Of(results))
        {
            Take(item);
            _log?.Decided(item);
        }
    }

    /// <summary>Takes a backup that is held, or let go of.</summary>
    /// <param name="backup">What Protect or Unprotect returned.</param>
    internal void AddHeld(BackupInfo backup)
    {
        var item = RunItem.OfHold(backup);
        Take(item);
        _log?.Decided(item);
    }
}
