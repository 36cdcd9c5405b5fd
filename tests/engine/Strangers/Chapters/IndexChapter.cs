namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Indexes of every method, partial, covering, of expressions, of partitioned tables alone, and some never finished.</summary>
internal static class IndexChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(2, 6, () => WriteIndex(draft));
        if (dice.Chance(30))
        {
            WriteInvalid(draft);
        }

        if (dice.Chance(40))
        {
            WriteOfRoot(draft);
        }

        dice.Times(0, 2, () => WriteStatistics(draft));
    }

    private static void WriteIndex(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftColumn column = dice.Pick(table.Columns);
        string name = draft.Words.Name();
        string order = dice.Pick(["", " DESC", " DESC NULLS LAST", " NULLS FIRST"]);
        string expression =
            draft.Calculations.Find(each => each.Type == column.Type.Name) is { Function: { } function } ? $"{function}({column.Name})"
            : column.Type.Family == "text" ? $"lower({column.Name}){order}"
            : $"({column.Name} IS NULL){order}";
        string where = dice.Chance(25) ? $" WHERE {ConstraintChapter.Condition(draft, dice.Pick(table.Columns))}" : "";
        string include = dice.Chance(15) ? $" INCLUDE ({dice.Pick(table.Columns).Name})" : "";
        string what = dice.Next(0, 7) switch
        {
            0 => $"({expression}, {column.Name}{order}){include}{dice.Maybe(20, " WITH (fillfactor = 50, deduplicate_items = off)")}",
            1 => $"USING hash ({column.Name})",
            2 => $"USING gin ({column.Name})",
            3 => $"USING gist ({column.Name})",
            4 => $"USING brin ({column.Name}) WITH (pages_per_range = 16)",
            5 => $"USING spgist ({column.Name})",
            6 =>
                $"({column.Name}{(column.Type.Family == "text" ? $" COLLATE {dice.Pick(draft.Collations)} text_pattern_ops" : "")}{order})",
            _ => $"({column.Name}{order}){include}",
        };
        draft.Say($"CREATE {dice.Maybe(15, "UNIQUE ")}INDEX {name} ON {dice.Maybe(10, "ONLY ")}{table.Name} {what}{where}");
        if (what.StartsWith($"({expression}", StringComparison.Ordinal) && dice.Chance(40))
        {
            string schema = table.Name[..^table.Name.Split('.')[^1].Length];
            draft.Say($"ALTER INDEX {schema}{name} ALTER COLUMN 1 SET STATISTICS 77");
        }
    }

    /// <summary>Left behind by CREATE INDEX CONCURRENTLY, which fails here; pg_dump leaves it out.</summary>
    private static void WriteInvalid(Draft draft)
    {
        if (
            draft.Column(static (table, column) => !table.IsPartitioned && column.IsWritable && column.Type.IsOrdered)
            is var (table, column)
        )
        {
            string value = column.Type.Literal();
            draft.Say($"INSERT INTO {table.Name} ({column.Name}) VALUES ({value})");
            draft.Say($"INSERT INTO {table.Name} ({column.Name}) VALUES ({value})");
            draft.Say($"CREATE UNIQUE INDEX CONCURRENTLY {draft.Words.Name()} ON {table.Name} ({column.Name})");
        }
    }

    /// <summary>Of a partitioned table alone, with some of its partitions' indexes attached, or none.</summary>
    private static void WriteOfRoot(Draft draft)
    {
        DraftTable[] roots = [.. draft.Tables.Where(table => table.IsPartitioned)];
        if (roots.Length == 0)
        {
            return;
        }

        DraftTable root = draft.Dice.Pick(roots);
        string column = root.Columns[0].Name;
        string index = draft.Words.Name();
        string schema = root.Name[..^root.Name.Split('.')[^1].Length];
        draft.Say($"CREATE INDEX {index} ON ONLY {root.Name} ({column})");
        foreach (
            DraftTable partition in draft.Tables.Where(table => table.IsChild && table.Columns == root.Columns && draft.Dice.Chance(50))
        )
        {
            string own = draft.Words.Name();
            string place = partition.Name[..^partition.Name.Split('.')[^1].Length];
            draft.Say($"CREATE INDEX {own} ON {partition.Name} ({column})");
            draft.Say($"ALTER INDEX {schema}{index} ATTACH PARTITION {place}{own}");
        }
    }

    private static void WriteStatistics(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        string name = draft.Name();
        string kinds = dice.Pick(["", " (ndistinct)", " (dependencies, mcv)"]);
        string[] columns = [.. dice.Some(table.Columns, 2).Select(column => column.Name)];
        string on =
            draft.Major >= 14 && dice.Chance(30) ? $"({columns[0]} IS NULL), ({columns[^1]}::text || 'x')" : string.Join(", ", columns);
        draft.Say($"CREATE STATISTICS {name}{kinds} ON {on} FROM {table.Name}");
        if (dice.Chance(40))
        {
            draft.Say($"ALTER STATISTICS {name} SET STATISTICS {dice.Next(0, 300)}");
            draft.Say($"COMMENT ON STATISTICS {name} IS {draft.Words.Text()}");
        }
    }
}
