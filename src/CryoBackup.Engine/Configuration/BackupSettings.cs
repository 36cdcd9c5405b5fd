namespace CryoBackup.Configuration;

/// <summary>What goes into a backup and how long it may take: the section <c>backup</c>,
/// which bears the parameters of New-CryoBackup.</summary>
public record BackupSettings : Settings
{
    /// <summary>Only these schemas.</summary>
    [Setting("Only these schemas: names, or patterns with * and ?.", Example = "[public]")]
    public IReadOnlyList<string>? IncludeSchema { get; init; }

    /// <summary>Not these schemas.</summary>
    [Setting("Not these schemas.", Example = "[scratch]")]
    public IReadOnlyList<string>? ExcludeSchema { get; init; }

    /// <summary>Only these tables.</summary>
    [Setting("Only these tables: name or schema.name, or patterns.", Example = "[public.orders]")]
    public IReadOnlyList<string>? IncludeTable { get; init; }

    /// <summary>Not these tables.</summary>
    [Setting("Not these tables.", Example = "[\"*_tmp\"]")]
    public IReadOnlyList<string>? ExcludeTable { get; init; }

    /// <summary>These tables without their rows.</summary>
    [Setting("These tables without their rows.", Example = "[sessions]")]
    public IReadOnlyList<string>? ExcludeTableData { get; init; }

    /// <summary>Whether roles and tablespaces are written too.</summary>
    [Setting("Whether the cluster's roles and tablespaces are written beside the backup.", Example = "true")]
    public bool? IncludeGlobals { get; init; }

    /// <summary>Words kept in the manifest.</summary>
    [Setting("Words that are kept in the manifest, unless the backup is encrypted.", Example = "nightly")]
    public string? Label { get; init; }

    /// <summary>Whether the count of rows is left out.</summary>
    [Setting("Whether the count of every table's rows is left out; for very large databases.", Example = "false")]
    public bool? SkipRowCount { get; init; }

    /// <summary>Whether a folder that seems too small is tried.</summary>
    [Setting("Whether to begin also where the folder seems to have too little space, which is an estimate.", Example = "false")]
    public bool? SkipSpaceCheck { get; init; }

    /// <summary>By how many percent tables may shrink.</summary>
    [Setting(
        "By how many percent the rows of a table over 1,000 rows may be fewer than in the newest proven backup before the new one counts "
            + "as degraded; 50 unless said otherwise, 100 permits everything.",
        Example = "50",
        Minimum = 0,
        Maximum = 100
    )]
    public int? MaxShrink { get; init; }

    /// <summary>How many sessions read rows at once.</summary>
    [Setting(
        "How many sessions read the rows of large tables at once, under one snapshot; 1 is pg_dump alone. Unless said otherwise as many as "
            + "there are cores and large tables have work for, at most 8. With fewer free on the server it takes those.",
        Example = "4",
        Minimum = 1,
        Maximum = 64
    )]
    public int? Jobs { get; init; }

    /// <summary>How long to wait for a table's lock.</summary>
    [Setting("How long to wait for a table's lock; 30s unless said otherwise.", Example = "30s")]
    public TimeSpan? LockTimeout { get; init; }

    /// <summary>How long each backup may take.</summary>
    [Setting("How long each backup may take; no limit unless said otherwise.", Example = "4h")]
    public TimeSpan? Timeout { get; init; }

    /// <summary>How long pg_dump may be silent.</summary>
    [Setting("How long pg_dump may be silent; 10m unless said otherwise.", Example = "10m")]
    public TimeSpan? StallTimeout { get; init; }
}
