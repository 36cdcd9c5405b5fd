namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Schemas, and extensions of the server's contrib with the types that they bring.</summary>
internal static class SchemaChapter
{
    // Those that a superuser alone may create are for drafts that are not ordinary.
    private static readonly (string Name, bool IsTrusted, string? Type, string[] Values)[] Extensions =
    [
        ("hstore", true, "hstore", ["", "a=>1, b=>NULL", "\"k y\"=>\"v\\\"l\""]),
        ("citext", true, "citext", ["Case", "CASE"]),
        ("ltree", true, "ltree", ["a.b.c", ""]),
        ("pg_trgm", true, null, []),
        ("btree_gist", true, null, []),
        ("btree_gin", true, null, []),
        ("pgcrypto", true, null, []),
        ("cube", true, "cube", ["(1,2),(3,4)", "(0)"]),
        ("seg", true, "seg", ["1.5 .. 2", "<7"]),
        ("isn", true, "isbn13", ["978-0-393-04002-9"]),
        ("lo", true, "lo", ["0"]),
        ("unaccent", true, null, []),
        ("tablefunc", true, null, []),
        ("fuzzystrmatch", true, null, []),
        ("intarray", true, null, []),
        ("uuid-ossp", true, null, []),
        ("tcn", true, null, []),
        ("dict_int", true, null, []),
        ("bloom", false, null, []),
        ("xml2", false, null, []),
        ("insert_username", false, null, []),
        ("pg_stat_statements", false, null, []),
        ("pageinspect", false, null, []),
    ];

    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        draft.Schemas.Add("public");
        dice.Times(
            1,
            3,
            () =>
            {
                string schema = draft.Words.Name();
                draft.Schemas.Add(schema);
                draft.Say($"CREATE SCHEMA {schema}{(dice.Chance(30) ? $" AUTHORIZATION {draft.Role()}" : "")}");
            }
        );
        WriteCollations(draft);
        foreach (
            (string Name, bool IsTrusted, string Type, string[] Values) extension in dice.Some(
                [.. Extensions.Where(each => each.IsTrusted || !draft.IsOrdinary)],
                dice.Next(0, 4)
            )
        )
        {
            WriteExtension(draft, extension);
        }
    }

    private static void WriteExtension(Draft draft, (string Name, bool IsTrusted, string? Type, string[] Values) extension)
    {
        string schema = draft.Schema();
        draft.Say($"CREATE EXTENSION {Words.Quote(extension.Name)} SCHEMA {schema} CASCADE");
        if (extension.Type is { } type)
        {
            string name = $"{schema}.{type}";
            draft.Types.Add(
                new DraftType(name, () => $"{Words.Literal(draft.Dice.Pick(extension.Values))}::{name}")
                {
                    IsOrdered = type is "citext" or "ltree" or "isbn13",
                }
            );
        }
    }

    private static void WriteCollations(Draft draft)
    {
        draft.Dice.Times(
            0,
            2,
            () =>
            {
                string name = draft.Name();
                draft.Say(
                    draft.Dice.Pick([
                        $"CREATE COLLATION {name} FROM \"C\"",
                        $"CREATE COLLATION {name} (provider = icu, locale = 'de-u-co-phonebk')",
                        $"CREATE COLLATION {name} (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                        $"CREATE COLLATION {name} (lc_collate = 'C', lc_ctype = 'POSIX')",
                    ])
                );
                draft.Collations.Add(name);
            }
        );
    }
}
