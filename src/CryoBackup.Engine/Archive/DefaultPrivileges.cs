using System.Buffers.Binary;
using System.Text;
using CryoBackup.Text;

namespace CryoBackup.Archive;

/// <summary>
/// What -Clean makes anew in a database with default privileges would be given those, though the backup's objects were made before them
/// and say nothing of it. So they are taken back with what is dropped; their own entries come last.
/// </summary>
internal static class DefaultPrivileges
{
    // An archive's integer: its sign and four bytes.
    private const int LengthSize = 1 + sizeof(int);

    // What PostgreSQL itself grants to everybody.
    private static readonly HashSet<string> OfEverybody = new(StringComparer.OrdinalIgnoreCase) { "FUNCTIONS", "ROUTINES", "TYPES" };

    // Whose DROP statement pg_restore takes with something behind it: from that of a function it takes the name for its owner. None is a
    // schema, for schemas are dropped last, and default privileges name them.
    private static readonly HashSet<string> Carriers = new(StringComparer.Ordinal)
    {
        "TABLE",
        "SEQUENCE",
        "TYPE",
        "DOMAIN",
        "VIEW",
        "MATERIALIZED VIEW",
        "FOREIGN TABLE",
    };

    /// <summary>What is added to the DROP statement of one of the objects.</summary>
    /// <param name="entries">What is dropped and made anew.</param>
    /// <param name="encoding">The archive's encoding, as PostgreSQL names it.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off.</param>
    public static IEnumerable<ArchiveEdit> Drops(IReadOnlyList<TocEntry> entries, string encoding, bool standardStrings)
    {
        string[] resets =
        [
            .. entries
                .Where(entry => entry.Kind == "DEFAULT ACL")
                .Select(entry => Reset(entry.Definition, standardStrings))
                .Where(reset => reset.Length > 0),
        ];
        TocEntry? carrier = entries.FirstOrDefault(entry => Carriers.Contains(entry.Kind) && entry.DropStatement.Size > LengthSize);
        if (resets.Length == 0 || carrier is null)
        {
            yield break;
        }

        // Behind the statement, for pg_restore looks for its DROP to put IF EXISTS there.
        (long offset, int size) = carrier.DropStatement;
        byte[] more = (ServerEncoding.Find(encoding) ?? Encoding.UTF8).GetBytes(string.Join('\n', resets) + "\n");
        byte[] length = new byte[LengthSize];
        BinaryPrimitives.WriteInt32LittleEndian(length.AsSpan(1), size - LengthSize + more.Length);
        yield return new ArchiveEdit(offset, LengthSize, length);
        yield return new ArchiveEdit(offset + size, 0, more);
    }

    /// <summary>Statements after which nothing is left of what others grant or take back by default.</summary>
    /// <param name="definition">ALTER DEFAULT PRIVILEGES FOR ROLE … [IN SCHEMA …] GRANT … ON … TO …, as pg_dump writes it.</param>
    /// <param name="standardStrings">False where standard_conforming_strings is off.</param>
    /// <returns>The statements; empty if there is nothing to take back.</returns>
    internal static string Reset(string definition, bool standardStrings)
    {
        var resets = new List<string>();
        foreach (
            IGrouping<
                (string Scope, string Role, bool IsOfSchema, string Kind),
                (string Scope, string Role, bool IsOfSchema, string Kind, string Grantee)
            > group in SqlStatement
                .Split(definition, standardStrings)
                .Where(statement => statement.Has(0, ["ALTER", "DEFAULT", "PRIVILEGES", "FOR", "ROLE", null]))
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
}
