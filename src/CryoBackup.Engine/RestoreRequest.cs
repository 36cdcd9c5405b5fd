using CryoBackup.Postgres;

namespace CryoBackup;

/// <summary>What Restore-CryoBackup was asked for.</summary>
public sealed class RestoreRequest
{
    /// <summary>The server to restore to.</summary>
    public ConnectionRequest Connection { get; set; } = new();

    /// <summary>The backup file, as a full path of the file system.</summary>
    public string Path { get; set; } = "";

    /// <summary>The database to restore into.</summary>
    public string TargetDatabase { get; set; } = "";

    /// <summary>True to create the database, from template0 with the source's encoding and locale.</summary>
    public bool Create { get; set; }

    /// <summary>True to leave every object to the restoring role instead of its recorded owner.</summary>
    public bool NoOwner { get; set; }

    /// <summary>True to leave out GRANT and REVOKE.</summary>
    public bool NoPrivileges { get; set; }

    /// <summary>True to return what would be done, and change nothing.</summary>
    public bool PlanOnly { get; set; }

    /// <summary>How many sessions pg_restore uses at once; more than one spools the archive to a private temporary file.</summary>
    public int Jobs { get; set; } = 1;

    /// <summary>How long the whole restore may take; null for no limit.</summary>
    public TimeSpan? Timeout { get; set; }
}
