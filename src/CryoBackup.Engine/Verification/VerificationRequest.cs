using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Verification;

/// <summary>What Test-CryoBackup was asked for.</summary>
public sealed record VerificationRequest
{
    /// <summary>The backup file, or the folder that is asked for one, as a full path of the file system or a location.</summary>
    public string Path { get; init; } = "";

    /// <summary>How a store is reached, where the path is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>Full paths of identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    public IReadOnlyList<string> Identities { get; init; } = [];

    /// <summary>How deep to go.</summary>
    public VerificationLevel Level { get; init; } = VerificationLevel.Content;

    /// <summary>
    /// Which share of the file to read, 1 to 99 percent, at level Hash; null for all. Ranges are chosen by chance among those that the
    /// sampled Tests before have not read, so that after 100 / Sample of them all was read once. What is good of a part is no proof.
    /// </summary>
    public int? Sample { get; init; }

    /// <summary>How old the backup may be, by its manifest's time; null for any age. A promise of this kind is called RPO.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>
    /// The server to rehearse on, where its ComputerName is set: in a scratch database of it. Otherwise a throwaway server is made on this
    /// machine, whatever the environment says.
    /// </summary>
    public ConnectionRequest Connection { get; init; } = new();

    /// <summary>The full path of the folder with the programs (initdb, pg_ctl, postgres) of the throwaway server;
    /// null to look for some of the backup's major version.</summary>
    public string? ServerPath { get; init; }

    /// <summary>
    /// The locale of the scratch database: as the server's machine names it, or icu:name, builtin:name. Null for the source's, or what
    /// means the same on that server.
    /// </summary>
    public string? Locale { get; init; }

    /// <summary>True to leave the throwaway server running, or the scratch database in place;
    /// the result says how to connect and how to remove it.</summary>
    public bool Keep { get; init; }

    /// <summary>True to rehearse even on the server that the backup came from.</summary>
    public bool Force { get; init; }

    /// <summary>True to restore as a superuser what an ordinary role may not create.
    /// The archive's own code then runs without restraint on that server.</summary>
    public bool AllowSuperuser { get; init; }

    /// <summary>How long the restore may take; null for any time. A promise of this kind is called RTO. It is judged,
    /// not enforced.</summary>
    public TimeSpan? MaxRestoreTime { get; init; }

    /// <summary>
    /// How long the proof of one backup may take; null for no limit. Beyond it the verdict is Inconclusive, and all that runs is ended. The
    /// default, a day, is meant for what never ends by itself, such as a function that sleeps.
    /// </summary>
    public TimeSpan? Timeout { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The backup where it lies.</summary>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    internal StoredFile File(Action<EngineMessage> observer) => new(Path, Store, observer);
}
