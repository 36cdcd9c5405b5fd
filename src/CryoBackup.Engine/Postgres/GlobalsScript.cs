using System.Text;
using System.Text.RegularExpressions;

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
        foreach (string statement in Split(sql))
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

    private static string Name(string identifier)
        => identifier[0] == '"' ? identifier[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : identifier;

    /// <summary>Splits at semicolons that stand in no literal, identifier or comment. Lines for psql are left out.</summary>
    private static IEnumerable<string> Split(string sql)
    {
        var statement = new StringBuilder();
        for (int at = 0; at < sql.Length;)
        {
            char c = sql[at];
            bool startsLine = at == 0 || sql[at - 1] == '\n';
            if ((c == '-' && at + 1 < sql.Length && sql[at + 1] == '-') || (c == '\\' && startsLine))
            {
                int end = sql.IndexOf('\n', at);
                at = end < 0 ? sql.Length : end;
            }
            else if (c is '\'' or '"')
            {
                bool escapes = c == '\'' && at > 0 && sql[at - 1] is 'E' or 'e';
                int end = EndOfQuoted(sql, at, escapes);
                statement.Append(sql, at, end - at);
                at = end;
            }
            else if (c == ';')
            {
                yield return statement.ToString().Trim();
                statement.Clear();
                at++;
            }
            else
            {
                statement.Append(c);
                at++;
            }
        }
    }

    private static int EndOfQuoted(string sql, int start, bool escapes)
    {
        char quote = sql[start];
        for (int at = start + 1; at < sql.Length; at++)
        {
            if (escapes && sql[at] == '\\')
            {
                at++;
            }
            else if (sql[at] == quote)
            {
                if (at + 1 == sql.Length || sql[at + 1] != quote)
                {
                    return at + 1;
                }

                at++;
            }
        }

        return sql.Length;
    }

    [GeneratedRegex("""^(?:CREATE ROLE (?<role>"(?:[^"]|"")+"|[^\s"]+)$|ALTER ROLE (?<role>"(?:[^"]|"")+"|[^\s"]+) (?:WITH(?<attributes> )|SET )|COMMENT ON ROLE (?<role>"(?:[^"]|"")+"|[^\s"]+) IS |SECURITY LABEL FOR .+? ON ROLE (?<role>"(?:[^"]|"")+"|[^\s"]+) IS )""", RegexOptions.CultureInvariant)]
    private static partial Regex OfRole();

    [GeneratedRegex("""^(?<grant>GRANT (?<role>"(?:[^"]|"")+"|[^\s"]+) TO (?<member>"(?:[^"]|"")+"|[^\s"]+)(?: WITH .+?)?)(?: GRANTED BY (?:"(?:[^"]|"")+"|[^\s"]+))?$""", RegexOptions.CultureInvariant)]
    private static partial Regex Membership();

    [GeneratedRegex(" (?:NOSUPERUSER|NOREPLICATION|NOBYPASSRLS)(?![A-Z])", RegexOptions.CultureInvariant)]
    private static partial Regex ForSuperusers();
}
