using System.Text.RegularExpressions;

namespace CryoBackup.Configuration;

/// <summary>The errors of one configuration file: each names the file, the line and the column.</summary>
/// <param name="path">The file's full path.</param>
internal sealed partial class ConfigurationErrors(string path)
{
    /// <summary>How a path of Windows is written.</summary>
    public const string WindowsPath = @"write a path of Windows in single quotes, as in 'C:\Backups'.";

    /// <summary>The file's full path.</summary>
    public string Path { get; } = path;

    /// <summary>An error at a place.</summary>
    /// <param name="line">The line, from 1.</param>
    /// <param name="column">The column, from 1.</param>
    /// <param name="reason">A sentence without its full stop, which names the key and what is wrong with it.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">The cause, where there is one.</param>
    /// <returns>ConfigurationInvalid.</returns>
    public CryoBackupException At(long line, long column, string reason, string remedy, Exception? inner = null) =>
        new(
            CryoBackupError.ConfigurationInvalid,
            Words(FormattableString.Invariant($", line {line}, column {column}"), reason),
            Path,
            remedy,
            inner: inner
        )
        {
            Place = new ConfigurationProblem
            {
                Line = line,
                Column = column,
                Key = KeyIn().Match(reason) is { Success: true } key ? key.Groups[1].Value : null,
            },
        };

    /// <summary>An error at a value's place.</summary>
    /// <param name="node">The value.</param>
    /// <param name="reason">A sentence without its full stop.</param>
    /// <param name="remedy">What to do.</param>
    /// <returns>ConfigurationInvalid.</returns>
    public CryoBackupException At(ConfigurationNode node, string reason, string remedy) => At(node.Line, node.Column, reason, remedy);

    /// <summary>An error of the file as a whole.</summary>
    /// <param name="reason">A sentence without its full stop.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">The cause, where there is one.</param>
    /// <returns>ConfigurationInvalid.</returns>
    public CryoBackupException Whole(string reason, string remedy, Exception? inner = null) =>
        new(CryoBackupError.ConfigurationInvalid, Words("", reason), Path, remedy, inner: inner);

    /// <summary>A value as an error may show it: short and on one line.</summary>
    /// <param name="text">The value; never a secret's.</param>
    /// <returns>The text, or its beginning.</returns>
    public static string Quote(string text)
    {
        const int Longest = 60;
        string line = new([.. text.Select(character => char.IsControl(character) ? ' ' : character)]);
        return line.Length <= Longest ? $"'{line}'" : $"'{line[..Longest]}…'";
    }

    private string Words(string place, string reason) => $"The configuration '{Path}'{place}: {reason}.";

    // A reason names its key before anything else, in quotes.
    [GeneratedRegex(@"'([\w.\[\]-]+)'", RegexOptions.CultureInvariant)]
    private static partial Regex KeyIn();
}
