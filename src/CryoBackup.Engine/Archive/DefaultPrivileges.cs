using System.Buffers.Binary;
using System.Text;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>
/// What -Clean makes anew in a database with default privileges would be given those, though the backup's objects were made before them
/// and say nothing of it. So the DROP statement of each, of which pg_dump writes none, takes them back; the entry itself comes last.
/// </summary>
internal static class DefaultPrivileges
{
    // What PostgreSQL itself grants to everybody.
    private static readonly HashSet<string> OfEverybody = new(StringComparer.OrdinalIgnoreCase) { "FUNCTIONS", "ROUTINES", "TYPES" };

    /// <summary>The DROP statements.</summary>
    /// <param name="entries">The archive's table of contents.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    public static IEnumerable<ArchiveEdit> Drops(IReadOnlyList<TocEntry> entries, string encoding)
    {
        bool standardStrings = TocKinds.HasStandardStrings(entries);
        return entries
            .Where(entry => entry.Kind == "DEFAULT ACL")
            .Select(entry => (entry.DropStatement, Text: Reset(entry.Definition, standardStrings)))
            .Where(drop => drop.Text.Length > 0)
            .Select(drop => new ArchiveEdit(drop.DropStatement.Offset, drop.DropStatement.Size, Encode(drop.Text, encoding)));
    }

    /// <summary>Statements after which nothing is left of what others grant or take back by default.</summary>
    /// <param name="definition">ALTER DEFAULT PRIVILEGES FOR ROLE … [IN SCHEMA …] GRANT … ON … TO …, or REVOKE, as pg_dump writes it.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off.</param>
    /// <returns>The statements; empty if there is nothing to take back.</returns>
    internal static string Reset(string definition, bool standardStrings)
    {
        var resets = new List<string>();
        foreach (
            var group in SqlStatement
                .Split(definition, standardStrings)
                .Where(statement => statement.Has(0, "ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE", null))
                .Select(Parse)
                .GroupBy(item => (item.Scope, item.Role, item.IsOfSchema, item.Kind))
        )
        {
            (string scope, string role, bool isOfSchema, string kind) = group.Key;
            resets.AddRange(
                group
                    .Select(item => item.Grantee)
                    .Distinct(StringComparer.Ordinal)
                    .Where(grantee => isOfSchema || grantee != role)
                    .Select(grantee => $"{scope} REVOKE ALL ON {kind} FROM {grantee};")
            );
            if (!isOfSchema)
            {
                resets.Add($"{scope} GRANT ALL ON {kind} TO {role};");
                resets.AddRange(OfEverybody.Contains(kind) ? [$"{scope} GRANT ALL ON {kind} TO PUBLIC;"] : (string[])[]);
            }
        }

        return string.Join('\n', resets);
    }

    private static (string Scope, string Role, bool IsOfSchema, string Kind, string Grantee) Parse(SqlStatement statement)
    {
        string Between(int first, int end) =>
            string.Join(' ', statement.Tokens.Skip(first).Take(end - first).Select(token => token.Text.ToString()));
        bool isOfSchema = statement.Has(6, "IN", "SCHEMA", null);
        int verb = isOfSchema ? 9 : 6;
        int on = verb;
        while (on < statement.Tokens.Count && !statement.Has(on, "ON"))
        {
            on++;
        }

        int to = on + 1;
        while (to < statement.Tokens.Count && !statement.Has(to, "TO") && !statement.Has(to, "FROM"))
        {
            to++;
        }

        return (Between(0, verb), Between(5, 6), isOfSchema, Between(on + 1, to), Between(to + 1, to + 2));
    }

    /// <summary>An archive's form of a text: its sign, its length, its bytes.</summary>
    private static byte[] Encode(string text, string encoding)
    {
        // pg_restore puts its IF EXISTS into every statement that does not begin with a comment.
        byte[] bytes = (ServerEncoding.Find(encoding) ?? Encoding.UTF8).GetBytes($"-- default privileges\n{text}\n");
        byte[] encoded = new byte[1 + sizeof(int) + bytes.Length];
        BinaryPrimitives.WriteInt32LittleEndian(encoded.AsSpan(1), bytes.Length);
        bytes.CopyTo(encoded, 1 + sizeof(int));
        return encoded;
    }
}
