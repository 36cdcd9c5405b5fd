using System.Text;

namespace CryoBackup.Text;

/// <summary>
/// A schema or table as users name it: the exact name, or a pattern with * and ?. Names are compared as the catalog has them, case
/// included. A backtick before <c>*</c>, <c>?</c>, <c>[</c>, <c>]</c> or a backtick takes it as it is, as PowerShell's
/// WildcardPattern escapes names. A table may be given as <c>schema.table</c> or as <c>table</c> alone.
/// </summary>
internal sealed class NamePattern
{
    private const int NearMatchCount = 3;

    /// <summary>Reads what the user wrote.</summary>
    /// <param name="text">The pattern.</param>
    public NamePattern(string text) => Text = text;

    /// <summary>The pattern as it was written.</summary>
    public string Text { get; }

    /// <summary>True if it may stand for several names.</summary>
    public bool HasWildcard => IsPattern(Text);

    /// <summary>The name that is meant where no wildcard stands in it.</summary>
    public string Literal
    {
        get
        {
            var name = new StringBuilder();
            for (int i = 0; i < Text.Length; i += Width(Text, i))
            {
                name.Append(Text[i + Width(Text, i) - 1]);
            }

            return name.ToString();
        }
    }

    /// <summary>Whether a text may stand for several names: a wildcard is in it that is not escaped.</summary>
    /// <param name="text">A name or a pattern.</param>
    public static bool IsPattern(string text)
    {
        for (int i = 0; i < text.Length; i += Width(text, i))
        {
            if (text[i] is '*' or '?')
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether it means a schema.</summary>
    /// <param name="schema">The schema's name.</param>
    /// <returns>True if it does.</returns>
    public bool MatchesSchema(string schema) => Matches(Text, schema);

    /// <summary>Whether it means a table. Names may themselves hold a dot, so the whole is compared, not its parts;
    /// without a dot only the table's name.</summary>
    /// <param name="schema">The table's schema.</param>
    /// <param name="name">The table's name.</param>
    /// <returns>True if it does.</returns>
    public bool MatchesTable(string schema, string name) =>
        Matches(Text, name) || (Text.Contains('.', StringComparison.Ordinal) && Matches(Text, $"{schema}.{name}"));

    /// <summary>The error for a pattern that means nothing, with the names that come near.</summary>
    /// <param name="kind">What was looked for: schema or table.</param>
    /// <param name="where">Where it was looked for.</param>
    /// <param name="names">What there is.</param>
    /// <returns>ObjectNotFound.</returns>
    public CryoBackupException NotFound(string kind, string where, IEnumerable<string> names)
    {
        string[] near =
        [
            .. names
                .Distinct(StringComparer.Ordinal)
                .Select(name =>
                    (
                        Name: name,
                        Distance: Math.Min(
                            NearestName.Distance(Text, name),
                            NearestName.Distance(Text, name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])
                        )
                    )
                )
                .Where(candidate => candidate.Distance <= Math.Max(1, (Text.Length + 1) / 3))
                .OrderBy(candidate => candidate.Distance)
                .ThenBy(candidate => candidate.Name, StringComparer.Ordinal)
                .Take(NearMatchCount)
                .Select(candidate => candidate.Name),
        ];
        return new CryoBackupException(
            CryoBackupError.ObjectNotFound,
            $"No {kind} in {where} is named '{Text}'; nothing was changed.",
            Text,
            near.Length > 0
                ? $"Did you mean {string.Join(", ", near)}? Names are compared case included."
                : "Names are compared case included; * and ? are wildcards."
        );
    }

    /// <summary>Whether a name is meant: it is the text itself, or fits it as a pattern.</summary>
    /// <param name="pattern">A name, or a pattern.</param>
    /// <param name="name">A name.</param>
    /// <param name="ignoreCase">True for names of hosts.</param>
    public static bool Matches(string pattern, string name, bool ignoreCase = false) =>
        string.Equals(pattern, name, ignoreCase ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal)
        || Fits(pattern, name, ignoreCase);

    private static bool Fits(string pattern, string name, bool ignoreCase)
    {
        int at = 0,
            next = 0,
            star = -1,
            retry = 0;
        while (next < name.Length)
        {
            if (at < pattern.Length && pattern[at] == '*')
            {
                (star, retry) = (at++, next);
            }
            else if (at < pattern.Length && (pattern[at] == '?' || IsSame(pattern[at + Width(pattern, at) - 1], name[next], ignoreCase)))
            {
                at += Width(pattern, at);
                next++;
            }
            else if (star >= 0)
            {
                // The star takes one character more.
                (at, next) = (star + 1, ++retry);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(at).Trim('*').IsEmpty;
    }

    /// <summary>How many characters of a pattern stand for one: two where the first is a backtick that escapes.</summary>
    private static int Width(string pattern, int at) =>
        pattern[at] == '`' && at + 1 < pattern.Length && pattern[at + 1] is '*' or '?' or '[' or ']' or '`' ? 2 : 1;

    private static bool IsSame(char one, char other, bool ignoreCase) =>
        one == other || (ignoreCase && char.ToUpperInvariant(one) == char.ToUpperInvariant(other));
}
