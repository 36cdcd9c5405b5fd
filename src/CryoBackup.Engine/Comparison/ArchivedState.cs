using CryoBackup.Archive;
using CryoBackup.Postgres;
using CryoBackup.Text;

namespace CryoBackup.Comparison;

/// <summary>
/// What an archive itself tells of the state of its source: triggers and rules that are switched, row security. That is what an encrypted
/// backup, whose manifest names nothing, and an archive without a manifest are compared by.
/// </summary>
internal static class ArchivedState
{
    /// <summary>Reads it.</summary>
    /// <param name="entries">The table of contents.</param>
    /// <returns>What a restore sets by a statement of its own.</returns>
    public static IReadOnlyList<ObjectState> Of(IReadOnlyList<TocEntry> entries)
    {
        bool standardStrings = TocKinds.HasStandardStrings(entries);
        HashSet<(string, string)> secured =
        [
            .. entries.Where(entry => entry.Kind is "ROW SECURITY").Select(entry => (entry.Schema, entry.Name)),
        ];
        List<ObjectState> states = [];
        foreach (TocEntry entry in entries)
        {
            if (entry.Kind is "TRIGGER" or "RULE" && SwitchOf(entry, standardStrings) is { } state)
            {
                states.Add(state);
            }
            else if (entry.Kind is "TABLE")
            {
                bool forced = IsForced(entry, standardStrings);
                if (forced || secured.Contains((entry.Schema, entry.Name)))
                {
                    string how =
                        !forced ? "row security enabled"
                        : secured.Contains((entry.Schema, entry.Name)) ? "row security enabled and forced"
                        : "row security forced";
                    states.Add(new ObjectState("table", entry.Schema, entry.Name, "", how));
                }
            }
        }

        return states;
    }

    /// <summary>A trigger's or rule's own statement, ALTER TABLE … DISABLE TRIGGER …; null where it is as it is made,
    /// or follows its parent's.</summary>
    private static ObjectState? SwitchOf(TocEntry entry, bool standardStrings)
    {
        if (!entry.Definition.Contains("ABLE ", StringComparison.Ordinal))
        {
            return null;
        }

        bool isMade = false;
        foreach (SqlStatement statement in SqlStatement.Split(entry.Definition, standardStrings))
        {
            isMade |= statement.Has(0, "CREATE");
            if (!isMade || TableAltered(statement) is not var (table, at))
            {
                continue;
            }

            (int Words, string State)? found =
                statement.Has(at, "DISABLE") ? (1, "disabled")
                : statement.Has(at, "ENABLE", "ALWAYS") ? (2, "always enabled")
                : statement.Has(at, "ENABLE", "REPLICA") ? (2, "for replicas")
                : null;
            if (found is var (words, state) && statement.Has(at + words, entry.Kind, null))
            {
                return new ObjectState(
                    entry.Kind is "TRIGGER" ? "trigger" : "rule",
                    table.Schema,
                    table.Name,
                    statement.Tokens[at + words + 1].Name,
                    state
                );
            }
        }

        return null;
    }

    private static bool IsForced(TocEntry entry, bool standardStrings) =>
        entry.Definition.Contains("FORCE ROW LEVEL SECURITY", StringComparison.Ordinal)
        && SqlStatement
            .Split(entry.Definition, standardStrings)
            .Any(statement => TableAltered(statement) is var (_, at) && statement.Has(at, "FORCE", "ROW", "LEVEL", "SECURITY"));

    /// <summary>The table of ALTER TABLE, and where its name has ended.</summary>
    private static ((string Schema, string Name) Table, int End)? TableAltered(SqlStatement statement)
    {
        int at =
            statement.Has(0, "ALTER", "TABLE") ? 2
            : statement.Has(0, "ALTER", "FOREIGN", "TABLE") ? 3
            : -1;
        at += statement.Has(at, "ONLY") ? 1 : 0;
        return statement.Has(at, null, ".", null) ? ((statement.Tokens[at].Name, statement.Tokens[at + 2].Name), at + 3) : null;
    }
}
