using CryoBackup.Backup;
using CryoBackup.Verification;

namespace CryoBackup.Hosting;

/// <summary>What a run is about to do and has not begun. May be used on several threads at once.</summary>
internal sealed class ExpectedWork
{
    private readonly Dictionary<object, (string Thing, string? Database)> _waiting = new(ReferenceEqualityComparer.Instance);

    /// <summary>Takes a request that is to be worked on.</summary>
    /// <param name="request">The request.</param>
    public void Add(object request)
    {
        lock (_waiting)
        {
            _waiting[request] = request switch
            {
                BackupRequest backup => (backup.Database, null),
                VerificationTask verification => (verification.Request.Path, verification.Database),
                _ => throw new ArgumentException("It is neither a backup nor a verification.", nameof(request)),
            };
        }
    }

    /// <summary>Lets a request go, because it is worked on or was declined.</summary>
    /// <param name="request">The request; one that was never taken is ignored.</param>
    public void Remove(object request)
    {
        lock (_waiting)
        {
            _waiting.Remove(request);
        }
    }

    /// <summary>Gives what is left, with the error that it is, and forgets it.</summary>
    /// <returns>The database to back up or the path to verify; the database that a folder was asked for; the error.</returns>
    public IReadOnlyList<(string Thing, string? Database, CryoBackupException Failure)> TakeMissed()
    {
        lock (_waiting)
        {
            (string, string?, CryoBackupException)[] missed =
            [
                .. _waiting.Values.Select(work => (work.Thing, work.Database, Missed(work.Thing))),
            ];
            _waiting.Clear();
            return missed;
        }
    }

    private static CryoBackupException Missed(string thing) =>
        new(CryoBackupError.Cancelled, "It was not begun: the run ended before.", thing, "Look at what ended the run, and run it again.");
}
