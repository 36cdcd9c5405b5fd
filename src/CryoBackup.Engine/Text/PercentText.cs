using System.Globalization;

namespace CryoBackup.Text;

/// <summary>A share as users write it.</summary>
public static class PercentText
{
    private const int Least = 1;
    private const int Most = 99;

    /// <summary>Reads a share of 1 to 99 percent.</summary>
    /// <param name="text">For example <c>5%</c> or <c>5</c>.</param>
    /// <returns>The percent; null for anything else.</returns>
    public static int? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string number = text.EndsWith('%') ? text[..^1] : text;
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent is >= Least and <= Most
            ? percent
            : null;
    }

    /// <summary>Says why a text is none.</summary>
    /// <param name="text">The text.</param>
    public static string Refusal(string text) =>
        $"'{text}' is no share of a file; write a whole number of percent from 1% to 99%, such as 5%, or leave it out to read all.";
}
