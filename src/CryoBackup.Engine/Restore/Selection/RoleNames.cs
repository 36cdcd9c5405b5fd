using CryoBackup.Archive;
using CryoBackup.Text;

namespace CryoBackup.Restore.Selection;

/// <summary>The roles that entries speak of: owners, and those who are granted privileges.</summary>
internal static class RoleNames
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

            names.UnionWith(
                Named(entry, noPrivileges).Where(static token => token.IsName && !token.Is("PUBLIC")).Select(static token => token.Name)
            );
        }

        return names;
    }

    /// <summary>The roles that a policy is for.</summary>
    /// <param name="definition">The definition of an entry POLICY.</param>
    /// <returns>Their names as they stand there, PUBLIC too; none where it names none.</returns>
    public static IReadOnlyList<SqlToken> OfPolicy(string definition)
    {
        SqlToken[] tokens = [.. SqlLexer.Read(definition).SkipWhile(static token => !token.Is("TO")).Skip(1)];
        int count = 0;
        while (count < tokens.Length && tokens[count].IsName && (count == 0 || tokens[count - 1].Is(",")))
        {
            count += count + 1 < tokens.Length && tokens[count + 1].Is(",") ? 2 : 1;
        }

        return [.. tokens.Take(count).Where(static token => token.IsName)];
    }

    /// <summary>To whom a statement grants privileges, or from whom it takes them.</summary>
    /// <param name="statement">A statement.</param>
    /// <returns>The name; null for any other statement.</returns>
    public static SqlToken? Grantee(SqlStatement statement)
    {
        IReadOnlyList<SqlToken> tokens = statement.Tokens;
        if (!(tokens[0].Is("GRANT") || tokens[0].Is("REVOKE") || statement.Has(0, "ALTER", "DEFAULT", "PRIVILEGES")))
        {
            return null;
        }

        int last = tokens.Count - 1;
        while (last >= 0 && !tokens[last].Is("TO") && !tokens[last].Is("FROM"))
        {
            last--;
        }

        return last >= 0 && last + 1 < tokens.Count && tokens[last + 1].IsName ? tokens[last + 1] : null;
    }

    private static IEnumerable<SqlToken> Named(TocEntry entry, bool noPrivileges) =>
        entry.Kind switch
        {
            "ACL" or "DEFAULT ACL" => noPrivileges ? [] : SqlStatement.Enumerate(entry.Definition).SelectMany(OfPrivilege),
            "POLICY" => OfPolicy(entry.Definition),
            "USER MAPPING" => After(entry, "CREATE", "USER", "MAPPING", "FOR"),
            "DATABASE PROPERTIES" => After(entry, "ALTER", "ROLE"),
            _ => [],
        };

    private static IEnumerable<SqlToken> OfPrivilege(SqlStatement statement)
    {
        if (Grantee(statement) is { } grantee)
        {
            yield return grantee;
        }

        if (statement.Has(0, ["ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE", null]))
        {
            yield return statement.Tokens[5];
        }
        else if (statement.Has(0, "SET", "SESSION", "AUTHORIZATION", null))
        {
            yield return statement.Tokens[3];
        }
    }

    /// <summary>What stands behind the words in the statements that begin with them.</summary>
    private static IEnumerable<SqlToken> After(TocEntry entry, params string[] words) =>
        SqlStatement
            .Enumerate(entry.Definition)
            .Where(statement => statement.Has(0, [.. words, null]))
            .Select(statement => statement.Tokens[words.Length]);
}
