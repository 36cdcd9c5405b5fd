using System.Globalization;
using System.Text;

namespace CryoBackup.Text;

/// <summary>
/// A length of time as administrators write it, and as they are told it: <c>90s</c>, <c>26h</c>, <c>1h 30m</c>. What is written can be
/// read.
/// </summary>
public static class DurationText
{
    /// <summary>The forms that are understood, for messages and help.</summary>
    public const string Forms = "90s, 30m, 26h, 7d, 1h 30m or [d.]hh:mm:ss";

    /// <summary>The same as a regular expression, for schemas.</summary>
    internal const string Pattern = @"^(([0-9]+(\.[0-9]+)?[smhdSMHD] ?)+|([0-9]+\.)?[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)$";

    private static readonly (char Name, long Ticks)[] Units =
    [
        ('d', TimeSpan.TicksPerDay),
        ('h', TimeSpan.TicksPerHour),
        ('m', TimeSpan.TicksPerMinute),
        ('s', TimeSpan.TicksPerSecond),
    ];

    /// <summary>What a record calls so many seconds, to the tick. <see cref="TimeSpan.FromSeconds(double)"/> cuts a tick off wherever the
    /// number is next below the tick's.</summary>
    /// <param name="seconds">As <see cref="TimeSpan.TotalSeconds"/> gives them.</param>
    /// <exception cref="OverflowException">More than there are.</exception>
    internal static TimeSpan OfSeconds(double seconds) => new(checked((long)Math.Round(seconds * TimeSpan.TicksPerSecond)));

    /// <summary>Reads a length of time. A bare number is none: nobody knows of what.</summary>
    /// <param name="text">Numbers with units, each unit once, the largest first; or TimeSpan's constant form.</param>
    /// <returns>The duration, never negative; null if the text is not a length of time.</returns>
    public static TimeSpan? TryParse(string? text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.Contains(':'))
        {
            return TimeSpan.TryParseExact(rest, "c", CultureInfo.InvariantCulture, out TimeSpan clock) && clock >= TimeSpan.Zero
                ? clock
                : null;
        }

        double ticks = 0;
        int next = 0;
        while (rest.Length > 0)
        {
            int digits = rest.IndexOfAnyExcept("0123456789.");
            int unit = digits < 1 ? -1 : Array.FindIndex(Units, next, IsOf(rest[digits]));
            if (
                unit < 0
                || !double.TryParse(rest[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
            )
            {
                return null;
            }

            ticks += count * Units[unit].Ticks;
            next = unit + 1;
            rest = rest[(digits + 1)..].TrimStart();
        }

        return next > 0 && ticks < TimeSpan.MaxValue.Ticks ? new TimeSpan((long)Math.Round(ticks)) : null;
    }

    /// <summary>What is wrong with a text that is no length of time, and what would be right.</summary>
    /// <param name="text">The text.</param>
    /// <returns>A sentence.</returns>
    public static string Refusal(string text) => $"'{text}' is not a length of time; write {Forms}.";

    /// <summary>Writes a length of time, to the millisecond.</summary>
    /// <param name="time">The time.</param>
    /// <returns>For example <c>1d 2h</c>, <c>1m 30s</c> or <c>0.3s</c>.</returns>
    public static string Of(TimeSpan time)
    {
        var text = new StringBuilder(time < TimeSpan.Zero ? "-" : "");
        long rest = time.Duration().Ticks;
        foreach ((char name, long ticks) in Units[..^1])
        {
            if (rest >= ticks)
            {
                text.Append(CultureInfo.InvariantCulture, $"{rest / ticks}{name} ");
                rest %= ticks;
            }
        }

        bool isWhole = text.Length > 1 && rest == 0;
        return isWhole
            ? text.ToString().TrimEnd()
            : text.Append(CultureInfo.InvariantCulture, $"{(double)rest / TimeSpan.TicksPerSecond:0.###}s").ToString();
    }

    /// <summary>Writes a length of time that was measured, as exactly as anybody cares for: its two largest units.</summary>
    /// <param name="time">The time.</param>
    /// <returns>For example <c>17d 3h</c>, <c>2m 5s</c>, <c>12.3s</c> or <c>0.023s</c>.</returns>
    public static string About(TimeSpan time)
    {
        long size = time.Duration().Ticks;
        long step = size switch
        {
            < TimeSpan.TicksPerSecond => TimeSpan.TicksPerMillisecond,
            < TimeSpan.TicksPerMinute => TimeSpan.TicksPerSecond / 10,
            < TimeSpan.TicksPerHour => TimeSpan.TicksPerSecond,
            < TimeSpan.TicksPerDay => TimeSpan.TicksPerMinute,
            _ => TimeSpan.TicksPerHour,
        };
        return Of(new TimeSpan((long)Math.Round((double)time.Ticks / step) * step));
    }

    private static Predicate<(char Name, long Ticks)> IsOf(char unit) => known => known.Name == char.ToLowerInvariant(unit);
}
