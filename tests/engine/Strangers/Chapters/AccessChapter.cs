namespace CryoBackup.Tests.Strangers.Chapters;

/// <summary>Owners and privileges.</summary>
internal static class AccessChapter
{
    private static readonly string[] Defaults =
    [
        "GRANT SELECT ON TABLES TO stranger_reader",
        "REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC",
        "GRANT USAGE ON TYPES TO stranger_app WITH GRANT OPTION",
        "GRANT ALL ON SEQUENCES TO PUBLIC",
    ];

    public static void Write(Draft draft)
    {
        Dice dice = draft.Dice;
        dice.Times(1, 5, () => WriteOwner(draft));
        dice.Times(2, 6, () => WriteOfTable(draft));
        dice.Times(0, 4, () => WriteElse(draft));
        dice.Times(0, 2, () => WriteDefault(draft));
        if (dice.Chance(20))
        {
            draft.Say(
                dice.Pick([
                    "REVOKE ALL ON SCHEMA public FROM PUBLIC",
                    "GRANT ALL ON SCHEMA public TO PUBLIC",
                    "ALTER SCHEMA public OWNER TO stranger_owner",
                    "COMMENT ON SCHEMA public IS 'Ours'",
                    "COMMENT ON SCHEMA public IS NULL",
                ])
            );
        }
    }

    private static void WriteDefault(Draft draft)
    {
        string role = draft.Dice.Chance(50) ? $" FOR ROLE {draft.Role()}" : "";
        string schema = draft.Dice.Chance(50) ? $" IN SCHEMA {draft.Schema()}" : "";
        draft.Say($"ALTER DEFAULT PRIVILEGES{role}{schema} {draft.Dice.Pick(Defaults)}");
    }

    private static void WriteOwner(Draft draft)
    {
        Dice dice = draft.Dice;
        string role = draft.Role();
        List<string> all =
        [
            $"ALTER TABLE {dice.Pick(draft.Tables).Name} OWNER TO {role}",
            $"ALTER SCHEMA {draft.Schema()} OWNER TO {role}",
            .. draft.Views.Take(1).Select(_ => $"ALTER VIEW {dice.Pick(draft.Views)} OWNER TO {role}"),
            .. draft.Sequences.Take(1).Select(_ => $"ALTER SEQUENCE {dice.Pick(draft.Sequences)} OWNER TO {role}"),
            .. draft.OwnTypes.Take(1).Select(_ => $"ALTER TYPE {dice.Pick(draft.OwnTypes)} OWNER TO {role}"),
        ];
        if (draft.Functions.Count > 0)
        {
            DraftFunction function = dice.Pick(draft.Functions);
            all.Add($"ALTER {function.Kind} {function.Signature} OWNER TO {role}");
        }

        draft.Say(dice.Pick(all));
    }

    private static void WriteOfTable(Draft draft)
    {
        Dice dice = draft.Dice;
        DraftTable table = dice.Pick(draft.Tables);
        string what = draft.Views.Count > 0 && dice.Chance(30) ? dice.Pick(draft.Views) : table.Name;
        string to = dice.Pick([draft.Role(), draft.Role(), "PUBLIC"]);
        string option = to == "PUBLIC" ? "" : dice.Maybe(30, " WITH GRANT OPTION");
        draft.Say(
            dice.Pick([
                $"GRANT SELECT ON {what} TO {to}{option}",
                $"GRANT ALL ON {what} TO {to}",
                $"GRANT SELECT ({table.Columns[0].Name}), UPDATE ({table.Columns[^1].Name}) ON {table.Name} TO {to}{option}",
                $"REVOKE ALL ON {what} FROM CURRENT_USER",
                $"REVOKE DELETE ON {what} FROM stranger_owner",
                $"GRANT SELECT, TRIGGER ON {what} TO {to}",
            ])
        );
    }

    private static void WriteElse(Draft draft)
    {
        Dice dice = draft.Dice;
        string role = draft.Role();
        List<string> all = [$"GRANT {dice.Pick(["USAGE", "CREATE", "ALL"])} ON SCHEMA {draft.Schema()} TO {role}"];
        if (draft.Functions.Count > 0)
        {
            DraftFunction function = dice.Pick(draft.Functions);
            string kind = function.Kind == "AGGREGATE" ? "FUNCTION" : function.Kind;
            all.Add($"REVOKE ALL ON {kind} {function.Signature} FROM PUBLIC");
            all.Add($"GRANT EXECUTE ON {kind} {function.Signature} TO {role} WITH GRANT OPTION");
        }

        if (draft.OwnTypes.Count > 0)
        {
            all.Add($"REVOKE USAGE ON TYPE {dice.Pick(draft.OwnTypes)} FROM PUBLIC");
        }

        if (draft.Sequences.Count > 0)
        {
            all.Add($"GRANT USAGE, SELECT ON SEQUENCE {dice.Pick(draft.Sequences)} TO {role}");
        }

        if (!draft.IsOrdinary)
        {
            all.Add($"GRANT USAGE ON LANGUAGE plpgsql TO {role}");
            all.Add("REVOKE ALL ON LANGUAGE sql FROM PUBLIC");
            all.Add($"GRANT SELECT ON pg_catalog.pg_authid TO {role}");
            all.Add("REVOKE EXECUTE ON FUNCTION pg_catalog.pg_sleep(double precision) FROM PUBLIC");
        }

        draft.Say(dice.Pick(all));
    }
}
