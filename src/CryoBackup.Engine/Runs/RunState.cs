namespace CryoBackup.Runs;

/// <summary>What kind of work a run does.</summary>
public enum RunVerb
{
    /// <summary>Databases are backed up.</summary>
    Backup,

    /// <summary>Backups are verified.</summary>
    Verification,

    /// <summary>A backup is restored.</summary>
    Restore,

    /// <summary>Nothing is done: the channels of notification are tried.</summary>
    Trial,
}

/// <summary>How a run, or one thing that it worked on, ended.</summary>
public enum RunState
{
    /// <summary>Good, and nothing was unexpected.</summary>
    Success,

    /// <summary>Good, but something was unexpected; or a verification was inconclusive.</summary>
    Warning,

    /// <summary>Failed.</summary>
    Failure,
}
