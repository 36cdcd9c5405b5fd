namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Functions, procedures, aggregates, operators and casts.</summary>
internal static class FunctionChapter
{
    private static readonly (string Type, string Expression)[] Sums =
    [
        ("integer", "$1 + 1"),
        ("integer", "coalesce($1, 0) % 7"),
        ("text", "lower($1)"),
        ("text", "replace($1, '\\', '/')"),
        ("numeric", "round($1, 2)"),
        ("boolean", "NOT $1"),
    ];

    /// <summary>Functions that columns, checks and indexes call.</summary>
    public static void WriteCalculations(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(1, 4, () => WriteCalculation(draft));
        if (dice.Chance(40))
        {
            WriteAggregate(draft);
        }

        if (dice.Chance(30))
        {
            WriteOperator(draft);
        }

        if (dice.Chance(25))
        {
            WriteCast(draft);
        }

        if (!draft.IsOrdinary && dice.Chance(30))
        {
            WriteInternal(draft);
        }
    }

    /// <summary>Functions of tables and views.</summary>
    public static void WriteOfTables(Draft draft)
    {
        draft.Dice.Times(1, 4, () => WriteOfTable(draft));
        if (draft.Dice.Chance(40))
        {
            WriteProcedure(draft);
        }
    }

    private static string Traits(Dice dice, bool isOrdinary) =>
        dice.Maybe(30, " STRICT")
        + dice.Maybe(30, " PARALLEL SAFE")
        + dice.Maybe(20, " COST 3.5")
        + dice.Maybe(10, " SECURITY DEFINER")
        + (isOrdinary ? "" : dice.Maybe(5, " LEAKPROOF"))
        + dice.Maybe(15, " SET search_path TO 'pg_catalog', 'pg_temp'")
        + dice.Maybe(8, " SET \"DateStyle\" TO 'ISO, DMY'")
        + dice.Maybe(5, " SET work_mem TO '5MB'");

    private static void WriteCalculation(Draft draft)
    {
        Dice dice = draft.Dice;
        (string type, string expression) = dice.Pick(Sums);
        string name = draft.Name();
        string head = $"CREATE FUNCTION {name}({draft.Words.Name()} {type}) RETURNS {type} ";
        string traits = Traits(dice, draft.IsOrdinary);
        string body = dice.Next(0, 4) switch
        {
            0 when draft.Major >= 14 => $"LANGUAGE sql IMMUTABLE{traits} BEGIN ATOMIC SELECT {expression}; END",
            1 when draft.Major >= 14 => $"LANGUAGE sql IMMUTABLE{traits} RETURN {expression}",
            2 => $"LANGUAGE plpgsql IMMUTABLE{traits} AS $body$ BEGIN -- {draft.Words.RawText().ReplaceLineEndings(" ")}\nRETURN "
                + $"{expression}; END $body$",
            3 when draft.Calculations.Find(each => each.Type == type) is { Function: { } other } =>
                $"LANGUAGE sql IMMUTABLE{traits} AS {Words.Literal($"SELECT {other}({expression})")}",
            _ => $"LANGUAGE sql IMMUTABLE{traits} AS {Words.Literal($"SELECT {expression}")}",
        };
        draft.Say(head + body);
        draft.Calculations.Add((type, name));
        draft.Functions.Add(new DraftFunction($"{name}({type})", name));
        if (dice.Chance(20))
        {
            draft.Say(
                $"CREATE FUNCTION {name}({type}, VARIADIC text[] DEFAULT ARRAY['a', 'b''c']) RETURNS {type} LANGUAGE sql AS 'SELECT $1'"
            );
        }
    }

    private static void WriteAggregate(Draft draft)
    {
        string name = draft.Name();
        (string arguments, string definition) = draft.Dice.Pick([
            ("integer", "sfunc = int4pl, stype = integer, initcond = '0'"),
            (
                "numeric",
                "sfunc = numeric_add, stype = numeric, msfunc = numeric_add, minvfunc = numeric_sub, mstype = numeric, parallel = safe"
            ),
            ("*", "sfunc = int8inc, stype = bigint, initcond = '0'"),
            ("text", "sfunc = textcat, stype = text, sortop = OPERATOR(pg_catalog.<)"),
            (
                "VARIADIC \"any\" ORDER BY VARIADIC \"any\"",
                "sfunc = ordered_set_transition_multi, stype = internal, finalfunc = rank_final, finalfunc_extra, hypothetical"
            ),
        ]);
        if (arguments.Length > 10 && draft.IsOrdinary)
        {
            return;
        }

        draft.Say($"CREATE AGGREGATE {name}({arguments}) ({definition})");
        draft.Functions.Add(new DraftFunction($"{name}({arguments})", name, "AGGREGATE"));
    }

    private static void WriteOperator(Draft draft)
    {
        string schema = draft.Schema();
        string function = $"{schema}.{draft.Words.Name()}";
        string sign = draft.Dice.Pick(["===", "<~>", "@#@", "|%|"]);
        draft.Say($"CREATE FUNCTION {function}(integer, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::text = $2'");
        draft.Functions.Add(new DraftFunction($"{function}(integer, text)", function));
        draft.Say(
            $"CREATE OPERATOR {schema}.{sign} (FUNCTION = {function}, LEFTARG = integer, RIGHTARG = "
                + $"text{draft.Dice.Maybe(50, ", RESTRICT = eqsel, JOIN = eqjoinsel")})"
        );
        if (draft.Dice.Chance(50))
        {
            draft.Say($"COMMENT ON OPERATOR {schema}.{sign} (integer, text) IS {draft.Words.Text()}");
        }

        if (!draft.IsOrdinary && draft.Dice.Chance(40))
        {
            draft.Say($"CREATE OPERATOR FAMILY {draft.Name()} USING btree");
            draft.Say(
                $"CREATE OPERATOR CLASS {draft.Name()} FOR TYPE integer USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, "
                    + $"OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(integer, integer)"
            );
        }
    }

    private static void WriteCast(Draft draft)
    {
        if (draft.OwnTypes.Count == 0)
        {
            return;
        }

        string type = draft.Dice.Pick(draft.OwnTypes);
        string function = draft.Name();
        draft.Say($"CREATE FUNCTION {function}({type}) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT length($1::text)::bigint'");
        draft.Say($"CREATE CAST ({type} AS bigint) WITH FUNCTION {function}({type}){draft.Dice.Maybe(50, " AS ASSIGNMENT")}");
        draft.Say($"COMMENT ON CAST ({type} AS bigint) IS {draft.Words.Text()}");
        draft.Say($"CREATE CAST (uuid AS {type}) WITH INOUT");
    }

    private static void WriteInternal(Draft draft)
    {
        string name = draft.Name();
        draft.Say(
            draft.Dice.Pick([
                $"CREATE FUNCTION {name}() RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number'",
                $"CREATE FUNCTION {name}(integer) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'int4abs'",
                $"CREATE ACCESS METHOD {draft.Words.Name()} TYPE TABLE HANDLER heap_tableam_handler",
                $"CREATE TEXT SEARCH TEMPLATE {name} (INIT = dsimple_init, LEXIZE = dsimple_lexize)",
                $"CREATE TEXT SEARCH PARSER {name} "
                    + "(START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
            ])
        );
    }

    private static void WriteOfTable(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        string name = draft.Name();
        string source = draft.Views.Count > 0 && dice.Chance(30) ? dice.Pick(draft.Views) : table.Name;
        string traits = Traits(dice, draft.IsOrdinary);
        string key = string.Join(", ", table.Key);
        string first = table.Columns.Count > 0 ? table.Columns[0].Name : "1";
        (string arguments, string rest) = dice.Next(0, 6) switch
        {
            0 => ("", $"RETURNS SETOF {source} LANGUAGE sql STABLE{traits} ROWS 7 AS {Words.Literal($"SELECT * FROM {source}")}"),
            1 when draft.Major >= 14 => (
                "",
                $"RETURNS SETOF {table.Name} LANGUAGE sql STABLE{traits} BEGIN ATOMIC SELECT * FROM {table.Name}; END"
            ),
            2 when draft.Major >= 14 && key.Length > 0 => (
                "",
                $"RETURNS TABLE (a text, n bigint) LANGUAGE sql STABLE{traits} BEGIN ATOMIC SELECT {first}::text, count(*) FROM "
                    + $"{table.Name} GROUP BY {key}; END"
            ),
            3 => (table.Name, $"RETURNS text LANGUAGE sql IMMUTABLE{traits} AS 'SELECT $1::text'"),
            4 => (
                "integer",
                $"RETURNS TABLE (\"a b\" integer, n bigint) LANGUAGE plpgsql{traits} AS $x$ BEGIN RETURN QUERY SELECT 1, count(*) "
                    + $"FROM {table.Name}; END $x$"
            ),
            5 => (
                "OUT a integer, OUT \"B\" text",
                $"LANGUAGE sql{traits} AS {Words.Literal($"SELECT count(*)::integer, 'x' FROM {source}")}"
            ),
            _ => ("", $"RETURNS SETOF record LANGUAGE plpgsql{traits} AS $x$ DECLARE r {table.Name}%ROWTYPE; BEGIN RETURN; END $x$"),
        };
        draft.Say($"CREATE FUNCTION {name}({arguments}) {rest}");
        draft.Functions.Add(new DraftFunction($"{name}({(arguments.StartsWith("OUT", StringComparison.Ordinal) ? "" : arguments)})", name));
    }

    private static void WriteProcedure(Draft draft)
    {
        string name = draft.Name();
        draft.Say(
            $"CREATE PROCEDURE {name}(INOUT n integer DEFAULT 3, t text DEFAULT {draft.Words.Text()}) LANGUAGE "
                + $"plpgsql{draft.Dice.Maybe(20, " SET lock_timeout TO '5s'")} AS $p$ BEGIN n := n + 1; COMMIT; END $p$"
        );
        draft.Functions.Add(new DraftFunction($"{name}(integer, text)", name, "PROCEDURE"));
    }
}
