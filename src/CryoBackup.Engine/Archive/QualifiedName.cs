using System.Text.RegularExpressions;

namespace CryoBackup.Archive;

/// <summary>The name of an object with its schema's, as statements write it: each quoted where it must be,
/// or where quote_all_identifiers was on.</summary>
/// <param name="Schema">The schema.</param>
/// <param name="Name">The object in it.</param>
internal sealed partial record QualifiedName(string Schema, string Name)
{
    /// <summary>Reads the name that stands in a statement behind some words.</summary>
    /// <param name="statement">The statement.</param>
    /// <param name="words">What comes before the name, with the white space after it.</param>
    /// <returns>The name; null if there is none.</returns>
    public static QualifiedName? After(string statement, string words)
    {
        int at = statement.IndexOf(words, StringComparison.Ordinal);
        Match name = at < 0 ? Match.Empty : Parts().Match(statement[(at + words.Length)..]);
        return name.Success ? new QualifiedName(Unquote(name.Groups[1].Value), Unquote(name.Groups[2].Value)) : null;
    }

    /// <summary>Schema and name, for people.</summary>
    public override string ToString() => $"{Schema}.{Name}";

    private static string Unquote(string part) => part.StartsWith('"') ? part[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : part;

    [GeneratedRegex(
        """^("(?:[^"]|"")+"|[^\s"().,;]+)\.("(?:[^"]|"")+"|[^\s"().,;]+)""",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex Parts();
}
