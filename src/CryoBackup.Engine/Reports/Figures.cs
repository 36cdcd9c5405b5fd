using System.Globalization;

namespace CryoBackup.Reports;

/// <summary>Numbers and times for people, the same in every culture.</summary>
internal static class Figures
{
    /// <summary>A number with its thousands set apart.</summary>
    /// <param name="number">The number.</param>
    public static string Count(double number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A duration: seconds below a minute, a clock above.</summary>
    /// <param name="duration">The duration.</param>
    public static string Time(TimeSpan duration) =>
        duration < TimeSpan.FromMinutes(1)
            ? string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, duration.TotalSeconds):0.0##} s")
            : string.Create(CultureInfo.InvariantCulture, $"{(long)duration.TotalHours}:{duration.Minutes:00}:{duration.Seconds:00}");

    /// <summary>A moment, for example <c>2026-01-31 23:59:00 UTC</c>.</summary>
    /// <param name="moment">In UTC.</param>
    public static string Moment(DateTime moment) => moment.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
