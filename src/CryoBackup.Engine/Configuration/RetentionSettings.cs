namespace CryoBackup.Configuration;

/// <summary>How long backups are kept: the section <c>retention</c>.</summary>
public sealed record RetentionSettings : Settings
{
    /// <summary>Days; null to keep all.</summary>
    [Setting(
        "Days that backups are kept: after each good backup, older ones of the same database are removed, never the newest three. "
            + "Without it all are kept.",
        Example = "30",
        Minimum = 1,
        Maximum = 36500,
        IsCommon = true
    )]
    public int? FullBackup { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "every backup is a full one, so retention.full_backup is the one that counts")]
    public int? IncrementalBackup { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "files are backed up by another program, such as restic")]
    public int? FileBackup { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "configuration files are kept by another program, such as git")]
    public int? ConfigBackup { get; init; }
}
