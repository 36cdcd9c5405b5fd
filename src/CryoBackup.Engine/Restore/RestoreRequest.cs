using CryoBackup.Postgres;
using CryoBackup.Storage;
using CryoBackup.Stores;

namespace CryoBackup.Restore;

/// <summary>What Restore-CryoBackup was asked for.</summary>
public sealed record RestoreRequest
{
    /// <summary>The server to restore to.</summary>
    public ConnectionRequest Connection { get; init; } = new();

    /// <summary>The backup file, as a full path of the file system, or a location.</summary>
    public string Path { get; init; } = "";

    /// <summary>How a store is reached, where the path is a location: what that does not say.</summary>
    public StoreOptions Store { get; init; } = new();

    /// <summary>Full paths of identity files or SSH private keys, any of which may open an encrypted backup.</summary>
    public IReadOnlyList<string> Identities { get; init; } = [];

    /// <summary>The database to restore into.</summary>
    public string TargetDatabase { get; init; } = "";

    /// <summary>Only these schemas, with everything that belongs to them: exact names, or patterns with * and ?; empty for all.</summary>
    public IReadOnlyList<string> Schema { get; init; } = [];

    /// <summary>Only these tables, with everything that belongs to them: <c>name</c> or <c>schema.name</c>, exact or patterns;
    /// empty for all.</summary>
    public IReadOnlyList<string> Table { get; init; } = [];

    /// <summary>True to create the database, from template0 with the source's encoding and locale.</summary>
    public bool Create { get; init; }

    /// <summary>
    /// The locale of the database that is created (<see cref="Create"/>, <see cref="Swap"/>): as the server's machine names it, or
    /// icu:name, builtin:name. Null for the source's, or what means the same on that server.
    /// </summary>
    public string? Locale { get; init; }

    /// <summary>True to drop the backup's objects first, in one transaction with the restore: all or nothing.</summary>
    public bool Clean { get; init; }

    /// <summary>True to restore beside the database, compare, and then exchange the two by name;
    /// the old one is kept under another.</summary>
    public bool Swap { get; init; }

    /// <summary>True to restore definitions without rows.</summary>
    public bool SchemaOnly { get; init; }

    /// <summary>True to restore rows into tables that are there and empty.</summary>
    public bool DataOnly { get; init; }

    /// <summary>True to leave every object to the restoring role instead of its recorded owner.</summary>
    public bool NoOwner { get; init; }

    /// <summary>True to leave out GRANT and REVOKE.</summary>
    public bool NoPrivileges { get; init; }

    /// <summary>True to create the roles that the backup needs and the server lacks, from the backup's globals.</summary>
    public bool IncludeGlobals { get; init; }

    /// <summary>True to restore without verifying the file first; only with <see cref="Force"/>.</summary>
    public bool SkipVerification { get; init; }

    /// <summary>
    /// True to read the whole content before the first change even where the file is the one that was proven when it was written. Else
    /// such a file's hash suffices; its content is compared with what is recorded as it flows to the server.
    /// </summary>
    public bool VerifyContent { get; init; }

    /// <summary>True to return what would be done, and change nothing.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>True to tell the SQL of a plan as well.</summary>
    public bool Script { get; init; }

    /// <summary>How long to wait for a lock in a database that is there already; others who come later wait behind it.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True to end the sessions of the database that is swapped out, and to permit what is otherwise refused.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// How many sessions restore at once: they share the rows, and build indexes. Null for as many as there are cores where the database
    /// is new, else one.
    /// </summary>
    public int? Jobs { get; init; }

    /// <summary>How long the whole restore may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>The backup where it lies.</summary>
    /// <param name="observer">Learns of faults of a store that were passed over.</param>
    internal StoredFile File(Action<EngineMessage> observer) => new(Path, Store, observer);
}
