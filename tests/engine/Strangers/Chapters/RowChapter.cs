namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Rows, before and after the constraints.</summary>
internal static class RowChapter
{
    public static void Write(Draft draft)
    {
        foreach (DraftTable table in draft.Tables.ToArray())
        {
            draft.Dice.Times(1, 4, () => WriteRows(draft, table));
        }
    }

    /// <summary>What comes later: updates that move rows, deleted ones, many at once.</summary>
    public static void WriteMore(Draft draft)
    {
        Dice dice = draft.Dice;
        foreach (DraftTable table in draft.Tables.ToArray())
        {
            if (dice.Chance(30))
            {
                WriteRows(draft, table);
            }

            DraftColumn? column = table.Columns.Find(each => each.IsWritable);
            if (column is not null && dice.Chance(20))
            {
                draft.Say(
                    $"UPDATE {table.Name} SET {column.Name} = {column.Type.Literal()} WHERE ctid IN (SELECT ctid FROM {table.Name} LIMIT 1)"
                );
            }
        }

        if (dice.Chance(15) && draft.Column(static (_, column) => column.IsWritable && column.Type.Name == "text") is var (wide, text))
        {
            draft.Say($"INSERT INTO {wide.Name} ({text.Name}) SELECT n::text || repeat(' x', n % 50) FROM generate_series(1, 3000) AS n");
        }
    }

    private static void WriteRows(Draft draft, DraftTable table)
    {
        Dice dice = draft.Dice;
        DraftColumn[] columns = [.. table.Columns.Where(column => column.IsWritable && !dice.Chance(10))];
        if (columns.Length == 0)
        {
            draft.Say($"INSERT INTO {table.Name} DEFAULT VALUES");
            return;
        }

        string Value(DraftColumn column) => dice.Chance(12) && !table.Key.Contains(column.Name) ? "NULL" : column.Type.Literal();
        string[] rows = [.. Enumerable.Range(0, dice.Next(1, 4)).Select(_ => $"({string.Join(", ", columns.Select(Value))})")];
        draft.Say(
            $"INSERT INTO {table.Name} ({string.Join(", ", columns.Select(column => column.Name))}) VALUES {string.Join(", ", rows)} "
                + $"ON CONFLICT DO NOTHING"
        );
    }
}
