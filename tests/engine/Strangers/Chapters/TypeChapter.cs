namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Enums, composites, domains with their checks, ranges, and what is made of these again.</summary>
internal static class TypeChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(0, 2, () => WriteEnum(draft));
        dice.Times(0, 2, () => WriteComposite(draft));
        dice.Times(1, 4, () => WriteDomain(draft));
        dice.Times(0, 2, () => WriteRange(draft));
        dice.Times(0, 2, () => WriteArray(draft));
        if (!draft.IsOrdinary && dice.Chance(10))
        {
            draft.Say($"CREATE TYPE {draft.Name()}");
        }
    }

    private static void WriteEnum(Draft draft)
    {
        string name = Add(draft);
        string[] labels = [.. Enumerable.Range(0, draft.Dice.Next(1, 5)).Select(_ => draft.Words.Name(25).Trim('"')).Distinct()];
        string[] literals = [.. labels.Select(Words.Literal)];
        draft.Say($"CREATE TYPE {name} AS ENUM ({string.Join(", ", literals)})");
        if (draft.Dice.Chance(30))
        {
            draft.Say($"ALTER TYPE {name} ADD VALUE 'put in' BEFORE {literals[0]}");
        }

        draft.Types.Add(new DraftType(name, () => $"{draft.Dice.Pick(literals)}::{name}") { Family = "enum" });
    }

    private static void WriteComposite(Draft draft)
    {
        string name = Add(draft);
        DraftType[] parts = [.. Enumerable.Range(0, draft.Dice.Next(1, 3)).Select(_ => draft.OrderedType())];
        string attributes = string.Join(", ", parts.Select(part => $"{draft.Words.Name()} {part.Name}"));
        draft.Say($"CREATE TYPE {name} AS ({attributes})");
        if (draft.Dice.Chance(30))
        {
            string gone = draft.Words.Name();
            draft.Say($"ALTER TYPE {name} ADD ATTRIBUTE {gone} integer");
            draft.Say($"ALTER TYPE {name} DROP ATTRIBUTE {gone}");
        }

        draft.Types.Add(
            new DraftType(
                name,
                () => $"ROW({string.Join(", ", parts.Select(part => draft.Dice.Chance(20) ? "NULL" : part.Literal()))})::{name}"
            )
        );
    }

    private static void WriteDomain(Draft draft)
    {
        Dice dice = draft.Dice;
        string name = Add(draft);
        DraftType of = dice.Chance(70) ? dice.Pick([.. draft.Types.Where(type => type.Family.Length > 0)]) : draft.Type();
        string check = of.Family switch
        {
            "number" => dice.Pick([
                "VALUE > -100",
                "VALUE IS NULL OR VALUE BETWEEN -1000 AND 100000",
                "VALUE <> 13",
                "VALUE IN (1, 2, 3, 5, 8)",
            ]),
            "text" => dice.Pick([
                "VALUE <> ''",
                "length(VALUE) < 100",
                "VALUE ~ '^[^;]*$'",
                "VALUE IN ('plain', 'it''s', 'other')",
                "VALUE NOT LIKE '%\\%'",
                "(VALUE COLLATE \"C\") < 'zzz'",
            ]),
            "time" => dice.Pick(["VALUE > '1900-01-01'", "extract('YEAR' FROM VALUE) < 3000", "VALUE <= 'infinity'"]),
            "range" => "NOT isempty(VALUE)",
            _ => "VALUE IS NOT NULL",
        };
        string collate = of.Family == "text" && dice.Chance(20) ? $" COLLATE {dice.Pick(draft.Collations)}" : "";
        string constraint = dice.Chance(30) ? "" : $" CONSTRAINT {draft.Words.Name()} CHECK ({check})";
        draft.Say(
            $"CREATE DOMAIN {name} AS "
                + $"{of.Name}{collate}{(dice.Chance(25) ? $" DEFAULT {of.Literal()}" : "")}{dice.Maybe(10, " NOT NULL")}{constraint}"
        );
        draft.Types.Add(of with { Name = name, Literal = () => $"({of.Literal()})::{name}" });
        if (dice.Chance(25))
        {
            draft.Say($"ALTER DOMAIN {name} ADD CONSTRAINT {draft.Words.Name()} CHECK ({check}) NOT VALID");
        }
    }

    private static void WriteRange(Draft draft)
    {
        Dice dice = draft.Dice;
        string name = Add(draft);
        DraftType of = dice.Pick([.. draft.Types.Where(type => type.IsOrdered && type.Family is "number" or "time" or "text" or "enum")]);
        string collation = of.Name == "text" && dice.Chance(50) ? $", collation = {dice.Pick(draft.Collations)}" : "";
        string multirange = draft.Major >= 14 && dice.Chance(40) ? $", multirange_type_name = {draft.Name()}" : "";
        string difference = of.Name == "double precision" ? ", subtype_diff = float8mi" : "";
        draft.Say($"CREATE TYPE {name} AS RANGE (subtype = {of.Name}{collation}{multirange}{difference})");
        draft.Types.Add(
            new DraftType(name, () => dice.Chance(30) ? $"'empty'::{name}" : $"{name}({of.Literal()}, NULL)") { Family = "range" }
        );
    }

    private static void WriteArray(Draft draft)
    {
        DraftType of = draft.OrderedType();
        if (!of.Name.EndsWith("[]", StringComparison.Ordinal))
        {
            draft.Types.Add(new DraftType($"{of.Name}[]", () => $"ARRAY[{of.Literal()}, NULL, {of.Literal()}]::{of.Name}[]"));
        }
    }

    private static string Add(Draft draft)
    {
        string name = draft.Name();
        draft.OwnTypes.Add(name);
        return name;
    }
}
