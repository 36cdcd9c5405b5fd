using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Retention;

/// <summary>
/// What is kept. Each rule keeps what it names, and what any rule keeps stays. Only complete backups of the whole database that are proven
/// and not degraded count; see <see cref="RetentionPolicy"/> for the rest.
/// </summary>
public sealed record RetentionRules
{
    /// <summary>The most that a rule may count.</summary>
    public const int Most = 100_000;

    /// <summary>How many of the newest; null for no such rule.</summary>
    public int? KeepLast { get; init; }

    /// <summary>Of how many hours that hold a backup the newest; null for no such rule.</summary>
    public int? KeepHourly { get; init; }

    /// <summary>Of how many days that hold a backup the newest; null for no such rule.</summary>
    public int? KeepDaily { get; init; }

    /// <summary>Of how many weeks that hold a backup the newest; null for no such rule.</summary>
    public int? KeepWeekly { get; init; }

    /// <summary>Of how many months that hold a backup the newest; null for no such rule.</summary>
    public int? KeepMonthly { get; init; }

    /// <summary>Of how many years that hold a backup the newest; null for no such rule.</summary>
    public int? KeepYearly { get; init; }

    /// <summary>How many of the newest that came back in a rehearsal; null for no such rule.</summary>
    public int? KeepRehearsed { get; init; }

    /// <summary>All that are no older than this, counted from the newest proven one; null for no such rule.</summary>
    public TimeSpan? KeepWithin { get; init; }

    /// <summary>Nothing that is younger than this is removed, proven or not, counted as <see cref="KeepWithin"/>; null for no such rule.
    /// </summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>The time zone whose hours, days, weeks, months and years are meant, by its IANA name.</summary>
    public string TimeZone { get; init; } = "UTC";

    /// <summary>The day that a week begins with. With Monday weeks are those of ISO 8601.</summary>
    public DayOfWeek FirstDayOfWeek { get; init; } = DayOfWeek.Monday;

    /// <summary>True if nothing says what is kept.</summary>
    public bool IsEmpty => Counts.All(rule => rule.Count is null) && KeepWithin is null && OlderThan is null;

    /// <summary>Every rule that counts, with the name of its parameter.</summary>
    internal IReadOnlyList<(string Name, int? Count)> Counts =>
        [
            (nameof(KeepLast), KeepLast),
            (nameof(KeepHourly), KeepHourly),
            (nameof(KeepDaily), KeepDaily),
            (nameof(KeepWeekly), KeepWeekly),
            (nameof(KeepMonthly), KeepMonthly),
            (nameof(KeepYearly), KeepYearly),
            (nameof(KeepRehearsed), KeepRehearsed),
        ];

    /// <summary>The rules in words: <c>daily 14, monthly 12, within 30d</c>.</summary>
    public override string ToString()
    {
        IEnumerable<string> counts = Counts
            .Where(rule => rule.Count > 0)
            .Select(rule => string.Create(CultureInfo.InvariantCulture, $"{rule.Name["Keep".Length..].ToLowerInvariant()} {rule.Count}"));
        string[] spans =
        [
            .. KeepWithin is { } within ? [$"within {DurationText.Of(within)}"] : Array.Empty<string>(),
            .. OlderThan is { } age ? [$"not older than {DurationText.Of(age)}"] : Array.Empty<string>(),
        ];
        return string.Join(", ", counts.Concat(spans));
    }

    /// <summary>Refuses rules that say nothing, or nothing that makes sense.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid.</exception>
    internal void Check()
    {
        if (IsEmpty)
        {
            throw Invalid(
                "Nothing says what is to be kept, and nothing is removed.",
                "KeepLast",
                "Give a rule, for instance -KeepDaily 14."
            );
        }

        foreach ((string name, int? count) in Counts)
        {
            if (count is < 0 or > Most)
            {
                throw Invalid($"-{name} {count} keeps nothing that can be counted.", name, $"Give a number from 0 to {Most}.");
            }
        }

        if (KeepWithin < TimeSpan.Zero || OlderThan < TimeSpan.Zero)
        {
            throw Invalid("A length of time is negative.", nameof(KeepWithin), $"Give one such as {DurationText.Forms}.");
        }

        if (Counts.All(rule => rule.Count is null or 0) && KeepWithin is null && OlderThan is null)
        {
            throw Invalid("Rules that keep nothing are no rules.", nameof(KeepLast), "Give a number of at least 1 to one of them.");
        }

        _ = Zone();
    }

    /// <summary>The time zone.</summary>
    /// <exception cref="CryoBackupException">ConfigurationInvalid: there is none of this name.</exception>
    internal TimeZoneInfo Zone()
    {
        try
        {
            return TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        }
        catch (Exception exception) when (exception is TimeZoneNotFoundException or InvalidTimeZoneException or IOException)
        {
            throw new CryoBackupException(
                CryoBackupError.ConfigurationInvalid,
                $"This machine knows no time zone '{VisibleText.Of(TimeZone)}'.",
                nameof(TimeZone),
                "Give an IANA name, such as Europe/Berlin or UTC; on Linux the package tzdata has them.",
                inner: exception
            );
        }
    }

    private static CryoBackupException Invalid(string message, string target, string remedy) =>
        new(CryoBackupError.ConfigurationInvalid, message, target, remedy);
}
