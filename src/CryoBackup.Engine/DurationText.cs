using System.Globalization;

namespace CryoBackup;

/// <summary>A length of time as people write it: 90s, 30m, 26h, 7d, or a time span such as 1.02:00:00.</summary>
public static class DurationText
{
    /// <summary>The forms in words, for messages.</summary>
    public const string Forms = "90s, 30m, 26h, 7d or hh:mm:ss";

    /// <summary>Reads one.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The length of time, above zero.</returns>
    /// <exception cref="FormatException">It is none.</exception>
    public static TimeSpan Parse(string text)
        => TryParse(text) ?? throw new FormatException($"'{text}' is not a length of time; write {Forms}.");

    private static TimeSpan? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string trimmed = text.Trim();
        if (trimmed.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParseExact(trimmed, ["c", @"h\:mm\:ss", @"d\.h\:mm\:ss"], CultureInfo.InvariantCulture, out TimeSpan clock) && clock > TimeSpan.Zero ? clock : null;
        }

        double? unit = trimmed.Length < 2 ? null : char.ToLowerInvariant(trimmed[^1]) switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => null };
        return unit is { } seconds && int.TryParse(trimmed.AsSpan(0, trimmed.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            && count * seconds < TimeSpan.MaxValue.TotalSeconds
                ? TimeSpan.FromSeconds(count * seconds)
                : null;
    }
}
