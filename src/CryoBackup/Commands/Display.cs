using System.Globalization;
using System.Management.Automation;
using System.Text;
using CryoBackup.Text;

namespace CryoBackup.Commands;

/// <summary>Sizes, times and sums as the default views show them. The objects themselves keep the raw values.</summary>
public static class Display
{
    /// <summary>A name or a sentence as a console may show it: nothing in it acts on a terminal.</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The text on one line, in which control characters and direction marks can be read.</returns>
    public static string Visible(string? text) => VisibleText.Of(text);

    /// <summary>Several things as a list shows them, of each what <see cref="Visible"/> gives.</summary>
    /// <param name="items">The things.</param>
    /// <returns>The first four in braces, as PowerShell writes them.</returns>
    public static string Several(object[]? items)
    {
        const int Most = 4;
        IEnumerable<string> shown = (items ?? []).Take(Most).Select(item => VisibleText.Of(item?.ToString()));
        return $"{{{string.Join(", ", shown)}{(items?.Length > Most ? "…" : "")}}}";
    }

    /// <summary>A size for people.</summary>
    /// <param name="bytes">The size in bytes.</param>
    /// <returns>For example <c>1.2 GB</c>, in steps of 1024.</returns>
    public static string Size(long bytes) => SizeText.Of(bytes);

    /// <summary>A duration for people.</summary>
    /// <param name="duration">The duration.</param>
    /// <returns>For example <c>1m 2s</c>.</returns>
    public static string Duration(TimeSpan duration) => DurationText.About(duration);

    /// <summary>A number for people.</summary>
    /// <param name="number">The number.</param>
    /// <returns>For example <c>1,234,567</c>.</returns>
    public static string Count(double number) => CountText.Of(number);

    /// <summary>How far a backup is to be relied on, in a word.</summary>
    /// <param name="backup">The backup.</param>
    /// <returns>Rehearsed, Proven, Unproven, Failed; or what of it is not there.</returns>
    public static string Proof(BackupInfo backup) => BackupWord.Of(backup);

    /// <summary>A backup in one line; of one that is not good, why, in the lines below.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="width">The most characters that a line of the reason may have.</param>
    /// <returns>The file's name, or the database that a folder was asked for.</returns>
    public static string Verified(VerificationResult result, int width)
    {
        ArgumentNullException.ThrowIfNull(result);
        string name = VisibleText.Of(VerificationSummary.Subject(result));
        return result.IsValid ? name : $"{name}\n{Lines(result.Reason, width)}";
    }

    /// <summary>How deep a verification went, a sample with its share.</summary>
    /// <param name="result">The result.</param>
    public static string Depth(VerificationResult result) => VerificationSummary.Depth(result);

    /// <summary>A moment, and how long ago it was.</summary>
    /// <param name="moment">The moment, in UTC; null for none.</param>
    /// <returns>For example <c>2026-01-31 23:59Z, 6d 2h ago</c>.</returns>
    public static string Ago(DateTime? moment) =>
        moment is not { } known ? ""
        : DateTime.UtcNow - known is { Ticks: > 0 } age ? $"{Moment(known)}, {DurationText.About(age)} ago"
        : Moment(known);

    /// <summary>The file's name without its folders.</summary>
    /// <param name="path">A path, or the location of a store.</param>
    /// <returns>The name, in which nothing acts on a terminal.</returns>
    public static string FileName(string? path) => VisibleText.Of(path?[(path.LastIndexOfAny(['/', Path.DirectorySeparatorChar]) + 1)..]);

    /// <summary>How something ended: good in green, bad in red, undecided in yellow; what did not run, or was only planned,
    /// as it is.</summary>
    /// <param name="outcome">A verdict, a status, or a check's outcome.</param>
    /// <param name="style">PowerShell's $PSStyle, which leaves the colours out where NO_COLOR or the output asks for that.</param>
    /// <returns>The word, within the sequences for its colour.</returns>
    public static string Outcome(object? outcome, PSObject? style)
    {
        string word = outcome?.ToString() ?? "";
        string? color = word switch
        {
            "Passed" or "Restored" or "Rehearsed" or "Proven" => "Green",
            "Failed" or "No file" or "No manifest" or "Unreadable" => "Red",
            "Inconclusive" or "Degraded" or "Unfinished" => "Yellow",
            _ => null,
        };
        return
            color is not null
            && style?.Properties["Foreground"]?.Value is { } foreground
            && PSObject.AsPSObject(foreground).Properties[color]?.Value is string begin
            ? $"{begin}{word}{style.Properties["Reset"]?.Value}"
            : word;
    }

    /// <summary>A sentence in lines that end between words; PowerShell's own tables break within them.</summary>
    /// <param name="text">The sentence.</param>
    /// <param name="width">The most characters a line may have. A longer word is left for PowerShell to break.</param>
    /// <returns>The lines, with line feeds between them.</returns>
    public static string Lines(string? text, int width)
    {
        StringBuilder lines = new();
        int used = 0;
        foreach (string word in VisibleText.Of(text).Split(' '))
        {
            if (used > 0 && used + 1 + word.Length > width)
            {
                lines.Append('\n');
                used = 0;
            }
            else if (used > 0)
            {
                lines.Append(' ');
                used++;
            }

            lines.Append(word);
            used = (used + word.Length) % width;
        }

        return lines.ToString();
    }

    /// <summary>A moment for people.</summary>
    /// <param name="moment">The moment, in UTC.</param>
    /// <returns>For example <c>2026-01-31 23:59Z</c>.</returns>
    public static string Moment(DateTime moment) =>
        moment == DateTime.MinValue ? "" : moment.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
