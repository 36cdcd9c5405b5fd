using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;

namespace CryoBackup.Restore;

/// <summary>All that a restore would say to the server, in its order, as a script of psql's to be read, which ends before its first
/// statement: rows are named and not written, passwords are neither.</summary>
/// <param name="session">What the parts of the restore have in common.</param>
/// <param name="plan">What is restored.</param>
internal sealed partial class PlanScript(RestoreSession session, RestorePlan plan)
{
    // What pg_restore puts behind all else, wherever it stands: its passes for privileges and for what follows these.
    private static readonly string[] LastKinds = ["ACL", "ACL LANGUAGE", "DEFAULT ACL", "EVENT TRIGGER", "MATERIALIZED VIEW DATA"];

    private readonly StringBuilder _text = new();

    /// <summary>The statements that create roles.</summary>
    public IReadOnlyList<string> RoleStatements { get; init; } = [];

    /// <summary>What follows the name in CREATE DATABASE; null where none is made.</summary>
    public string? DatabaseOptions { get; init; }

    /// <summary>Writes it.</summary>
    /// <param name="definitions">What pg_restore writes of the entries that have no rows, with the number of each.</param>
    public string Write(string definitions)
    {
        string database = session.Endpoint.Database;
        string working = plan.Makes ? TemporaryDatabase.NameFor(session.Application) : database;
        Remark($"The plan of a restore of '{session.Request.Path}' into the database '{database}', mode {plan.Mode}.");
        Remark("It is to be read: without the rows it is no restore, and psql stops here.");
        _text.Append("\\quit\n");
        if (RoleStatements.Count > 0 || DatabaseOptions is not null)
        {
            Connect("postgres");
            Statements(RoleStatements.Select(static statement => Password().Replace(statement, "$1'…'")));
            Statements(DatabaseOptions is null ? [] : [TargetDatabase.Creation(working, DatabaseOptions)]);
        }

        if (plan.Makes)
        {
            Remark("The new database has another such name in each run.");
        }

        Connect(working);
        Statements(PgRestoreRuns.SettingsOf(plan).Select(setting => $"SET {setting.Key} = {Sql.Literal(setting.Value)}"));
        WriteEntries(definitions);
        Remark("The planner's statistics are collected, and every table is compared with the backup.");
        if (plan.Makes)
        {
            string? previous = plan.Mode == RestoreMode.Swap ? TemporaryDatabase.PreviousName(database) : null;
            Statements(["BEGIN", .. plan.DatabaseStatements.Select(statement => statement.For(working)), "COMMIT"]);
            Connect("postgres");
            Statements(["BEGIN", .. TemporaryDatabase.Renames(working, database, previous), "COMMIT"]);
        }

        return _text.ToString();
    }

    private void WriteEntries(string definitions)
    {
        var places = plan.Entries.Select((entry, place) => (entry.DumpId, place)).ToDictionary(item => item.DumpId, item => item.place);
        var counts = plan.Tables.ToDictionary(table => table.Entry.DumpId, table => table.Fingerprint?.Rows);
        var rows = new Queue<TocEntry>(plan.Entries.Where(static entry => entry.HasData));
        string[] lines = definitions.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            // The first line of a remark says nothing, the second one which entry follows.
            if (
                i + 1 < lines.Length
                && Number().Match(lines[i + 1]) is { Success: true } match
                && int.TryParse(match.Groups[1].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                && places.TryGetValue(id, out int place)
            )
            {
                bool isLast = Array.IndexOf(LastKinds, plan.Entries[place].Kind) >= 0;
                while (rows.TryPeek(out TocEntry? next) && (isLast || places[next.DumpId] < place))
                {
                    WriteRows(rows.Dequeue(), counts);
                }
            }

            _text.Append(lines[i]).Append('\n');
        }

        foreach (TocEntry entry in rows)
        {
            WriteRows(entry, counts);
        }
    }

    private void WriteRows(TocEntry entry, Dictionary<int, long?> counts)
    {
        long? count = counts.GetValueOrDefault(entry.DumpId);
        string what = entry.IsTableData && entry.CopyStatement.Length > 0 ? entry.CopyStatement.Trim() : $"{entry}";
        Remark(count is null ? what : string.Create(CultureInfo.InvariantCulture, $"{what} ({count} {(count == 1 ? "row" : "rows")})"));
    }

    private void Connect(string database) => _text.Append("\\connect ").Append(Sql.Quote(database)).Append('\n');

    private void Statements(IEnumerable<string> statements)
    {
        foreach (string statement in statements)
        {
            _text.Append(statement.TrimEnd(';')).Append(";\n");
        }
    }

    /// <summary>A name may hold line breaks, behind which it would be SQL.</summary>
    private void Remark(string text) => _text.Append("-- ").Append(text.ReplaceLineEndings(" ")).Append('\n');

    [GeneratedRegex(@"^-- TOC entry ([0-9]{1,9}) \(class ", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"(\bPASSWORD\s+)'(?:[^']|'')*'", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Password();
}
