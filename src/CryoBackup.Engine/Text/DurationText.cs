using System.Globalization;

namespace CryoBackup.Text;

/// <summary>A length of time as administrators write it: <c>90s</c>, <c>30m</c>, <c>26h</c>, <c>7d</c>,
/// or TimeSpan's constant form <c>[d.]hh:mm:ss[.fffffff]</c>.</summary>
public static class DurationText
{
    /// <summary>The forms that are understood, for messages.</summary>
    public const string Forms = "90s, 30m, 26h, 7d or [d.]hh:mm:ss";

    /// <summary>Reads a length of time.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The duration, never negative; null if the text is not a length of time.</returns>
    public static TimeSpan? TryParse(string? text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (trimmed.Contains(':'))
        {
            // A bare number would be days in this form, which nobody means; the colon rules it out.
            return TimeSpan.TryParseExact(trimmed, "c", CultureInfo.InvariantCulture, out TimeSpan clock) && clock >= TimeSpan.Zero
                ? clock
                : null;
        }

        double? unit =
            trimmed.Length < 2
                ? null
                : char.ToLowerInvariant(trimmed[^1]) switch
                {
                    's' => 1,
                    'm' => 60,
                    'h' => 3600,
                    'd' => 86400,
                    _ => null,
                };
        if (unit is null || !double.TryParse(trimmed[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count))
        {
            return null;
        }

        double seconds = count * unit.Value;
        return seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
