using System.Globalization;
using System.Net.Sockets;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// Tells how far pg_restore is, all the time that it runs: what flows to it while rows do, and else, as it loads from a file, builds
/// indexes and adds constraints, what the server says that its sessions do.
/// </summary>
internal sealed class RestoreProgress : IDisposable
{
    private const int Longest = 90;

    // Where sessions are counted, those that restore come first.
    private const string Room = """
        SELECT (r.rolsuper OR (r.rolconnlimit < 0 AND d.datconnlimit < 0))
            AND (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity) + 20 < pg_catalog.current_setting('max_connections')::bigint
        FROM pg_catalog.pg_roles r, pg_catalog.pg_database d
        WHERE r.rolname = current_user AND d.datname = pg_catalog.current_database()
        """;

    private static readonly TimeSpan Beginning = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly ServerEndpoint _endpoint;
    private readonly string _application;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _looking;
    private readonly ProgressReporter _reporter;
    private volatile Func<(string Status, double? Fraction)>? _flow;
    private volatile string _work = "";

    /// <summary>Begins to tell.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="application">The name of pg_restore's sessions.</param>
    /// <param name="activity">What is done.</param>
    /// <param name="observer">Takes the messages.</param>
    public RestoreProgress(ServerEndpoint endpoint, string application, string activity, Action<EngineMessage> observer)
    {
        (_endpoint, _application) = (endpoint, application);
        _reporter = new ProgressReporter(activity, observer, () => _flow?.Invoke() ?? (_work, null));
        _looking = Task.Run(LookAsync, CancellationToken.None);
    }

    /// <summary>Tells how far rows have flowed, as long as they do.</summary>
    /// <param name="look">Tells where they are and which part is done; null when they have ended.</param>
    public void Follow(Func<(string Status, double? Fraction)>? look) => _flow = look;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _looking.GetAwaiter().GetResult();
        _reporter.Dispose();
        _stop.Dispose();
    }

    /// <summary>A statement for a line: of COPY the table alone, of others the beginning.</summary>
    /// <param name="statement">The statement's text.</param>
    internal static string Brief(string statement)
    {
        string line = string.Join(' ', statement.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).TrimEnd(';');
        if (line.StartsWith("COPY ", StringComparison.Ordinal) && line.IndexOf(" (", StringComparison.Ordinal) is > 5 and var end)
        {
            return line[5..end];
        }

        return line.Length <= Longest ? line : line[..Longest] + "…";
    }

    private async Task LookAsync()
    {
        try
        {
            // What is over in a second needs nobody to look.
            await Task.Delay(Beginning, _stop.Token).ConfigureAwait(false);
            await using NpgsqlConnection session = await ServerConnection
                .OpenAsync(_endpoint, "CryoBackup progress", clientEncoding: null, _stop.Token)
                .ConfigureAwait(false);
            if (!await session.ScalarAsync<bool>(Room, _stop.Token).ConfigureAwait(false))
            {
                return;
            }

            string query = Query(session.PostgreSqlVersion.Major);
            while (true)
            {
                List<string> works = await session.ListAsync(query, Read, _stop.Token, _application).ConfigureAwait(false);
                _work = string.Join("; ", works);
                await Task.Delay(Pause, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
            when (exception
                    is NpgsqlException
                        or CryoBackupException
                        or OperationCanceledException
                        or InvalidOperationException
                        or SocketException
                        or IOException
                        or TimeoutException
            )
        {
            // Who cannot look says less; the restore goes on.
            _work = "";
        }
    }

    // The size of a table comes from its blocks: to ask for it would wait for the lock that the statement holds.
    private static string Query(int major)
    {
        (string bytes, string copies) =
            major >= 14 ? ("c.bytes_processed", "LEFT JOIN pg_catalog.pg_stat_progress_copy c ON c.pid = a.pid") : ("NULL::bigint", "");
        return $"""
            SELECT pg_catalog.left(a.query, 500), {bytes}, i.blocks_total * pg_catalog.current_setting('block_size')::bigint,
                CASE WHEN i.blocks_done < i.blocks_total THEN i.blocks_done::float8 / i.blocks_total
                    WHEN i.tuples_total > 0 THEN i.tuples_done::float8 / i.tuples_total END
            FROM pg_catalog.pg_stat_activity a
            LEFT JOIN pg_catalog.pg_stat_progress_create_index i ON i.pid = a.pid {copies}
            WHERE a.application_name = $1 AND a.state = 'active' AND a.datname = pg_catalog.current_database()
            ORDER BY a.query_start LIMIT 4
            """;
    }

    private static string Read(NpgsqlDataReader row)
    {
        string loaded = row.IsDBNull(1) ? "" : $", {SizeText.Of(row.GetInt64(1))} loaded";
        string size = row.IsDBNull(2) || row.GetInt64(2) == 0 ? "" : $", {SizeText.Of(row.GetInt64(2))}";
        string part = row.IsDBNull(3) ? "" : string.Create(CultureInfo.InvariantCulture, $", {Math.Floor(row.GetDouble(3) * 100):0} %");
        return Brief(row.GetString(0)) + loaded + size + part;
    }
}
