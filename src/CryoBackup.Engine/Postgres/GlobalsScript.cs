using System.Text.RegularExpressions;
using CryoBackup.Text;

namespace CryoBackup.Postgres;

/// <summary>The roles in what pg_dumpall --globals-only wrote: the statements that make each, and who is a member of whom.</summary>
internal sealed partial class GlobalsScript
{
    private readonly Dictionary<string, List<string>> _statements = new(StringComparer.Ordinal);
    private readonly List<(string Group, string Member, string Statement)> _memberships = [];

    /// <summary>Reads a script.</summary>
    /// <param name="sql">Its text.</param>
    public GlobalsScript(string sql)
    {
        foreach (string statement in SqlStatement.Enumerate(sql).Select(statement => statement.Text))
        {
            if (OfRole().Match(statement) is { Success: true } one)
            {
                string role = Name(one.Groups["role"].Value);
                if (!_statements.TryGetValue(role, out List<string>? statements))
                {
                    _statements.Add(role, statements = []);
                }

                statements.Add(one.Groups["attributes"].Success ? WithoutDefaults(statement, one.Groups["attributes"].Index) : statement);
            }
            else if (Membership().Match(statement) is { Success: true } grant)
            {
                // Who granted it may not be there; it is now the role that restores.
                _memberships.Add((Name(grant.Groups["role"].Value), Name(grant.Groups["member"].Value), grant.Groups["grant"].Value));
            }
        }
    }

    /// <summary>Whether the script makes a role.</summary>
    /// <param name="role">Its name.</param>
    public bool Has(string role) => _statements.ContainsKey(role);

    /// <summary>The statements that make roles, with their attributes, settings, comments, and the memberships between them.</summary>
    /// <param name="roles">The roles; each is in the script.</param>
    /// <returns>Statements, to be run in this order. Some hold password hashes.</returns>
    public IReadOnlyList<string> StatementsFor(IReadOnlyCollection<string> roles)
    {
        HashSet<string> wanted = new(roles, StringComparer.Ordinal);
        return
        [
            .. roles.SelectMany(role => _statements[role]),
            .. _memberships.Where(item => wanted.Contains(item.Group) && wanted.Contains(item.Member)).Select(item => item.Statement),
        ];
    }

    /// <summary>A new role has these anyway, and to say so is for superusers only.</summary>
    private static string WithoutDefaults(string statement, int start)
    {
        int end = statement.IndexOf('\'', start);
        end = end < 0 ? statement.Length : end;
        return string.Concat(statement.AsSpan(0, start), ForSuperusers().Replace(statement[start..end], ""), statement.AsSpan(end));
    }

    private static string Name(string identifier) =>
        identifier[0] == '"' ? identifier[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : identifier;

    private const string Identifier = """(?:"(?:[^"]|"")+"|[^\s"]+)""";

    [GeneratedRegex(
        "^(?:CREATE ROLE (?<role>"
            + Identifier
            + ")$|ALTER ROLE (?<role>"
            + Identifier
            + ") (?:WITH(?<attributes> )|SET )|COMMENT ON ROLE (?<role>"
            + Identifier
            + ") IS |SECURITY LABEL FOR .+? ON ROLE (?<role>"
            + Identifier
            + ") IS )",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex OfRole();

    [GeneratedRegex(
        "^(?<grant>GRANT (?<role>" + Identifier + ") TO (?<member>" + Identifier + ")(?: WITH .+?)?)(?: GRANTED BY " + Identifier + ")?$",
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant
    )]
    private static partial Regex Membership();

    [GeneratedRegex(" (?:NOSUPERUSER|NOREPLICATION|NOBYPASSRLS)(?![A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex ForSuperusers();
}
