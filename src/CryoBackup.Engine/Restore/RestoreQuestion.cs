using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Text;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>What is put to a person before a restore: on which server, into which database and how, what is there now, and what
/// becomes of it.</summary>
/// <param name="Deed">What is to be done, with the server and the address that its name stands for.</param>
/// <param name="Found">What the database holds now.</param>
/// <param name="Fate">What becomes of that.</param>
public sealed record RestoreQuestion(string Deed, string Found, string Fate)
{
    // Beyond so many the newest file is not looked for: it is worth a moment, not more.
    private const int MostFiles = 20_000;

    /// <summary>Looks at the target and changes nothing.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="observer">Takes warnings.</param>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>The question.</returns>
    /// <exception cref="CryoBackupException">The target is not what the request needs, or the server does not let itself be asked: there
    /// is nothing to decide.</exception>
    public static RestoreQuestion Prepare(RestoreRequest request, Action<EngineMessage> observer, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return PrepareAsync(request, observer, cancellationToken).GetAwaiter().GetResult();
    }

    /// <summary>The question's sentences, one a line, in which nothing acts on a terminal.</summary>
    /// <returns>Three lines.</returns>
    public override string ToString() => string.Join(Environment.NewLine, new[] { Deed, Found, Fate }.Select(VisibleText.Of));

    private static async Task<RestoreQuestion> PrepareAsync(
        RestoreRequest request,
        Action<EngineMessage> observer,
        CancellationToken cancellationToken
    )
    {
        RestoreMode mode = RestorePlan.ModeOf(request);
        string application = TemporaryDatabase.NewApplicationName();
        var endpoint = ServerEndpoint.Resolve(request.Connection, request.TargetDatabase, observer);
        try
        {
            TargetDatabase.State state = await TargetDatabase
                .InspectAsync(endpoint, application, "UTF8", cancellationToken)
                .ConfigureAwait(false);
            TargetCheck.Run(endpoint.Database, mode, state);
            string server = await endpoint.AddressWithNumbersAsync(cancellationToken).ConfigureAwait(false);
            (string found, long sessions) = state.Exists
                ? await FindAsync(endpoint, application, cancellationToken).ConfigureAwait(false)
                : ($"There is no database '{endpoint.Database}' now.", 0);
            return new RestoreQuestion(
                $"Restore '{request.Path}' into the database '{endpoint.Database}' on {server}{Way(mode)}.",
                found,
                FateOf(mode, endpoint.Database, sessions, request.Force)
            );
        }
        catch (Exception exception)
            when (exception is NpgsqlException or System.Net.Sockets.SocketException or IOException or TimeoutException)
        {
            throw NpgsqlErrors.Translate(exception, endpoint, CryoBackupError.RestoreFailed);
        }
    }

    private static string Way(RestoreMode mode) =>
        mode switch
        {
            RestoreMode.Create => ", which is created",
            RestoreMode.Clean => " with -Clean",
            RestoreMode.Swap => " with -Swap",
            RestoreMode.Data => " with -DataOnly",
            _ => "",
        };

    private static string FateOf(RestoreMode mode, string database, long sessions, bool force)
    {
        string ended = force && sessions > 0 ? ", and its sessions are ended" : "";
        return mode switch
        {
            RestoreMode.Create =>
                "It is made under another name, compared with the backup, and only then named so; nothing else is touched.",
            RestoreMode.Clean => "What the backup holds is dropped there with its rows and made anew, in one transaction; "
                + $"what was written since the backup is lost{(force ? ", and so is what hangs on it" : "")}.",
            RestoreMode.Swap => $"The backup is restored beside it and compared; then this one is renamed to "
                + $"'{TemporaryDatabase.PreviousName(database)}' and kept{ended}.",
            RestoreMode.Data => "The rows of the backup go into its tables, which must be empty, in one transaction; all else stays.",
            _ => "It is empty, so nothing is lost.",
        };
    }

    private static async Task<(string Found, long Sessions)> FindAsync(
        ServerEndpoint endpoint,
        string application,
        CancellationToken cancellationToken
    )
    {
        await using NpgsqlConnection target = await TargetDatabase
            .OpenAsync(endpoint, application, "UTF8", cancellationToken)
            .ConfigureAwait(false);
        (long tables, long rows, long size) = (
            await target
                .ListAsync(
                    """
                    SELECT pg_catalog.count(*),
                        coalesce(pg_catalog.sum(greatest(c.reltuples::bigint, pg_catalog.pg_stat_get_live_tuples(c.oid), 0)), 0)::bigint,
                        pg_catalog.pg_database_size(pg_catalog.current_database())
                    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                    """,
                    row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)),
                    cancellationToken
                )
                .ConfigureAwait(false)
        )[0];
        DateTime? written = tables is > 0 and < MostFiles ? await LastWrittenAsync(target, cancellationToken).ConfigureAwait(false) : null;
        long sessions = await TemporaryDatabase
            .CountSessionsAsync(target, endpoint.Database, application, cancellationToken)
            .ConfigureAwait(false);
        string when = written is { } moment
            ? string.Create(CultureInfo.InvariantCulture, $", last written to disk {moment:yyyy-MM-dd HH:mm'Z'}")
            : "";
        string users = sessions > 0 ? $", {Counted(sessions, "session")} of others in it" : "";
        return (
            $"'{endpoint.Database}' has {Counted(tables, "table")}, about {Counted(rows, "row")}, {SizeText.Of(size)}{when}{users}.",
            sessions
        );
    }

    /// <summary>When a file of a table was last written, which is known to those who may look at the server's files.</summary>
    private static async Task<DateTime?> LastWrittenAsync(NpgsqlConnection target, CancellationToken cancellationToken)
    {
        const string MayLook = "SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')";
        const string Newest = """
            SELECT pg_catalog.max((pg_catalog.pg_stat_file(pg_catalog.pg_relation_filepath(c.oid), true)).modification)
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            """;
        if (!await target.ScalarAsync<bool>(MayLook, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        DateTime newest = await target.ScalarAsync<DateTime>(Newest, cancellationToken).ConfigureAwait(false);
        return newest == default ? null : newest.ToUniversalTime();
    }

    private static string Counted(long count, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{count:N0} {thing}{(count == 1 ? "" : "s")}");
}
