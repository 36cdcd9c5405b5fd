using System.Globalization;

namespace CryoBackup.Text;

/// <summary>
/// A point in time as administrators write it: a date, a date and a time of day, or how long ago it was. Without a zone it is the
/// machine's local time.
/// </summary>
public static class MomentText
{
    /// <summary>The forms that are understood, for messages and help.</summary>
    public const string Forms = "2026-01-31, 2026-01-31 23:59[:59][Z], or how long ago: 7d, 26h, 1h 30m";

    private static readonly string[] Formats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd HH:mmK",
        "yyyy-MM-dd HH:mm:ssK",
        "yyyy-MM-ddTHH:mmK",
        "yyyy-MM-ddTHH:mm:ssK",
        "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];

    /// <summary>Reads a point in time.</summary>
    /// <param name="text">One of <see cref="Forms"/>.</param>
    /// <param name="now">What a length of time counts back from, in UTC.</param>
    /// <returns>The moment in UTC; null if the text is none.</returns>
    public static DateTime? TryParse(string? text, DateTime now)
    {
        const DateTimeStyles ToUtc = DateTimeStyles.AssumeLocal | DateTimeStyles.AdjustToUniversal;
        string word = text?.Trim() ?? "";
        return DateTime.TryParseExact(word, Formats, CultureInfo.InvariantCulture, ToUtc, out DateTime moment) ? moment
            : DurationText.TryParse(word) is { } ago && ago.Ticks <= now.Ticks ? now - ago
            : null;
    }

    /// <summary>What is said of a text that is no point in time.</summary>
    /// <param name="text">The text.</param>
    /// <returns>One sentence with the forms.</returns>
    public static string Refusal(string text) => $"'{text}' is no point in time; give {Forms}.";
}
