using System.Globalization;

namespace CryoBackup.Retention;

/// <summary>The hours, days, weeks, months and years of a time zone, as people there count them.</summary>
/// <param name="zone">The time zone.</param>
/// <param name="firstDayOfWeek">The day that a week begins with.</param>
internal sealed class RetentionSlots(TimeZoneInfo zone, DayOfWeek firstDayOfWeek)
{
    /// <summary>The hour. The one that comes twice when the clocks are set back is two: the offset tells them apart.</summary>
    /// <param name="time">A time in UTC.</param>
    public string Hour(DateTime time)
    {
        TimeSpan offset = zone.GetUtcOffset(time);
        string sign = offset < TimeSpan.Zero ? "-" : "+";
        return string.Create(CultureInfo.InvariantCulture, $@"{Local(time):yyyy-MM-dd HH}:00 {sign}{offset:hh\:mm}");
    }

    /// <summary>The day.</summary>
    /// <param name="time">A time in UTC.</param>
    public string Day(DateTime time) => Local(time).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    /// <summary>The week: of ISO 8601 where it begins on Monday, else by its first day.</summary>
    /// <param name="time">A time in UTC.</param>
    public string Week(DateTime time)
    {
        DateTime day = Local(time).Date;
        if (firstDayOfWeek == DayOfWeek.Monday)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{ISOWeek.GetYear(day):0000}-W{ISOWeek.GetWeekOfYear(day):00}");
        }

        int behind = ((int)day.DayOfWeek - (int)firstDayOfWeek + 7) % 7;
        DateTime first = (day - DateTime.MinValue).Days < behind ? DateTime.MinValue : day.AddDays(-behind);
        return string.Create(CultureInfo.InvariantCulture, $"the week of {first:yyyy-MM-dd}");
    }

    /// <summary>The month.</summary>
    /// <param name="time">A time in UTC.</param>
    public string Month(DateTime time) => Local(time).ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>The year.</summary>
    /// <param name="time">A time in UTC.</param>
    public string Year(DateTime time) => Local(time).ToString("yyyy", CultureInfo.InvariantCulture);

    private DateTime Local(DateTime time) =>
        new(Math.Clamp(time.Ticks + zone.GetUtcOffset(time).Ticks, DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks));
}
