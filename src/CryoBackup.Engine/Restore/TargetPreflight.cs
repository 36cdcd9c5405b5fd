using System.Globalization;
using CryoBackup.Archive;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Restore;

/// <summary>What of a plan a database that is there cannot do: take the rows, or be renamed.</summary>
/// <param name="server">A session on its server.</param>
/// <param name="endpoint">The database.</param>
/// <param name="application">The name of the run's sessions.</param>
/// <param name="plan">The plan.</param>
/// <param name="request">What was asked for.</param>
internal sealed class TargetPreflight(
    NpgsqlConnection server,
    ServerEndpoint endpoint,
    string application,
    RestorePlan plan,
    RestoreRequest request
)
{
    // As long as the server itself waits for sessions before it refuses to rename a database.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly List<CryoBackupException> _findings = [];

    /// <summary>Looks at the target, where there is one.</summary>
    /// <param name="cancellationToken">Ends the queries.</param>
    /// <returns>What stands against the plan.</returns>
    public async Task<IReadOnlyList<CryoBackupException>> FindAsync(CancellationToken cancellationToken)
    {
        if (!plan.Makes)
        {
            await using NpgsqlConnection target = await TargetDatabase
                .OpenAsync(endpoint, application, plan.Encoding, cancellationToken)
                .ConfigureAwait(false);
            var ask = new ServerQuestions(target, cancellationToken);
            await CheckEncodingAsync(ask).ConfigureAwait(false);
            await CheckLocksAsync(ask).ConfigureAwait(false);
            if (plan.Mode == RestoreMode.Data)
            {
                await CheckTablesAsync(target, ask, cancellationToken).ConfigureAwait(false);
            }
        }

        if (plan.Mode == RestoreMode.Swap)
        {
            await CheckSwapAsync(new ServerQuestions(server, cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        return _findings;
    }

    private async Task CheckEncodingAsync(ServerQuestions target)
    {
        string encoding = await target.AskAsync<string>("SELECT pg_catalog.getdatabaseencoding()").ConfigureAwait(false);
        bool holdsAll = encoding == plan.Encoding || encoding == "SQL_ASCII" || (encoding == "UTF8" && plan.Encoding != "SQL_ASCII");
        if (!holdsAll && !request.Force)
        {
            Find(
                CryoBackupError.RestoreFailed,
                $"The database '{endpoint.Database}' has the encoding {encoding}, "
                    + $"which cannot hold every character of the backup's {plan.Encoding}.",
                endpoint.Database,
                "Restore into a new database with -Create, or give -Force if you know that no such character occurs."
            );
        }
    }

    /// <summary>One transaction holds a lock for each table and index until its end.</summary>
    private async Task CheckLocksAsync(ServerQuestions target)
    {
        if (!plan.IsTransaction)
        {
            return;
        }

        long room = await target
            .AskAsync<long>(
                """
                SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint
                    * (pg_catalog.current_setting('max_connections')::bigint
                        + pg_catalog.current_setting('max_prepared_transactions')::bigint)
                """
            )
            .ConfigureAwait(false);

        // A table that is dropped and created locks both, and their row types' storage.
        long needed =
            plan.Entries.Sum(entry =>
                TocKinds.IsRelation(entry) || entry.Kind is "INDEX" or "CONSTRAINT" or "SEQUENCE"
                    ? 1L
                    : TocKinds.LargeObjectsOf(entry).Count
            ) * 2;
        if (needed > room)
        {
            Find(
                CryoBackupError.RestoreFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"One transaction with this restore takes about {needed} locks, and the server has room for {room}."
                ),
                endpoint.Database,
                "Raise max_locks_per_transaction and restart the server, or replace the whole database with -Swap."
            );
        }
    }

    private async Task CheckTablesAsync(NpgsqlConnection connection, ServerQuestions target, CancellationToken cancellationToken)
    {
        Dictionary<(string, string), string> conditions = await ExtensionTables
            .ConditionsAsync(connection, cancellationToken)
            .ConfigureAwait(false);
        var absent = new List<string>();
        var filled = new List<string>();
        foreach (TocEntry table in plan.Tables.Select(table => table.Entry))
        {
            string name = Sql.Quote(table.Schema, table.Name);
            if (!await target.AskAsync<bool>("SELECT pg_catalog.to_regclass($1) IS NOT NULL", name).ConfigureAwait(false))
            {
                absent.Add(table.ToString());
            }
            else if (
                await target
                    .AskAsync<bool>($"SELECT EXISTS (SELECT FROM ONLY {name} {conditions.GetValueOrDefault((table.Schema, table.Name))})")
                    .ConfigureAwait(false)
            )
            {
                filled.Add(table.ToString());
            }
        }

        string[] present = await target
            .ListAsync(
                "SELECT m.oid::text FROM pg_catalog.pg_largeobject_metadata m JOIN pg_catalog.unnest($1) AS l (oid) ON l.oid::oid = m.oid",
                [.. plan.Entries.SelectMany(TocKinds.LargeObjectsOf).Where(name => uint.TryParse(name, out _))]
            )
            .ConfigureAwait(false);
        filled.AddRange(present.Select(large => $"large object {large}"));

        if (absent.Count > 0)
        {
            Find(
                CryoBackupError.ObjectNotFound,
                $"The target lacks tables that the rows belong to: {string.Join(", ", absent)}.",
                absent[0],
                "Restore without -DataOnly, or with -SchemaOnly first."
            );
        }

        if (filled.Count > 0)
        {
            Find(
                CryoBackupError.DatabaseNotEmpty,
                $"What the rows go into is not empty: {string.Join(", ", filled)}.",
                filled[0],
                "TRUNCATE the tables first, or restore into a new database with -Create."
            );
        }
    }

    private async Task CheckSwapAsync(ServerQuestions ask, CancellationToken cancellationToken)
    {
        string database = endpoint.Database;
        string[] prepared = await ask.ListAsync(
                "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = ANY ($1) ORDER BY prepared",
                [database]
            )
            .ConfigureAwait(false);
        if (prepared.Length > 0)
        {
            Find(
                CryoBackupError.RestoreFailed,
                $"The database '{database}' has prepared transactions, so it cannot be renamed: "
                    + $"{string.Join(", ", prepared.Select(gid => $"'{gid}'"))}.",
                database,
                $"Finish each of them in that database: COMMIT PREPARED or ROLLBACK PREPARED "
                    + $"'{prepared[0].Replace("'", "''", StringComparison.Ordinal)}'."
            );
        }

        if (
            !await ask.AskAsync<bool>(
                    "SELECT pg_catalog.pg_has_role(datdba, 'USAGE') FROM pg_catalog.pg_database WHERE datname = $1",
                    database
                )
                .ConfigureAwait(false)
        )
        {
            Find(
                CryoBackupError.PermissionDenied,
                $"The role '{endpoint.UserName}' does not own the database '{database}', so it may not rename it.",
                database,
                "Use its owner or a superuser."
            );
        }

        if (!request.Force && await CountLastingSessionsAsync(cancellationToken).ConfigureAwait(false) is > 0 and var sessions)
        {
            Find(
                CryoBackupError.RestoreFailed,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The database '{database}' has {sessions} {(sessions == 1 ? "session" : "sessions")}, so it cannot be renamed."
                ),
                database,
                "Stop the application, or give -Force to end its sessions at the moment of the swap."
            );
        }
    }

    /// <summary>The sessions that do not end: one whose client has gone is seen for a moment yet.</summary>
    private async Task<long> CountLastingSessionsAsync(CancellationToken cancellationToken)
    {
        for (long start = Environment.TickCount64; ; )
        {
            long sessions = await TemporaryDatabase
                .CountSessionsAsync(server, endpoint.Database, application, cancellationToken)
                .ConfigureAwait(false);
            if (sessions == 0 || Environment.TickCount64 - start > Patience.TotalMilliseconds)
            {
                return sessions;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellationToken).ConfigureAwait(false);
        }
    }

    private void Find(CryoBackupError error, string message, string target, string remedy) =>
        _findings.Add(new CryoBackupException(error, message, target, remedy));
}
