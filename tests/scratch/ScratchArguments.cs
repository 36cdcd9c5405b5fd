using System.Globalization;

namespace CryoBackup.Scratch;

/// <summary>The command line: <c>[--sample ROWS] [--keep] -- command arguments…</c></summary>
internal sealed record ScratchArguments(int? SampleRows, bool Keep, IReadOnlyList<string> Command)
{
    public const string Usage = "usage: CryoBackup.Scratch [--sample ROWS] [--keep] -- command arguments…";

    /// <summary>Reads the command line.</summary>
    /// <returns>What was asked for, or null and what is wrong with it.</returns>
    public static (ScratchArguments? Arguments, string? Fault) Parse(IReadOnlyList<string> words)
    {
        int? rows = null;
        bool keep = false;
        for (int i = 0; i < words.Count; i++)
        {
            switch (words[i])
            {
                case "--":
                    return i + 1 < words.Count
                        ? (new ScratchArguments(rows, keep, [.. words.Skip(i + 1)]), null)
                        : (null, "No command follows --.");
                case "--keep":
                    keep = true;
                    break;
                case "--sample":
                    if (i + 1 == words.Count || !int.TryParse(words[++i], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
                    {
                        return (null, "--sample needs a number of rows.");
                    }

                    rows = count;
                    break;
                default:
                    return (null, $"'{words[i]}' is not an option; the command to run follows --.");
            }
        }

        return (null, "No command is given.");
    }
}
