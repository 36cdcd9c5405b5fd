using System.Globalization;
using CryoBackup.Processes;

namespace CryoBackup.Restore;

/// <summary>The verb Restore: brings a backup back, and compares what came back with what was saved.</summary>
internal static class BackupRestorer
{
    /// <summary>Restores a backup. Blocks until it is restored and compared, or has failed.</summary>
    /// <param name="request">Which file, what of it, and where to.</param>
    /// <param name="observer">Takes progress, warnings and verbose messages, on any thread.</param>
    /// <param name="cancellationToken">Ends pg_restore and its sessions.</param>
    /// <returns>What was done, or with PlanOnly what would be done.</returns>
    /// <exception cref="CryoBackupException">The backup was not restored; the message says in which state the target is.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static RestoreResult Run(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        CheckWishes(request);
        using var steps = new StepProgress(
            $"Restoring '{request.TargetDatabase}'",
            request.PlanOnly ? ["proving the file"] : ["proving the file", "restoring", "comparing"],
            observer
        );
        using var limits = new RunLimits(request.Timeout, cancellationToken);
        try
        {
            return new Restoration(request, steps.Observe, limits).RunAsync().GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            // What a limit or the user ended fails in many ways; the cause is the one to tell, with the target's state where it is known.
            if (
                exception is not CryoBackupException { Error: CryoBackupError.Cancelled or CryoBackupError.LockTimeout }
                && limits.Reason() is { } reason
            )
            {
                throw reason;
            }

            if (exception is CryoBackupException or OperationCanceledException)
            {
                throw;
            }

            if (exception is IOException { InnerException: CryoBackupException known })
            {
                throw known;
            }

            throw new CryoBackupException(
                CryoBackupError.RestoreFailed,
                $"The restore of '{request.Path}' failed: {exception.Message}",
                request.Path,
                inner: exception
            );
        }
    }

    private static void CheckWishes(RestoreRequest request)
    {
        if (request.TargetDatabase.Length == 0)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                "No target database is named.",
                "TargetDatabase",
                "Name the database to restore into."
            );
        }

        if (request.Jobs < 1)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                string.Create(CultureInfo.InvariantCulture, $"{request.Jobs} jobs restore nothing."),
                "Jobs",
                "Give a number of at least 1."
            );
        }
    }
}
