using System.CommandLine.Parsing;
using System.Globalization;

namespace CryoBackup.Cli;

/// <summary>A length of time as people type it: 30s, 10m, 2h, 1d, or hh:mm:ss.</summary>
internal static class Duration
{
    public const string Help = "30s, 10m, 2h, 1d or hh:mm:ss";

    public static TimeSpan Read(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (TryParse(text) is { } duration)
        {
            return duration;
        }
        argument.AddError($"'{text}' is not a length of time; write {Help}.");
        return default;
    }

    /// <summary>As <see cref="Read"/>, and <c>none</c> for <see cref="Timeout.InfiniteTimeSpan"/>:
    /// the parser cannot hand on a null.</summary>
    public static TimeSpan ReadLimit(ArgumentResult argument) =>
        string.Equals(argument.Tokens[0].Value, "none", StringComparison.OrdinalIgnoreCase) ? Timeout.InfiniteTimeSpan : Read(argument);

    /// <summary>The engine's word for a limit.</summary>
    public static TimeSpan? ToLimit(TimeSpan limit) => limit == Timeout.InfiniteTimeSpan ? null : limit;

    public static TimeSpan? TryParse(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return
                TimeSpan.TryParseExact(
                    text,
                    ["h\\:mm\\:ss", "hh\\:mm\\:ss", "d\\.hh\\:mm\\:ss"],
                    CultureInfo.InvariantCulture,
                    out TimeSpan clock
                )
                && clock > TimeSpan.Zero
                ? clock
                : null;
        }
        double? unit =
            text.Length < 2
                ? null
                : char.ToLowerInvariant(text[^1]) switch
                {
                    's' => 1,
                    'm' => 60,
                    'h' => 3600,
                    'd' => 86400,
                    _ => null,
                };
        if (
            unit is null
            || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            || count == 0
        )
        {
            return null;
        }
        // Timers of the platform end at 49 days; no backup should.
        double seconds = count * unit.Value;
        return seconds <= TimeSpan.FromDays(49).TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;
    }
}
