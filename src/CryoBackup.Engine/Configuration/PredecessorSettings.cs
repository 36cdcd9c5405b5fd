namespace CryoBackup.Configuration;

/// <summary>The predecessor's section <c>schedules</c>, which nothing here acts on.</summary>
public sealed record ScheduleSettings : Settings
{
    /// <summary>When the predecessor made backups.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? FullBackup { get; init; }

    /// <summary>When the predecessor made incremental backups.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? IncrementalBackup { get; init; }

    /// <summary>When the predecessor copied files.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? FileBackup { get; init; }

    /// <summary>When the predecessor copied configurations.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? ConfigBackup { get; init; }

    /// <summary>When the predecessor verified.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? Verification { get; init; }

    /// <summary>When the predecessor rehearsed restores.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? TestRestore { get; init; }

    /// <summary>When the predecessor removed old backups.</summary>
    [Setting("The predecessor's, in cron's form.", Instead = Scheduler)]
    public string? Retention { get; init; }

    private const string Scheduler = "cron, a systemd timer, Windows' task scheduler or an automation runbook starts CryoBackup";
}

/// <summary>The predecessor's section <c>aws</c>, which must not be enabled.</summary>
public sealed record AwsSettings : Settings
{
    /// <summary>True is refused: an upload that does not take place must not be believed in.</summary>
    [Setting("Must be false: CryoBackup uploads nothing by itself.", Instead = Uploader)]
    public bool Enabled { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", IsSecret = true, Instead = Uploader)]
    public string? AccessKey { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", IsSecret = true, Instead = Uploader)]
    public string? SecretKey { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = Uploader)]
    public string? Region { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = Uploader)]
    public string? Bucket { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = Uploader)]
    public string? Prefix { get; init; }

    private const string Uploader = "rclone copies the folder after the backup";
}
