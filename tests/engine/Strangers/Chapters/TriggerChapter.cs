namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Triggers in every state, event triggers, row security and its policies.</summary>
internal static class TriggerChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        string function = draft.Name();
        draft.Say($"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $t$ BEGIN RETURN coalesce(new, old); END $t$");
        draft.Functions.Add(new DraftFunction($"{function}()", function));
        dice.Times(0, 4, () => WriteTrigger(draft, function));
        dice.Times(0, 3, () => WritePolicy(draft));
        if (!draft.IsOrdinary && dice.Chance(30))
        {
            WriteEventTrigger(draft);
        }
    }

    private static void WriteTrigger(Draft draft, string function)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        string column = dice.Pick(table.Columns).Name;
        string name = draft.Words.Name();
        string arguments = dice.Pick(["", "'a', 'it''s'", "E'b\\\\', ''", "'Größe'"]);
        string head = dice.Pick([
            $"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {column} ON {table.Name} FOR EACH ROW WHEN (new.{column} IS NOT NULL)",
            $"CREATE TRIGGER {name} AFTER DELETE ON {table.Name} REFERENCING OLD TABLE AS \"o T\" FOR EACH STATEMENT",
            $"CREATE CONSTRAINT TRIGGER {name} AFTER UPDATE ON {table.Name} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN "
                + $"(old.{column} IS DISTINCT FROM new.{column})",
            $"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table.Name} FOR EACH STATEMENT",
            $"CREATE TRIGGER {name} INSTEAD OF UPDATE ON {(draft.Views.Count > 0 ? dice.Pick(draft.Views) : table.Name)} FOR EACH ROW",
        ]);
        draft.Say($"{head} EXECUTE FUNCTION {function}({arguments})");
        if (dice.Chance(60))
        {
            draft.Say($"ALTER TABLE {table.Name} {dice.Pick(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])} TRIGGER {name}");
        }

        DraftTable? partition = draft.Tables.Find(each => each.IsChild && each.Columns == table.Columns && each != table);
        if (partition is not null && dice.Chance(50))
        {
            draft.Say($"ALTER TABLE {partition.Name} {dice.Pick(["DISABLE", "ENABLE ALWAYS"])} TRIGGER {name}");
        }

        if (dice.Chance(25))
        {
            draft.Say($"COMMENT ON TRIGGER {name} ON {table.Name} IS {draft.Words.Text()}");
        }
    }

    private static void WritePolicy(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftTable other = dice.Pick(draft.Tables);
        string name = draft.Words.Name();
        draft.Say($"ALTER TABLE {table.Name} ENABLE ROW LEVEL SECURITY{dice.Maybe(30, ", FORCE ROW LEVEL SECURITY")}");
        string to = dice.Pick(["", " TO PUBLIC", $" TO {draft.Role()}, stranger_reader", " TO CURRENT_USER"]);
        string condition = dice.Pick([
            ConstraintChapter.Condition(draft, dice.Pick(table.Columns)),
            $"EXISTS (SELECT FROM {other.Name})",
            "CURRENT_USER = 'x'",
        ]);
        string rest = dice.Pick([
            $" AS RESTRICTIVE FOR SELECT{to} USING ({condition})",
            $" FOR INSERT{to} WITH CHECK ({condition})",
            $"{to} USING (true) WITH CHECK ({condition})",
        ]);
        draft.Say($"CREATE POLICY {name} ON {table.Name}{rest}");
        if (dice.Chance(30))
        {
            draft.Say($"COMMENT ON POLICY {name} ON {table.Name} IS {draft.Words.Text()}");
        }
    }

    private static void WriteEventTrigger(Draft draft)
    {
        string function = draft.Name();
        string name = draft.Words.Name();
        draft.Say($"CREATE FUNCTION {function}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'");
        string on = draft.Dice.Pick([
            "ddl_command_end",
            "sql_drop",
            "ddl_command_start WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')",
            "table_rewrite",
        ]);
        draft.Say($"CREATE EVENT TRIGGER {name} ON {on} EXECUTE FUNCTION {function}()");
        if (draft.Dice.Chance(40))
        {
            draft.Say($"ALTER EVENT TRIGGER {name} {draft.Dice.Pick(["DISABLE", "ENABLE REPLICA", "ENABLE ALWAYS"])}");
        }
    }
}
