using CryoBackup.Retention;

namespace CryoBackup.Configuration;

/// <summary>How long backups are kept: the section <c>retention</c>.</summary>
public sealed record RetentionSettings : Settings
{
    /// <summary>Days; null for no such rule.</summary>
    [Setting(
        "Days that backups are kept, as keep_within; and the newest three at least. After each good backup older ones of the same database "
            + "go. Without any rule all are kept.",
        Example = "30",
        Minimum = 1,
        Maximum = 36500,
        IsCommon = true
    )]
    public int? FullBackup { get; init; }

    /// <summary>How many of the newest proven backups are kept; null for no such rule.</summary>
    [Setting("How many of the newest proven backups are kept.", Example = "7", Minimum = 0, Maximum = RetentionRules.Most)]
    public int? KeepLast { get; init; }

    /// <summary>Of how many hours that hold a proven backup the newest is kept; null for no such rule.</summary>
    [Setting("Of how many hours that hold a proven backup the newest is kept.", Example = "24", Minimum = 0, Maximum = RetentionRules.Most)]
    public int? KeepHourly { get; init; }

    /// <summary>Of how many days that hold a proven backup the newest is kept; null for no such rule.</summary>
    [Setting("Of how many days that hold a proven backup the newest is kept.", Example = "14", Minimum = 0, Maximum = RetentionRules.Most)]
    public int? KeepDaily { get; init; }

    /// <summary>Of how many weeks that hold a proven backup the newest is kept; null for no such rule.</summary>
    [Setting("Of how many weeks that hold a proven backup the newest is kept.", Example = "8", Minimum = 0, Maximum = RetentionRules.Most)]
    public int? KeepWeekly { get; init; }

    /// <summary>Of how many months that hold a proven backup the newest is kept; null for no such rule.</summary>
    [Setting(
        "Of how many months that hold a proven backup the newest is kept.",
        Example = "12",
        Minimum = 0,
        Maximum = RetentionRules.Most
    )]
    public int? KeepMonthly { get; init; }

    /// <summary>Of how many years that hold a proven backup the newest is kept; null for no such rule.</summary>
    [Setting("Of how many years that hold a proven backup the newest is kept.", Example = "7", Minimum = 0, Maximum = RetentionRules.Most)]
    public int? KeepYearly { get; init; }

    /// <summary>How many of the newest backups that came back in a rehearsal are kept; null for no such rule.</summary>
    [Setting(
        "How many of the newest backups that came back in a rehearsal are kept.",
        Example = "3",
        Minimum = 0,
        Maximum = RetentionRules.Most
    )]
    public int? KeepRehearsed { get; init; }

    /// <summary>How old backups may become, counted from the newest proven one; null for no such rule.</summary>
    [Setting("How old backups may become, counted from the newest proven one.", Example = "30d")]
    public TimeSpan? KeepWithin { get; init; }

    /// <summary>The time zone of the hours, days, weeks, months and years.</summary>
    [Setting(
        "The time zone of these hours, days, weeks, months and years, by its IANA name; UTC unless said otherwise.",
        Example = "Europe/Berlin"
    )]
    public string? TimeZone { get; init; }

    /// <summary>The day that a week begins with.</summary>
    [Setting("The day that a week begins with; monday unless said otherwise.", Example = "monday")]
    public DayOfWeek? FirstDayOfWeek { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "every backup is a full one, so retention.full_backup is the one that counts")]
    public int? IncrementalBackup { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "files are backed up by another program, such as restic")]
    public int? FileBackup { get; init; }

    /// <summary>The predecessor's; not used.</summary>
    [Setting("The predecessor's.", Instead = "configuration files are kept by another program, such as git")]
    public int? ConfigBackup { get; init; }

    /// <summary>The rules; null where nothing is said.</summary>
    internal RetentionRules? Rules
    {
        get
        {
            // The predecessor's key has always kept the newest three.
            const int Least = 3;
            var rules = new RetentionRules
            {
                KeepLast = FullBackup is null ? KeepLast : Math.Max(Least, KeepLast ?? 0),
                KeepHourly = KeepHourly,
                KeepDaily = KeepDaily,
                KeepWeekly = KeepWeekly,
                KeepMonthly = KeepMonthly,
                KeepYearly = KeepYearly,
                KeepRehearsed = KeepRehearsed,
                KeepWithin = KeepWithin ?? (FullBackup is { } days ? TimeSpan.FromDays(days) : null),
                TimeZone = TimeZone ?? "UTC",
                FirstDayOfWeek = FirstDayOfWeek ?? DayOfWeek.Monday,
            };
            return rules.IsEmpty ? null : rules;
        }
    }
}
