namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Constraints in every state.</summary>
internal static class ConstraintChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(2, 6, () => WriteCheck(draft));
        dice.Times(1, 3, () => WriteUnique(draft));
        dice.Times(1, 4, () => WriteForeignKey(draft));
        if (dice.Chance(30))
        {
            WriteExclusion(draft);
        }

        if (draft.Major >= 18)
        {
            dice.Times(0, 3, () => WriteOf18(draft));
        }
    }

    private static void WriteCheck(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftColumn column = dice.Pick(table.Columns);
        string condition = Condition(draft, column);
        string state = dice.Pick(["", "", "NOT VALID", table.IsPartitioned ? "" : "NO INHERIT", "NO INHERIT NOT VALID"]);
        string name = draft.Words.Name();
        draft.Say($"ALTER TABLE {table.Name} ADD CONSTRAINT {name} CHECK ({condition}) {state}");
        if (dice.Chance(20))
        {
            draft.Say($"COMMENT ON CONSTRAINT {name} ON {table.Name} IS {draft.Words.Text()}");
        }

        if (state == "NOT VALID" && dice.Chance(20))
        {
            draft.Say($"ALTER TABLE {table.Name} VALIDATE CONSTRAINT {name}");
        }
    }

    /// <summary>A condition that the server writes back in other words than it was given in.</summary>
    public static string Condition(Draft draft, DraftColumn column)
    {
        Dice dice = draft.Dice;
        string name = column.Name;
        if (draft.Calculations.Find(each => each.Type == column.Type.Name) is { Function: { } function } && dice.Chance(40))
        {
            return $"{function}({name}) IS DISTINCT FROM {column.Type.Literal()}";
        }

        string value = column.Type.Literal().Contains("SELECT", StringComparison.Ordinal) ? "NULL" : column.Type.Literal();
        value = value.Contains("SELECT", StringComparison.Ordinal) ? "NULL" : value;
        return column.Type.Family switch
        {
            "number" => dice.Pick([
                $"{name} > -1000000",
                $"{name} IN (1, 2, 3) OR {name} IS NULL OR {name} <> 13",
                $"{name} BETWEEN SYMMETRIC 1000000 AND -1000000",
                $"CASE WHEN {name} > 5 THEN true ELSE {name} < 1000 END",
                $"{name} = ANY (ARRAY[1, 2]) OR true",
                $"({name} + 1) * 2 - 3 > -99999 AND NOT {name} = 77",
            ]),
            "text" => dice.Pick([
                $"{name} IN ('a', 'b') OR {name} NOT IN ('q', 'r')",
                $"{name} LIKE '%' ESCAPE '\\'",
                $"length(trim(both ' ' from {name})) < 100000",
                $"{name} SIMILAR TO '%' OR {name} IS NULL",
                $"position(';' IN {name}) >= 0",
                $"substring({name} FROM 1 FOR 2) <> 'zz' COLLATE \"C\"",
                $"{name} !~ 'never(?=this)'",
                $"overlay({name} PLACING 'x' FROM 1 FOR 1) IS NOT NULL OR {name} IS NULL",
            ]),
            "time" => dice.Pick([
                $"extract(YEAR FROM {name}) < 400000 OR NOT isfinite({name})",
                $"{name} > DATE '4713-01-01 BC' OR true",
                $"{name} <> TIMESTAMP '2001-02-03 04:05:06'",
                $"date_part('DOW', {name}) IS DISTINCT FROM 9",
            ]),
            "range" => $"NOT isempty({name}) OR {name} IS NOT NULL OR {name} IS NULL",
            _ => dice.Pick([
                $"{name} IS NOT NULL OR true",
                $"{name}::text <> 'never'",
                $"({name} IS NULL) IS NOT UNKNOWN",
                $"{name} IS DISTINCT FROM {value} OR true",
            ]),
        };
    }

    private static void WriteUnique(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftColumn[] ordered = [.. table.Columns.Where(column => column.Type.IsOrdered && column.Type.Literal() != "DEFAULT")];
        if (ordered.Length == 0)
        {
            return;
        }

        string[] columns = [.. dice.Some(ordered, dice.Next(1, 2)).Select(column => column.Name).Union(table.PartitionKey)];
        string nulls = draft.Major >= 15 ? dice.Maybe(25, "NULLS NOT DISTINCT ") : "";
        string include = dice.Chance(20) ? $" INCLUDE ({dice.Pick(table.Columns).Name})" : "";
        string options = dice.Maybe(15, " WITH (fillfactor = 60)") + dice.Pick(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"]);
        string name = draft.Words.Name();
        draft.Say($"ALTER TABLE {table.Name} ADD CONSTRAINT {name} UNIQUE {nulls}({string.Join(", ", columns)}){include}{options}");
        if (dice.Chance(25))
        {
            draft.Say($"ALTER TABLE {table.Name} REPLICA IDENTITY {dice.Pick([$"USING INDEX {name}", "FULL", "NOTHING"])}");
        }

        if (dice.Chance(20))
        {
            draft.Say($"ALTER TABLE {table.Name} CLUSTER ON {name}");
        }
    }

    private static void WriteForeignKey(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable[] targets = [.. draft.Tables.Where(table => table.Key.Length == 1)];
        if (targets.Length == 0)
        {
            return;
        }

        DraftTable target = dice.Pick(targets);
        if (draft.Column(static (_, column) => column.Type.Name == "integer") is not var (table, column))
        {
            return;
        }

        string actions = dice.Pick([
            "",
            " ON DELETE CASCADE",
            " ON DELETE SET NULL ON UPDATE CASCADE",
            " MATCH FULL ON UPDATE SET DEFAULT",
            draft.Major >= 15 ? $" ON DELETE SET NULL ({column.Name})" : " ON DELETE RESTRICT",
        ]);
        string late = dice.Pick(["", "", " DEFERRABLE", " DEFERRABLE INITIALLY DEFERRED"]);
        string valid = table.IsPartitioned && draft.Major < 18 ? "" : dice.Maybe(60, " NOT VALID");
        draft.Say(
            $"ALTER TABLE {table.Name} ADD CONSTRAINT {draft.Words.Name()} FOREIGN KEY ({column.Name}) REFERENCES "
                + $"{target.Name}{actions}{late}{valid}"
        );
    }

    private static void WriteExclusion(Draft draft)
    {
        Dice dice = draft.Dice;
        string table = draft.Name();
        string name = draft.Words.Name();
        draft.Say(
            $"CREATE TABLE {table} (id integer, r int4range, c circle, EXCLUDE USING gist (r WITH &&) WHERE (id > 3), CONSTRAINT "
                + $"{name} EXCLUDE USING gist (c WITH &&, r WITH -|-) DEFERRABLE)"
        );
        draft.Say($"INSERT INTO {table} VALUES (1, '[1,2)', '<(0,0),1>'), (9, '[5,7)', NULL), (NULL, 'empty', '<(9,9),1>')");
        if (dice.Chance(50))
        {
            draft.Say($"ALTER TABLE {table} ADD EXCLUDE USING btree (id WITH =)");
        }
    }

    private static void WriteOf18(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftColumn column = dice.Pick(table.Columns);
        string name = draft.Words.Name();
        string history = draft.Name();
        string[] statements = dice.Pick<string[]>([
            [$"ALTER TABLE {table.Name} ADD CONSTRAINT {name} CHECK ({Condition(draft, column)}) NOT ENFORCED"],
            [$"ALTER TABLE {table.Name} ADD CONSTRAINT {name} NOT NULL {column.Name} NOT VALID"],
            [$"ALTER TABLE {table.Name} ADD CONSTRAINT {name} NOT NULL {column.Name}{dice.Maybe(50, " NO INHERIT")}"],
            [
                $"CREATE TABLE {history} (id int4range, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS), CONSTRAINT {name} "
                    + $"FOREIGN KEY (id, PERIOD valid) REFERENCES {history} (id, PERIOD valid))",
                $"INSERT INTO {history} VALUES ('[1,2)', '[2024-01-01,2024-02-01)'), ('[1,2)', '[2024-02-01,infinity)')",
            ],
            [
                $"CREATE TABLE {history} (id integer PRIMARY KEY, up integer, CONSTRAINT {name} FOREIGN KEY (up) REFERENCES "
                    + $"{history} NOT ENFORCED)",
                $"INSERT INTO {history} VALUES (1, 99)",
            ],
        ]);
        statements.ToList().ForEach(draft.Say);
    }
}
