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
