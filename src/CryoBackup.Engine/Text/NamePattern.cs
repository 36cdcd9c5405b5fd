using System.IO.Enumeration;

namespace CryoBackup.Text;

/// <summary>
/// A schema or table as users name it: the exact name, or a pattern with * and ?. Names are compared as the catalog has them, case
/// included. A table may be given as <c>schema.table</c> or as <c>table</c> alone.
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
    public bool HasWildcard => Text.AsSpan().ContainsAny('*', '?');

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

    private static bool Matches(string pattern, string name) =>
        string.Equals(pattern, name, StringComparison.Ordinal)
        || (!pattern.Contains('\\', StringComparison.Ordinal) && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false));
}
