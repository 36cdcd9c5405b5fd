using System.Data;
using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// The planner's statistics, which a dump does not hold. They say nothing of the rows, so that nothing that befalls them speaks against a
/// restore; and nobody asks a foreign server for them, which may be out of reach, or the one that was saved.
/// </summary>
internal sealed class PlannerStatistics
{
    private const int MostNamed = 5;

    // A partition is analyzed with its parent, and a parent asks its foreign children for rows.
    private const string TablesQuery = """
        WITH RECURSIVE outward (oid) AS (
            SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'f'
            UNION
            SELECT i.inhparent FROM pg_catalog.pg_inherits i JOIN outward o ON o.oid = i.inhrelid
        )
        SELECT c.oid, n.nspname::text, c.relname::text, EXISTS (SELECT FROM outward o WHERE o.oid = c.oid),
               coalesce((SELECT i.inhparent FROM pg_catalog.pg_inherits i WHERE i.inhrelid = c.oid AND c.relispartition LIMIT 1), 0)
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'p') AND c.relpersistence <> 't' AND NOT c.relisshared
        ORDER BY c.oid
        """;

    private readonly NpgsqlConnection _target;
    private readonly ServerEndpoint _endpoint;
    private readonly List<(string Table, CryoBackupException Reason)> _failed = [];

    private PlannerStatistics(NpgsqlConnection target, ServerEndpoint endpoint)
    {
        _target = target;
        _endpoint = endpoint;
    }

    /// <summary>Collects them, table by table.</summary>
    /// <param name="plan">What was restored.</param>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="application">Shown in pg_stat_activity.</param>
    /// <param name="cancellationToken">Has the server cancel the ANALYZE that runs.</param>
    /// <returns>Warnings: what has no statistics, why, and what to do; empty if all has.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static async Task<IReadOnlyList<string>> CollectAsync(
        RestorePlan plan,
        ServerEndpoint endpoint,
        string application,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await using NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, application, plan.Encoding, cancellationToken)
                .ConfigureAwait(false);
            return await new PlannerStatistics(target, endpoint).CollectAsync(plan, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
            when (exception is NpgsqlException or SocketException or IOException or TimeoutException
                && !cancellationToken.IsCancellationRequested
            )
        {
            return [Describe(endpoint.Database, NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed))];
        }
    }

    private async Task<IReadOnlyList<string>> CollectAsync(RestorePlan plan, CancellationToken cancellationToken)
    {
        bool whole = plan.HasTargetToItself;
        HashSet<(string, string)> restored = [.. plan.Entries.Where(TocKinds.IsRelation).Select(entry => (entry.Schema, entry.Name))];
        List<AnalyzedTable> tables = await ListAsync(cancellationToken).ConfigureAwait(false);
        tables.RemoveAll(table => !(whole || restored.Contains((table.Schema, table.Name))));
        HashSet<uint> analyzed = [.. tables.Where(table => !table.AsksForeignServer).Select(table => table.Oid)];
        foreach (AnalyzedTable table in tables.Where(table => analyzed.Contains(table.Oid) && !analyzed.Contains(table.Partitioned)))
        {
            if (!await TryAnalyzeAsync(table, cancellationToken).ConfigureAwait(false))
            {
                break;
            }
        }

        return [.. Warnings([.. tables.Where(table => table.AsksForeignServer).Select(table => table.ToString())])];
    }

    private Task<List<AnalyzedTable>> ListAsync(CancellationToken cancellationToken) =>
        _target.ListAsync(
            TablesQuery,
            row => new AnalyzedTable(
                row.GetFieldValue<uint>(0),
                row.GetString(1),
                row.GetString(2),
                row.GetBoolean(3),
                row.GetFieldValue<uint>(4)
            ),
            cancellationToken
        );

    /// <returns>False if the session is lost, so that there is no use in going on.</returns>
    private async Task<bool> TryAnalyzeAsync(AnalyzedTable table, CancellationToken cancellationToken)
    {
        try
        {
            await _target.ExecuteAsync($"ANALYZE {Sql.Quote(table.Schema, table.Name)}", cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception exception)
            when (exception is NpgsqlException or IOException or TimeoutException && !cancellationToken.IsCancellationRequested)
        {
            _failed.Add((table.ToString(), NpgsqlErrors.Translate(exception, _endpoint, CryoBackupError.RestoreFailed)));
            return _target.FullState == ConnectionState.Open;
        }
    }

    private IEnumerable<string> Warnings(string[] outward)
    {
        foreach (
            IGrouping<string, (string Table, CryoBackupException Reason)> group in _failed.GroupBy(
                failed => failed.Reason.Message,
                StringComparer.Ordinal
            )
        )
        {
            yield return Describe(Name([.. group.Select(failed => failed.Table)]), group.First().Reason);
        }

        if (outward.Length > 0)
        {
            yield return $"No statistics were collected of {Name(outward)}, because that would have asked a foreign server for rows. "
                + "ANALYZE them when it may be asked.";
        }
    }

    private static string Describe(string tables, CryoBackupException reason) =>
        $"The rows are restored, but ANALYZE of {tables} failed; queries are slow without it. "
        + $"{reason.Message}{(reason.Remedy is null ? "" : " " + reason.Remedy)} Then ANALYZE again.";

    private static string Name(string[] tables) =>
        string.Join(", ", tables.Take(MostNamed))
        + (tables.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {tables.Length - MostNamed} more") : "");

    private sealed record AnalyzedTable(uint Oid, string Schema, string Name, bool AsksForeignServer, uint Partitioned)
    {
        public override string ToString() => $"{Schema}.{Name}";
    }
}
