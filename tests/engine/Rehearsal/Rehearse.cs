using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>Runs rehearsals, and looks at what they say.</summary>
internal static class Rehearse
{
    internal static VerificationResult Run(
        string backup,
        Func<VerificationRequest, VerificationRequest>? change = null,
        Action<ServerEndpoint>? restored = null,
        CancellationToken cancellationToken = default
    )
    {
        var request = new VerificationRequest { Path = backup, Level = VerificationLevel.Restore };
        return BackupVerifier.Task(change?.Invoke(request) ?? request, restored).Run(static _ => { }, cancellationToken);
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
        BackupWriter.Run(Requests.Backup(server.Connection, database, folder), static _ => { }, CancellationToken.None).Path;

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
