namespace CryoBackup.Configuration;

/// <summary>What is written about verifications, restores, removals and holds: the section <c>reports</c>.
/// Reports are written whenever a configuration is used.</summary>
public sealed record ReportSettings : Settings
{
    /// <summary>Whether reports are written.</summary>
    [Setting("Whether reports are written; true unless said otherwise.", Example = "true")]
    public bool Enabled { get; init; } = true;

    /// <summary>The folder of verification reports, as a full path.</summary>
    [Setting(
        "The folder of verification reports; reports/backup_verification unless said otherwise.",
        Example = "reports/backup_verification",
        IsPath = true
    )]
    public string VerificationDir { get; init; } = "reports/backup_verification";

    /// <summary>The folder of restore reports, as a full path.</summary>
    [Setting(
        "The folder of restore reports; reports/database_restore unless said otherwise.",
        Example = "reports/database_restore",
        IsPath = true
    )]
    public string RestoreDir { get; init; } = "reports/database_restore";

    /// <summary>The folder of reports of removals and holds, as a full path.</summary>
    [Setting(
        "The folder of reports of removals and holds; reports/backup_removal unless said otherwise.",
        Example = "reports/backup_removal",
        IsPath = true
    )]
    public string RemovalDir { get; init; } = "reports/backup_removal";

    /// <summary>Whether each report is written as a page too.</summary>
    [Setting("Whether each report is written as one HTML page too; false unless said otherwise.", Example = "false")]
    public bool Html { get; init; }
}
