using CryoBackup.Archive;
using CryoBackup.Text;

namespace CryoBackup.Restore.Selection;

/// <summary>
/// What the bodies of functions name. A body is a string to PostgreSQL, which records nothing of what stands in it; only names with their
/// schema can be told.
/// </summary>
internal static class FunctionBodies
{
    // A string in a string: what EXECUTE is given.
    private const int DeepestString = 2;

    /// <summary>The names in a function's body.</summary>
    /// <param name="function">The entry of a function or procedure.</param>
    /// <returns>Schema and name of each, whatever it may be.</returns>
    public static IReadOnlySet<(string Schema, string Name)> NamesIn(TocEntry function)
    {
        var names = new HashSet<(string, string)>();
        AddStrings(function.Definition, names, 0);
        return names;
    }

    private static void AddStrings(string sql, HashSet<(string, string)> names, int depth)
    {
        foreach (SqlToken token in SqlLexer.Read(sql).Where(token => token.Kind == SqlTokenKind.Literal))
        {
            string text = Content(token.Text);
            SqlToken[] tokens = [.. SqlLexer.Read(text)];
            for (int at = 0; at + 2 < tokens.Length; at++)
            {
                if (tokens[at].IsName && tokens[at + 1].Is(".") && tokens[at + 2].IsName)
                {
                    names.Add((tokens[at].Name, tokens[at + 2].Name));
                }
            }

            if (depth + 1 < DeepestString)
            {
                AddStrings(text, names, depth + 1);
            }
        }
    }

    private static string Content(ReadOnlySpan<char> literal)
    {
        if (literal is ['$', ..])
        {
            int tag = literal[1..].IndexOf('$') + 2;
            return literal.Length >= 2 * tag ? literal[tag..^tag].ToString() : "";
        }

        int open = literal.IndexOf('\'');
        return open < 0 || literal.Length < open + 2 ? "" : literal[(open + 1)..^1].ToString().Replace("''", "'", StringComparison.Ordinal);
    }
}
