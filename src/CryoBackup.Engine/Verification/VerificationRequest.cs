using CryoBackup.Postgres;
using CryoBackup.Storage;

namespace CryoBackup.Verification;

/// <summary>What Test-CryoBackup was asked for.</summary>
public sealed class VerificationRequest
{
    /// <summary>The backup file, as a full path of the file system; with <see cref="Database"/>, the folder that is asked.</summary>
    public string Path { get; set; } = "";

    /// <summary>
    /// Null to verify one backup. Otherwise <see cref="Freshness"/> is asked for: whether the folder holds a proven backup of this database
    /// that is not older than <see cref="MaxAge"/>.
    /// </summary>
    public string? Database { get; private set; }

    /// <summary>With <see cref="Database"/>: its backups, newest first.</summary>
    internal IReadOnlyList<KnownBackup> Candidates { get; private set; } = [];

    /// <summary>Why there is nothing to verify, which is a verdict; null where there is something.</summary>
    internal MissingBackups.Absence? Absence { get; private set; }

    /// <summary>Full paths of identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    public IReadOnlyList<string> Identities { get; set; } = [];

    /// <summary>How deep to go.</summary>
    public VerificationLevel Level { get; set; } = VerificationLevel.Content;

    /// <summary>How old the backup may be, by its manifest's time; null for any age. A promise of this kind is called RPO.</summary>
    public TimeSpan? MaxAge { get; set; }

    /// <summary>
    /// The server to rehearse on, where its ComputerName is set: in a scratch database of it. Otherwise a throwaway server is made on this
    /// machine, whatever the environment says.
    /// </summary>
    public ConnectionRequest Connection { get; set; } = new();

    /// <summary>The full path of the folder with the programs (initdb, pg_ctl, postgres) of the throwaway server;
    /// null to look for some of the backup's major version.</summary>
    public string? ServerPath { get; set; }

    /// <summary>True to leave the throwaway server running, or the scratch database in place;
    /// the result says how to connect and how to remove it.</summary>
    public bool Keep { get; set; }

    /// <summary>True to rehearse even on the server that the backup came from.</summary>
    public bool Force { get; set; }

    /// <summary>True to restore as a superuser what an ordinary role may not create.
    /// The archive's own code then runs without restraint on that server.</summary>
    public bool AllowSuperuser { get; set; }

    /// <summary>How long the restore may take; null for any time. A promise of this kind is called RTO. It is judged,
    /// not enforced.</summary>
    public TimeSpan? MaxRestoreTime { get; set; }

    /// <summary>
    /// How long the proof of one backup may take; null for no limit. Beyond it the verdict is Inconclusive, and all that runs is ended. The
    /// default, a day, is meant for what never ends by itself, such as a function that sleeps.
    /// </summary>
    public TimeSpan? Timeout { get; set; } = TimeSpan.FromHours(24);

    /// <summary>For tests: called with the restored database, as its superuser where the server is a throwaway one,
    /// before it is compared.</summary>
    internal Action<ServerEndpoint>? Restored { get; set; }

    /// <summary>The same wishes for another backup.</summary>
    /// <param name="path">Its full path.</param>
    /// <returns>A request of its own, so that several can run at once.</returns>
    public VerificationRequest For(string path)
    {
        var other = (VerificationRequest)MemberwiseClone();
        (other.Path, other.Database, other.Candidates, other.Absence) = (path, null, [], null);
        return other;
    }

    /// <summary>The same wishes for the freshness of a database.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <param name="database">The database.</param>
    /// <param name="candidates">Its backups, newest first.</param>
    internal VerificationRequest ForFreshness(string folder, string database, IReadOnlyList<KnownBackup> candidates)
    {
        VerificationRequest other = For(folder);
        (other.Database, other.Candidates) = (database, candidates);
        return other;
    }

    /// <summary>A request for what is not there.</summary>
    /// <param name="folder">The folder's full path.</param>
    /// <param name="database">The database that was asked for; empty where none was named.</param>
    /// <param name="absence">Why.</param>
    internal VerificationRequest ForMissing(string folder, string database, MissingBackups.Absence absence)
    {
        VerificationRequest other = For(folder);
        (other.Database, other.Absence) = (database, absence);
        return other;
    }
}
