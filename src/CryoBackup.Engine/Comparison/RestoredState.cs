using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>What a restored database is like beyond its rows: sequences, indexes, constraints, materialized views.</summary>
internal static partial class RestoredState
{
    /// <summary>Looks for what is not as the archive has it.</summary>
    /// <param name="target">A connection to the restored database.</param>
    /// <param name="entries">What was restored.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>One sentence a difference; empty if all is well.</returns>
    public static async Task<List<string>> FindDifferencesAsync(NpgsqlConnection target, IReadOnlyList<TocEntry> entries, CancellationToken cancellationToken)
    {
        var differences = new List<string>();
        foreach (TocEntry entry in entries.Where(entry => entry.Kind == "SEQUENCE SET"))
        {
            if (await SequenceDifferenceAsync(target, entry, cancellationToken).ConfigureAwait(false) is { } difference)
            {
                differences.Add(difference);
            }
        }

        HashSet<string> relations = [.. entries.Where(TocKinds.IsRelation).Select(NameOf)];
        differences.AddRange((await ListAsync(
            target,
            """
            SELECT t.nspname || '.' || r.relname, i.indexrelid::regclass::text
            FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class r ON r.oid = i.indrelid JOIN pg_catalog.pg_namespace t ON t.oid = r.relnamespace
            WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
            """,
            cancellationToken).ConfigureAwait(false))
            .Where(row => relations.Contains(row.Relation)).Select(row => $"the index {row.Name} of {row.Relation} is not valid"));

        // pg_dump says NOT VALID of what was not validated at the source either.
        HashSet<string> unvalidated = [.. entries.Where(entry => entry.Definition.Contains("NOT VALID", StringComparison.Ordinal)).Select(NameOf)];
        differences.AddRange((await ListAsync(
            target,
            """
            SELECT t.nspname || '.' || r.relname, c.conname
            FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_class r ON r.oid = c.conrelid JOIN pg_catalog.pg_namespace t ON t.oid = r.relnamespace
            WHERE NOT c.convalidated
            """,
            cancellationToken).ConfigureAwait(false))
            .Where(row => relations.Contains(row.Relation) && !unvalidated.Contains(row.Relation) && !unvalidated.Contains($"{row.Relation} {row.Name}"))
            .Select(row => $"the constraint {row.Name} of {row.Relation} is not validated"));

        HashSet<string> refreshed = [.. entries.Where(entry => entry.Kind == "MATERIALIZED VIEW DATA").Select(NameOf)];
        differences.AddRange((await ListAsync(
            target,
            """
            SELECT t.nspname || '.' || r.relname, r.relname
            FROM pg_catalog.pg_class r JOIN pg_catalog.pg_namespace t ON t.oid = r.relnamespace
            WHERE r.relkind = 'm' AND NOT r.relispopulated
            """,
            cancellationToken).ConfigureAwait(false))
            .Where(row => refreshed.Contains(row.Relation)).Select(row => $"the materialized view {row.Relation} is not populated"));
        return differences;
    }

    private static string NameOf(TocEntry entry) => $"{entry.Schema}.{entry.Name}";

    private static async Task<string?> SequenceDifferenceAsync(NpgsqlConnection target, TocEntry entry, CancellationToken cancellationToken)
    {
        Match recorded = SetValue().Match(entry.Definition);
        if (!recorded.Success)
        {
            return null;
        }

        long expected = long.Parse(recorded.Groups[1].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        await using var command = new NpgsqlCommand(
            $"SELECT s.last_value, p.increment_by < 0 FROM {TargetDatabase.Quote(entry.Schema)}.{TargetDatabase.Quote(entry.Name)} s, pg_catalog.pg_sequences p WHERE p.schemaname = $1 AND p.sequencename = $2",
            target)
        {
            Parameters = { new() { Value = entry.Schema }, new() { Value = entry.Name } },
        };
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        if (!await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            return $"the sequence {NameOf(entry)} is missing";
        }

        // Sequences are not part of a snapshot: the dump may hold a later value than the rows need, never an earlier one.
        long found = row.GetInt64(0);
        bool behind = row.GetBoolean(1) ? found > expected : found < expected;
        return behind ? string.Create(CultureInfo.InvariantCulture, $"the sequence {NameOf(entry)} stands at {found}, behind the recorded {expected}") : null;
    }

    private static async Task<List<(string Relation, string Name)>> ListAsync(NpgsqlConnection target, string query, CancellationToken cancellationToken)
    {
        var rows = new List<(string, string)>();
        await using var command = new NpgsqlCommand(query, target);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
        while (await row.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            rows.Add((row.GetString(0), row.GetString(1)));
        }

        return rows;
    }

    [GeneratedRegex(@", (-?[0-9]+), (?:true|false)\);\s*$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex SetValue();
}
