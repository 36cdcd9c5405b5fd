using System.Collections.Concurrent;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Restore;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>Runs rehearsals, and looks at what they say.</summary>
/// <remarks>
/// Passed means that the backup comes back. So whatever database a test rehearses: where the verdict is Passed, the backup is then
/// restored with -Create on the server that it came from, which must succeed.
/// </remarks>
internal static class Rehearse
{
    /// <summary>Where the tests' backups came from, until they came back.</summary>
    private static readonly ConcurrentDictionary<string, PostgresServer> Origins = new(StringComparer.Ordinal);

    /// <summary>Rehearses a backup.</summary>
    /// <param name="backup">Its path.</param>
    /// <param name="change">What is asked for beyond its proof.</param>
    /// <param name="restored">What is done in the restored database before it is compared.</param>
    /// <param name="isCreated">True if the test itself restores it with -Create.</param>
    /// <param name="cancellationToken">Ends it.</param>
    internal static VerificationResult Run(
        string backup,
        Func<VerificationRequest, VerificationRequest>? change = null,
        Action<ServerEndpoint>? restored = null,
        bool isCreated = false,
        CancellationToken cancellationToken = default
    )
    {
        var request = new VerificationRequest { Path = backup, Level = VerificationLevel.Restore };
        VerificationResult result = BackupVerifier
            .Task(change?.Invoke(request) ?? request, restored)
            .Run(static _ => { }, cancellationToken);
        if (result.Verdict == Verdict.Passed && restored is null && !isCreated && Origins.TryRemove(backup, out PostgresServer? server))
        {
            AssertIsCreated(server, backup);
        }

        return result;
    }

    /// <summary>Remembers where a backup came from.</summary>
    internal static string From(PostgresServer server, string backup)
    {
        Origins[backup] = server;
        return backup;
    }

    private static void AssertIsCreated(PostgresServer server, string backup)
    {
        const string Name = "passed_before";
        RestoreResult result = BackupRestorer.Run(
            Requests.Restore(server.Connection, backup, Name) with
            {
                Create = true,
            },
            static _ => { },
            CancellationToken.None
        );
        server.Drop(Name);
        Assert.Equal(RestoreStatus.Restored, result.Status);
        Assert.All(result.Tables, table => Assert.True(table.Matches, table.ToString()));
    }

    /// <summary>Makes a database, fills it, and backs it up.</summary>
    internal static string BackUp(PostgresServer server, string folder, string database, string sql, string options = "")
    {
        server.CreateDatabase(database, options);
        if (sql.Length > 0)
        {
            server.Execute(database, sql);
        }

        return BackUp(server, folder, database);
    }

    internal static string BackUp(PostgresServer server, string folder, string database) =>
        From(server, BackupWriter.Run(Requests.Backup(server.Connection, database, folder), static _ => { }, CancellationToken.None).Path);

    internal static void AssertPassed(VerificationResult result) =>
        Assert.True(
            result.Verdict == Verdict.Passed,
            result.Reason
                + "\n"
                + string.Join('\n', result.Differences)
                + "\n"
                + string.Join('\n', result.Checks.Select(check => $"{check}: {check.Detail}"))
        );

    internal static CheckResult Check(VerificationResult result, string name) => Assert.Single(result.Checks, check => check.Name == name);

    /// <summary>Runs SQL in the restored database, as its superuser.</summary>
    internal static void Execute(ServerEndpoint endpoint, string sql)
    {
        using NpgsqlConnection connection = PostgresServer.Open(endpoint);
        using var command = new Npgsql.NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
