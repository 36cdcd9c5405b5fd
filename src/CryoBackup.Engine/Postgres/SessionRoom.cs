using System.Globalization;

namespace CryoBackup.Postgres;

/// <summary>Whether a server lets a role open as many sessions as a run needs.</summary>
internal static class SessionRoom
{
    // Of others' sessions an ordinary role sees no more than whose they are. A superuser is bound by max_connections alone,
    // and its own reserve of them.
    private const string Query = """
        SELECT limits.name || ' leaves ' || greatest(limits.free, 0) || pg_catalog.chr(31) || limits.setting
        FROM (
            SELECT 'the CONNECTION LIMIT of the role ' || quote_ident(r.rolname),
                   r.rolconnlimit - (SELECT count(*) FROM pg_catalog.pg_stat_activity a
                       WHERE a.usesysid = r.oid AND a.usesysid IS NOT NULL
                           AND coalesce(a.backend_type, 'client backend') = 'client backend'),
                   'ALTER ROLE ' || quote_ident(r.rolname) || ' CONNECTION LIMIT', r.rolconnlimit >= 0 AND NOT r.rolsuper
            FROM pg_catalog.pg_roles r WHERE r.rolname = current_user
            UNION ALL
            SELECT 'the CONNECTION LIMIT of the database ' || quote_ident(d.datname),
                   d.datconnlimit - (SELECT count(*) FROM pg_catalog.pg_stat_activity a
                       WHERE a.datid = d.oid AND a.usesysid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'),
                   'ALTER DATABASE ' || quote_ident(d.datname) || ' CONNECTION LIMIT',
                   d.datconnlimit >= 0 AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
            FROM pg_catalog.pg_database d WHERE d.datname = $1
            UNION ALL
            SELECT 'max_connections',
                   pg_catalog.current_setting('max_connections')::int
                       - CASE WHEN (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN 0
                              ELSE pg_catalog.current_setting('superuser_reserved_connections')::int
                                  + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) END
                       - (SELECT count(*) FROM pg_catalog.pg_stat_activity a
                           WHERE a.usesysid IS NOT NULL AND coalesce(a.backend_type, 'client backend') = 'client backend'),
                   'max_connections in postgresql.conf (takes a restart), or end idle sessions', true
        ) AS limits (name, free, setting, holds)
        WHERE limits.holds AND limits.free < $2::int
        ORDER BY limits.free LIMIT 1
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Waits for sessions that are about to end, as those of a run before are for a moment yet.</summary>
    /// <param name="find">Looks whether there is room.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    /// <returns>What is to be said; null if there is room.</returns>
    public static async Task<CryoBackupException?> AwaitAsync(Func<Task<CryoBackupException?>> find, CancellationToken cancellationToken)
    {
        for (long start = Environment.TickCount64; ; )
        {
            CryoBackupException? lack = await find().ConfigureAwait(false);
            if (lack is null || Environment.TickCount64 - start > Patience.TotalMilliseconds)
            {
                return lack;
            }

            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Looks whether there is room.</summary>
    /// <param name="ask">Asks the server; its own session is counted as one that there is.</param>
    /// <param name="endpoint">The server.</param>
    /// <param name="database">The database whose limit counts; null for none.</param>
    /// <param name="needed">How many sessions the run has at once, with the one that asks.</param>
    /// <param name="more">What else helps, as the end of a sentence; empty for nothing.</param>
    /// <returns>What is to be said; null if there is room.</returns>
    public static async Task<CryoBackupException?> FindLackAsync(
        ServerQuestions ask,
        ServerEndpoint endpoint,
        string? database,
        int needed,
        string more = ""
    )
    {
        // Within a transaction the server shows the sessions as they were when it was first asked.
        await ask.AskAsync<object?>("SELECT pg_catalog.pg_stat_clear_snapshot()").ConfigureAwait(false);
        string? found = await ask.AskAsync<string?>(Query, database ?? "", (needed - 1).ToString(CultureInfo.InvariantCulture))
            .ConfigureAwait(false);
        return found?.Split('\u001f') is not [{ } lack, { } setting]
            ? null
            : new CryoBackupException(
                CryoBackupError.ConnectionFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The run needs {needed} sessions on {endpoint.Address} at once, and beside the one that is open {lack}."
                ),
                endpoint.UserName,
                $"Raise {setting}{more}."
            );
    }
}
