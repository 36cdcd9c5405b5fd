namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Text search, foreign data, publications, large objects, conversions.</summary>
internal static class ElseChapter
{
    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        if (dice.Chance(30))
        {
            WriteTextSearch(draft);
        }

        if (!draft.IsOrdinary && dice.Chance(40))
        {
            WriteForeign(draft);
        }

        if (dice.Chance(30))
        {
            WritePublication(draft);
        }

        dice.Times(0, 3, () => WriteLargeObject(draft));
        if (dice.Chance(10))
        {
            draft.Say($"CREATE CONVERSION {draft.Name()} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8");
        }
    }

    private static void WriteTextSearch(Draft draft)
    {
        Dice dice = draft.Dice;
        string dictionary = draft.Name();
        string configuration = draft.Name();
        draft.Say($"CREATE TEXT SEARCH DICTIONARY {dictionary} (TEMPLATE = snowball, LANGUAGE = german, STOPWORDS = german)");
        draft.Say($"CREATE TEXT SEARCH CONFIGURATION {configuration} (COPY = pg_catalog.simple)");
        draft.Say($"ALTER TEXT SEARCH CONFIGURATION {configuration} ALTER MAPPING FOR word, asciiword WITH {dictionary}, simple");
        draft.Say($"ALTER TEXT SEARCH CONFIGURATION {configuration} DROP MAPPING FOR email");
        draft.Say($"COMMENT ON TEXT SEARCH CONFIGURATION {configuration} IS {draft.Words.Text()}");
        draft.Say($"ALTER TEXT SEARCH DICTIONARY {dictionary} OWNER TO {draft.Role()}");
        if (dice.Chance(60) && draft.Column(static (_, column) => column.Type.Name == "text") is var (table, column))
        {
            draft.Say(
                $"CREATE INDEX {draft.Words.Name()} ON {table.Name} USING gin (to_tsvector({Words.Literal(configuration)}, {column.Name}))"
            );
        }
    }

    private static void WriteForeign(Draft draft)
    {
        Dice dice = draft.Dice;
        string server = draft.Words.Name();
        bool isFile = dice.Chance(50);
        string table = draft.Name();
        DraftType type = draft.Type();
        draft.Say($"CREATE EXTENSION IF NOT EXISTS {(isFile ? "file_fdw" : "postgres_fdw")} SCHEMA {draft.Schema()}");
        draft.Say(
            isFile
                ? $"CREATE SERVER {server} FOREIGN DATA WRAPPER file_fdw"
                : $"CREATE SERVER {server} TYPE 'far' VERSION '15' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '/nowhere', "
                    + $"dbname 'it''s')"
        );
        string options = isFile ? "filename '/dev/null', format 'csv'" : "table_name 'x'";
        draft.Say(
            $"CREATE FOREIGN TABLE {table} (id integer{(isFile ? "" : " OPTIONS (column_name 'ID')")} NOT NULL, v {type.Name} "
                + $"DEFAULT {type.Literal()}, CONSTRAINT {draft.Words.Name()} CHECK (id > 0)) SERVER {server} OPTIONS ({options})"
        );
        if (!isFile)
        {
            draft.Say(
                $"CREATE USER MAPPING FOR {dice.Pick(["PUBLIC", "stranger_app"])} SERVER {server} OPTIONS (user 'guest', password 'secret')"
            );
        }

        draft.Say($"CREATE VIEW {draft.Name()} AS SELECT id, v FROM {table}");
        if (isFile && dice.Chance(50))
        {
            draft.Say($"CREATE MATERIALIZED VIEW {draft.Name()} AS SELECT count(*) AS n FROM {table}");
        }

        if (dice.Chance(50))
        {
            draft.Say($"GRANT USAGE ON FOREIGN SERVER {server} TO {draft.Role()}");
            draft.Say($"GRANT SELECT ON {table} TO {draft.Role()}");
            draft.Say($"COMMENT ON SERVER {server} IS {draft.Words.Text()}");
        }
    }

    private static void WritePublication(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        DraftTable other = dice.Pick(draft.Tables);
        string name = draft.Words.Name();
        draft.Say(
            dice.Pick([
                $"CREATE PUBLICATION {name} FOR TABLE {table.Name}, ONLY {other.Name} WITH (publish = 'insert')",
                draft.IsOrdinary ? $"CREATE PUBLICATION {name}" : $"CREATE PUBLICATION {name} FOR ALL TABLES",
                draft.Major >= 15
                    ? $"CREATE PUBLICATION {name} FOR TABLE {table.Name} WHERE ({table.Columns[0].Name} IS NOT NULL)"
                    : $"CREATE PUBLICATION {name}",
                draft.Major >= 15 ? $"CREATE PUBLICATION {name} FOR TABLES IN SCHEMA {draft.Schema()}" : $"CREATE PUBLICATION {name}",
            ])
        );
        draft.Say($"COMMENT ON PUBLICATION {name} IS {draft.Words.Text()}");
    }

    private static void WriteLargeObject(Draft draft)
    {
        Dice dice = draft.Dice;
        int id = dice.Next(100000, 999999);
        string content = dice.Pick(["''::bytea", "'\\x00ff'::bytea", "decode(repeat('61', 9000), 'hex')"]);
        draft.Say($"SELECT lo_from_bytea({id}, {content})");
        if (dice.Chance(40))
        {
            draft.Say($"GRANT SELECT ON LARGE OBJECT {id} TO {draft.Role()}{dice.Maybe(30, " WITH GRANT OPTION")}");
        }

        if (dice.Chance(40))
        {
            draft.Say($"ALTER LARGE OBJECT {id} OWNER TO {draft.Role()}");
        }

        if (dice.Chance(30))
        {
            draft.Say($"COMMENT ON LARGE OBJECT {id} IS {draft.Words.Text()}");
        }
    }
}
