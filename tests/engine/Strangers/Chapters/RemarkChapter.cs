namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Comments, and what is said of the database itself: settings, privileges.</summary>
internal static class RemarkChapter
{
    private static readonly string[] Settings =
    [
        "search_path = 'nowhere', \"$user\", public",
        "statement_timeout = '50ms'",
        "lock_timeout = 20",
        "idle_in_transaction_session_timeout = '40ms'",
        "\"DateStyle\" = 'SQL, DMY'",
        "\"IntervalStyle\" = 'sql_standard'",
        "\"TimeZone\" = 'Asia/Kolkata'",
        "bytea_output = 'escape'",
        "extra_float_digits = 0",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
        "default_transaction_read_only = on",
        "default_transaction_isolation = 'serializable'",
        "client_encoding = 'LATIN1'",
        "lc_monetary = 'C'",
        "xmlbinary = 'hex'",
        "xmloption = 'document'",
        "default_toast_compression = 'pglz'",
        "row_security = off",
        "check_function_bodies = off",
        "session_preload_libraries = 'plpgsql'",
        "array_nulls = off",
        "transform_null_equals = on",
        "client_min_messages = 'debug1'",
        "default_with_oids = off",
        "gin_fuzzy_search_limit = 3",
        "default_text_search_config = 'pg_catalog.german'",
        "work_mem = '3MB'",
        "my.own = 'it''s; \"odd\"'",
    ];

    public static void Write(Draft draft)
    {
        draft.Dice.Times(1, 5, () => WriteComment(draft));
        if (draft.Dice.Chance(50))
        {
            WriteOfDatabase(draft);
        }
    }

    private static void WriteComment(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        List<string> all =
        [
            $"TABLE {table.Name}",
            $"COLUMN {table.Name}.{dice.Pick(table.Columns).Name}",
            $"SCHEMA {draft.Schema()}",
            .. draft.Views.Take(1).Select(_ => $"VIEW {dice.Pick(draft.Views)}"),
            .. draft.Sequences.Take(1).Select(_ => $"SEQUENCE {dice.Pick(draft.Sequences)}"),
            .. draft.OwnTypes.Take(1).Select(_ => $"TYPE {dice.Pick(draft.OwnTypes)}"),
            "EXTENSION plpgsql",
        ];
        if (draft.Functions.Count > 0)
        {
            DraftFunction function = dice.Pick(draft.Functions);
            all.Add($"{function.Kind} {function.Signature}");
        }

        draft.Say($"COMMENT ON {dice.Pick(all)} IS {draft.Words.Text()}");
    }

    /// <summary>The database's name stands as DATABASE_NAME, for who loads it knows it.</summary>
    private static void WriteOfDatabase(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(
            0,
            2,
            () =>
                draft.Say(
                    dice.Pick([
                        $"COMMENT ON DATABASE DATABASE_NAME IS {draft.Words.Text()}",
                        "REVOKE CONNECT, TEMPORARY ON DATABASE DATABASE_NAME FROM PUBLIC",
                        $"GRANT CREATE ON DATABASE DATABASE_NAME TO {draft.Role()} WITH GRANT OPTION",
                        $"ALTER ROLE {draft.Role()} IN DATABASE DATABASE_NAME SET {dice.Pick(Settings)}",
                        "ALTER DATABASE DATABASE_NAME CONNECTION LIMIT 50",
                        $"ALTER DATABASE DATABASE_NAME OWNER TO {draft.Role()}",
                    ])
                )
        );
        dice.Times(0, 2, () => draft.Say($"ALTER DATABASE DATABASE_NAME SET {dice.Pick(Settings)}"));
    }
}
