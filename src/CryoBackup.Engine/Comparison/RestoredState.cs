using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Comparison;

/// <summary>
/// What a restored database is like beyond its rows: sequences, indexes, constraints, triggers, materialized views. The source is the
/// measure: what was invalid, not validated or disabled there is right when it comes back so. Where no record of the source exists, only
/// what the archive itself proves counts.
/// </summary>
/// <param name="target">A connection to the restored database.</param>
/// <param name="entries">What was restored.</param>
/// <param name="source">What the backup records of the source; null for nothing.</param>
/// <param name="cancellationToken">Ends the queries.</param>
internal sealed partial class RestoredState(
    NpgsqlConnection target,
    IReadOnlyList<TocEntry> entries,
    IReadOnlyList<ObjectState>? source,
    CancellationToken cancellationToken
)
{
    private readonly HashSet<(string Kind, string Schema, string Name)> _entries =
    [
        .. entries.Select(entry => (entry.Kind, entry.Schema, entry.Name)),
    ];
    private readonly HashSet<string> _relations = [.. entries.Where(TocKinds.IsRelation).Select(NameOf)];

    // pg_dump says so of what was not validated or enforced at the source, of a constraint or in the table's own definition.
    private readonly HashSet<string> _unvalidated =
    [
        .. entries
            .Where(entry =>
                entry.Definition.Contains("NOT VALID", StringComparison.Ordinal)
                || entry.Definition.Contains("NOT ENFORCED", StringComparison.Ordinal)
            )
            .Select(NameOf),
    ];

    /// <summary>Looks for what is not as it was.</summary>
    /// <returns>One sentence a difference; empty if all is well.</returns>
    public async Task<List<string>> FindDifferencesAsync()
    {
        var differences = new List<string>();
        foreach (TocEntry entry in entries.Where(entry => entry.Kind == "SEQUENCE SET"))
        {
            if (await SequenceDifferenceAsync(entry).ConfigureAwait(false) is { } difference)
            {
                differences.Add(difference);
            }
        }

        List<ObjectState> found = await ObjectState.ReadAsync(target, cancellationToken).ConfigureAwait(false);
        foreach (
            ObjectState state in found.Where(state =>
                _relations.Contains($"{state.Schema}.{state.Relation}") && source?.Contains(state) != true
            )
        )
        {
            if (await IsWrongAsync(state).ConfigureAwait(false))
            {
                differences.Add($"{state.Subject} is {state.State}");
            }
        }

        differences.AddRange(
            (source ?? []).Except(found).Where(IsSwitchOfRestored).Select(state => $"{state.Subject} is not {state.State}, as it was")
        );
        return differences;
    }

    /// <summary>Whether a state that the source is not known to have had tells of a fault.</summary>
    private async Task<bool> IsWrongAsync(ObjectState state) =>
        state.Kind switch
        {
            "index" => state.State != "incomplete" || await LacksPartitionAsync(state).ConfigureAwait(false),
            "constraint" => state.State != "not validated, as inherited"
                && !_unvalidated.Contains($"{state.Schema}.{state.Relation}")
                && !_unvalidated.Contains($"{state.Schema}.{state.Relation} {state.Name}"),
            "materialized view" => _entries.Contains(("MATERIALIZED VIEW DATA", state.Schema, state.Relation)),
            _ => source is not null && IsSwitchOfRestored(state),
        };

    /// <summary>What a restore sets by an entry of its own, and nothing else changes.</summary>
    private bool IsSwitchOfRestored(ObjectState state) =>
        state.Kind switch
        {
            "trigger" => _entries.Contains(("TRIGGER", state.Schema, $"{state.Relation} {state.Name}")),
            "rule" => _entries.Contains(("RULE", state.Schema, $"{state.Relation} {state.Name}")),
            "table" => _entries.Contains(("TABLE", state.Schema, state.Relation)),
            _ => false,
        };

    /// <summary>The index of a partitioned table is valid once every partition's is attached; at the source, too,
    /// some may be missing.</summary>
    private async Task<bool> LacksPartitionAsync(ObjectState index)
    {
        var name = new QualifiedName(index.Schema, index.Name);
        int expected = entries.Count(entry =>
            entry.Kind == "INDEX ATTACH" && QualifiedName.After(entry.Definition, "ALTER INDEX ") == name
        );
        long attached = await target
            .ScalarAsync<long>(
                """
                SELECT pg_catalog.count(*) FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhparent
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2
                """,
                cancellationToken,
                index.Schema,
                index.Name
            )
            .ConfigureAwait(false);
        return attached < expected;
    }

    private static string NameOf(TocEntry entry) => $"{entry.Schema}.{entry.Name}";

    private async Task<string?> SequenceDifferenceAsync(TocEntry entry)
    {
        Match recorded = SetValue().Match(entry.Definition);
        if (!recorded.Success)
        {
            return null;
        }

        long expected = long.Parse(recorded.Groups[1].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        List<(long Value, bool Descends, bool IsCalled)> states = await target
            .ListAsync(
                $"SELECT s.last_value, p.increment_by < 0, s.is_called FROM {Sql.Quote(entry.Schema, entry.Name)} s, "
                    + "pg_catalog.pg_sequences p WHERE p.schemaname = $1 AND p.sequencename = $2",
                row => (row.GetInt64(0), row.GetBoolean(1), row.GetBoolean(2)),
                cancellationToken,
                entry.Schema,
                entry.Name
            )
            .ConfigureAwait(false);
        if (states is not [(long found, bool descends, bool isCalled), ..])
        {
            return $"the sequence {NameOf(entry)} is missing";
        }

        // Sequences are not part of a snapshot: the dump may hold a later value than the rows need, never an earlier one.
        bool behind = descends ? found > expected : found < expected;

        // A value that was given out once must not be given out again.
        bool repeats = found == expected && recorded.Groups[2].ValueSpan is "true" && !isCalled;
        return behind || repeats
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the sequence {NameOf(entry)} stands {(repeats ? "before" : "at")} {found}, behind the recorded {expected}"
            )
            : null;
    }

    [GeneratedRegex(@", (-?[0-9]+), (true|false)\);\s*$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex SetValue();
}
