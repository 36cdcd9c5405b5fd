namespace CryoBackup.Runs;

/// <summary>How a run, or one thing that it worked on, ended.</summary>
internal enum RunState
{
    /// <summary>Good, and nothing was unexpected.</summary>
    Success,

    /// <summary>Good, but something was unexpected; or a verification was inconclusive.</summary>
    Warning,

    /// <summary>Failed.</summary>
    Failure,
}
