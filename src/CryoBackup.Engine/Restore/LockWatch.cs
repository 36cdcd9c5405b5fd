using System.Net.Sockets;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>
/// Ends a restore into a database that others use when it has waited too long for a lock: behind a lock that is asked for, everybody waits
/// who comes later. pg_restore sets lock_timeout to none, so another session looks whom it waits for.
/// </summary>
internal sealed class LockWatch : IDisposable
{
    private const string Query = """
        SELECT pg_catalog.concat(
            coalesce((SELECT pg_catalog.min(coalesce(l.relation::pg_catalog.regclass::text, l.locktype)) FROM pg_catalog.pg_locks l
                WHERE l.pid = w.pid AND NOT l.granted), 'an object'),
            ', held by ',
            pg_catalog.string_agg(
                DISTINCT CASE b.pid
                    WHEN 0 THEN 'a prepared transaction of ' || (SELECT coalesce(pg_catalog.string_agg(pg_catalog.quote_literal(p.gid),
                        ', '), 'another database') FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database())
                    ELSE pg_catalog.concat('session ', b.pid, ' of role ', h.usename, ' (', nullif(h.application_name, '') || ', ',
                        h.state, ' since ' || pg_catalog.to_char(h.state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"'), ')')
                END, ' and '))
        FROM pg_catalog.pg_stat_activity w
        CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) AS b (pid)
        LEFT JOIN pg_catalog.pg_stat_activity h ON h.pid = b.pid
        WHERE w.application_name = $1 AND w.wait_event_type = 'Lock'
        GROUP BY w.pid
        ORDER BY w.pid
        LIMIT 1
        """;

    private readonly ServerEndpoint _endpoint;
    private readonly string _application;
    private readonly CancellationTokenSource _stop = new();
    private readonly IDisposable? _limit;
    private readonly Task _looking;
    private volatile string _wait = "";
    private long _waits;

    /// <summary>Begins to watch.</summary>
    /// <param name="endpoint">The server, with the database.</param>
    /// <param name="application">The name of the sessions that are watched.</param>
    /// <param name="timeout">How long they may wait for one lock.</param>
    /// <param name="limits">Ends the run, with LockTimeout.</param>
    public LockWatch(ServerEndpoint endpoint, string application, TimeSpan timeout, RunLimits limits)
    {
        _endpoint = endpoint;
        _application = application;

        // Only what is seen to wait stands still; a watch that cannot see ends nothing.
        _limit = limits.Watch(() => _wait.Length == 0 ? Environment.TickCount64 : -Interlocked.Read(ref _waits), timeout, TimedOut);
        _looking = Task.Run(
            () => LookAsync(TimeSpan.FromMilliseconds(Math.Clamp(timeout.TotalMilliseconds / 10, 20, 500))),
            CancellationToken.None
        );
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _limit?.Dispose();
        _stop.Cancel();
        _looking.GetAwaiter().GetResult();
        _stop.Dispose();
    }

    private async Task LookAsync(TimeSpan pause)
    {
        try
        {
            await using NpgsqlConnection connection = await ServerConnection
                .OpenAsync(_endpoint, "CryoBackup lock watch", clientEncoding: null, _stop.Token)
                .ConfigureAwait(false);
            while (true)
            {
                string wait = await connection.ScalarAsync<string?>(Query, _stop.Token, _application).ConfigureAwait(false) ?? "";
                if (!string.Equals(wait, _wait, StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref _waits);
                    _wait = wait;
                }

                await Task.Delay(pause, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
            when (exception
                    is NpgsqlException
                        or OperationCanceledException
                        or InvalidOperationException
                        or SocketException
                        or IOException
                        or TimeoutException
            )
        {
            _wait = "";
        }
    }

    private CryoBackupException TimedOut(TimeSpan limit) =>
        new(
            CryoBackupError.LockTimeout,
            $"The restore waited {DurationText.Of(limit)} for a lock on {_wait}.",
            _endpoint.Database,
            "Let the other session finish, or end it (pg_terminate_backend, ROLLBACK PREPARED), or give a longer -LockTimeout; -Swap "
                + "restores beside the database and needs none of its locks."
        );
}
