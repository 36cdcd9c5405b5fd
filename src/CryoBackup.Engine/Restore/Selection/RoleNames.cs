using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Text;

namespace CryoBackup.Restore.Selection;

/// <summary>
/// The roles that entries speak of: owners, and those who are granted privileges. An archive is a stranger's text: its patterns are matched
/// in time proportional to it.
/// </summary>
internal static partial class RoleNames
{
    /// <summary>Collects them.</summary>
    /// <param name="entries">The entries to restore.</param>
    /// <param name="noOwner">True to leave out owners.</param>
    /// <param name="noPrivileges">True to leave out grantees.</param>
    /// <returns>The names, each once, sorted.</returns>
    public static IReadOnlyCollection<string> Of(IEnumerable<TocEntry> entries, bool noOwner, bool noPrivileges)
    {
        var names = new SortedSet<string>(StringComparer.Ordinal);
        foreach (TocEntry entry in entries)
        {
            if (!noOwner && entry.Owner.Length > 0)
            {
                names.Add(entry.Owner);
            }

            if (!noPrivileges && entry.Kind is "ACL" or "DEFAULT ACL")
            {
                AddGrantees(entry.Definition, names);
            }

            Regex? named = entry.Kind switch
            {
                "POLICY" => PolicyRoles(),
                "USER MAPPING" => MappedUser(),
                "DATABASE PROPERTIES" => RoleInDatabase(),
                _ => null,
            };
            if (named is not null)
            {
                AddMatches(named, entry.Definition, names);
            }
        }

        return names;
    }

    private static void AddGrantees(string definition, SortedSet<string> names)
    {
        AddMatches(Grantee(), definition, names);
        AddMatches(DefaultPrivilegesFor(), definition, names);
        AddMatches(SessionAuthorization(), definition, names);
    }

    private static void AddMatches(Regex pattern, string definition, SortedSet<string> names)
    {
        // One name, or those of a policy.
        foreach (
            string name in pattern
                .Matches(definition)
                .SelectMany(match => SqlLexer.Read(match.Groups[1].Value))
                .Where(token => token.IsName)
                .Select(token => token.Name)
        )
        {
            if (!string.Equals(name, "PUBLIC", StringComparison.OrdinalIgnoreCase))
            {
                names.Add(name);
            }
        }
    }

    [GeneratedRegex(
        """^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) .* (?:TO|FROM) ("(?:[^"]|"")+"|[^\s";]+)(?: WITH GRANT OPTION)?;$""",
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex Grantee();

    [GeneratedRegex(
        """^ALTER DEFAULT PRIVILEGES FOR ROLE ("(?:[^"]|"")+"|[^\s";]+) """,
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex DefaultPrivilegesFor();

    [GeneratedRegex(
        """^SET SESSION AUTHORIZATION ("(?:[^"]|"")+"|[^\s";]+);$""",
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex SessionAuthorization();

    [GeneratedRegex(
        """^CREATE POLICY .+? TO ((?:"(?:[^"]|"")+"|[^\s",;]+)(?:, (?:"(?:[^"]|"")+"|[^\s",;]+))*)""",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex PolicyRoles();

    [GeneratedRegex(
        """^CREATE USER MAPPING FOR ("(?:[^"]|"")+"|[^\s";]+) SERVER """,
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex MappedUser();

    [GeneratedRegex(
        """^ALTER ROLE ("(?:[^"]|"")+"|[^\s";]+) IN DATABASE """,
        RegexOptions.NonBacktracking | RegexOptions.Multiline | RegexOptions.CultureInvariant
    )]
    private static partial Regex RoleInDatabase();
}
