namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Views and materialized views, on tables, functions and each other; of those that hang on a primary key by GROUP BY.</summary>
internal static class ViewChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(2, 6, () => WriteView(draft));
        dice.Times(0, 3, () => WriteMaterialized(draft));
        if (dice.Chance(15))
        {
            WriteCircle(draft);
        }

        dice.Times(0, 2, () => WriteRule(draft));
    }

    private static void WriteView(Draft draft)
    {
        Dice dice = draft.Dice;
        string name = draft.Name();
        string options = dice.Pick(["", "", "", " WITH (security_barrier)", draft.Major >= 15 ? " WITH (security_invoker = true)" : ""]);
        string query = Query(draft);
        string check = query.Contains("WHERE true", StringComparison.Ordinal)
            ? dice.Pick(["", " WITH CASCADED CHECK OPTION", " WITH LOCAL CHECK OPTION"])
            : "";
        draft.Say($"CREATE VIEW {name}{options} AS {query}{check}");
        draft.Views.Add(name);
    }

    private static string Query(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftTable other = dice.Pick(draft.Tables);
        string column = dice.Pick(table.Columns).Name;
        string last = other.Columns[^1].Name;
        string key = string.Join(", ", table.Key.Select(each => $"t.{each}"));
        string source = draft.Views.Count > 0 && dice.Chance(35) ? dice.Pick(draft.Views) : table.Name;
        return dice.Next(0, 15) switch
        {
            0 when key.Length > 0 => $"SELECT t.*, count(*) AS n FROM {table.Name} t GROUP BY {key}",
            1 when key.Length > 0 =>
                $"SELECT t.{column} AS c, max(o.{last}::text) AS m FROM {table.Name} t LEFT JOIN {other.Name} o ON true GROUP BY "
                    + $"{key} HAVING count(*) > 0",
            2 => $"SELECT * FROM {source}",
            3 => $"SELECT t.{column} AS \"a b\", o.{last} AS \"Größe\", NULL AS nothing, 'x' AS unknown FROM {table.Name} t CROSS "
                + $"JOIN {other.Name} o",
            4 => $"SELECT {column} AS c, row_number() OVER w AS r, lag({column}::text, 1, 'x') OVER (w ROWS BETWEEN 1 PRECEDING AND "
                + $"CURRENT ROW) AS g FROM {table.Name} WINDOW w AS (PARTITION BY {column} IS NULL ORDER BY {column}::text)",
            5 => "VALUES (1, NULL, 'it''s', DATE '2024-01-01'), (2, NULL, E'a\\\\b', 'infinity')",
            6 => $"WITH RECURSIVE ladder(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM ladder WHERE n < 5), c AS MATERIALIZED (SELECT "
                + $"count(*) AS k FROM {source}) SELECT n, k FROM ladder, c",
            7 => $"SELECT s.x, q.y FROM {table.Name} t, LATERAL (SELECT {column}::text AS x) s, LATERAL unnest(ARRAY[1, 2]) WITH "
                + $"ORDINALITY AS q(y, z)",
            8 => $"SELECT {column}::text AS t FROM {table.Name} UNION SELECT {last}::text FROM {other.Name} EXCEPT ALL SELECT 'x' "
                + $"ORDER BY 1 DESC LIMIT 5 OFFSET 0",
            9 => $"SELECT count(*) FILTER (WHERE {column} IS NOT NULL) AS f, percentile_cont(0.5) WITHIN GROUP (ORDER BY "
                + $"length({column}::text)) AS p, string_agg({column}::text, ',' ORDER BY {column}::text DESC) AS s, "
                + $"grouping({column}) AS g FROM {table.Name} GROUP BY GROUPING SETS (({column}), ())",
            10 => $"SELECT {column} FROM {table.Name} WHERE true AND {column}::varchar IN ('a', 'b') IS NOT TRUE",
            11 => $"SELECT t FROM {table.Name} t",
            12 => $"SELECT extract('YEAR' FROM CURRENT_TIMESTAMP) AS y, CURRENT_USER AS u, CURRENT_DATE AT TIME ZONE 'UTC' AS d, "
                + $"LOCALTIME AS l, xmlelement(name \"e l\", xmlattributes(1 AS a), t.{column}::text) AS x, "
                + $"COALESCE(t.{column}::text, 'n') AS c, GREATEST(1, 2) AS g, CAST(ROW(1, 'a') AS text) AS r FROM {table.Name} t",
            13 => $"SELECT DISTINCT ON ({column}::text) {column}::text AS a, EXISTS (SELECT FROM {other.Name}) AS e, ARRAY(SELECT "
                + $"{last}::text FROM {other.Name} ORDER BY 1) AS r, 1 = ANY (SELECT 2) AS y FROM {table.Name} ORDER BY "
                + $"{column}::text, 2",
            14 when draft.Calculations.Count > 0 =>
                $"SELECT {dice.Pick(draft.Calculations).Function}(NULL) AS f, t.{column} AS c FROM {table.Name} t TABLESAMPLE "
                    + $"BERNOULLI (100) REPEATABLE (1)",
            _ => $"SELECT a.*, b.{last} AS other FROM {source} a FULL JOIN {other.Name} b ON (b.{last} IS NULL)",
        };
    }

    private static void WriteMaterialized(Draft draft)
    {
        Dice dice = draft.Dice;
        string name = draft.Name();
        string source =
            draft.MaterializedViews.Count > 0 && dice.Chance(30)
                ? $"SELECT count(*) AS n FROM {dice.Pick(draft.MaterializedViews)}"
                : Query(draft);
        string filled = dice.Maybe(25, " WITH NO DATA");
        draft.Say($"CREATE MATERIALIZED VIEW {name}{dice.Maybe(20, " WITH (fillfactor = 80)")} AS {source}{filled}");
        draft.MaterializedViews.Add(name);
        if (dice.Chance(40))
        {
            draft.Say($"CREATE INDEX {draft.Words.Name()} ON {name} ((1))");
        }

        draft.Say($"CREATE UNIQUE INDEX {draft.Words.Name()} ON {name} (n)");
        draft.Views.Add(name);
    }

    /// <summary>Two views that hang on each other: pg_dump breaks the circle with a view of NULLs.</summary>
    private static void WriteCircle(Draft draft)
    {
        string one = draft.Name();
        string two = draft.Name();
        string function = draft.Name();
        draft.Say($"CREATE VIEW {one} AS SELECT 1 AS n, 'a'::text AS t");
        draft.Say($"CREATE FUNCTION {function}() RETURNS SETOF {one} LANGUAGE sql STABLE AS 'SELECT 1, ''x''::text'");
        draft.Say($"CREATE VIEW {two} AS SELECT * FROM {function}()");
        draft.Say($"CREATE OR REPLACE VIEW {one} AS SELECT n, t FROM {two} WHERE n > 1");
    }

    private static void WriteRule(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        string on = dice.Chance(40) && draft.Views.Count > 0 ? dice.Pick(draft.Views) : table.Name;
        string name = draft.Words.Name();
        string what = dice.Pick([
            "DO INSTEAD NOTHING",
            "DO ALSO NOTIFY changed, 'it''s'",
            $"WHERE false DO INSTEAD (DELETE FROM {table.Name} WHERE false; SELECT 1)",
        ]);
        draft.Say($"CREATE RULE {name} AS ON {dice.Pick(["INSERT", "UPDATE", "DELETE"])} TO {on} {what}");
        if (dice.Chance(50))
        {
            draft.Say($"ALTER TABLE {on} {dice.Pick(["DISABLE", "ENABLE ALWAYS", "ENABLE REPLICA"])} RULE {name}");
        }

        if (dice.Chance(30))
        {
            draft.Say($"COMMENT ON RULE {name} ON {on} IS {draft.Words.Text()}");
        }
    }
}
