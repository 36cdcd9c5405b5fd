using System.Diagnostics;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

/// <summary>Whether a server has room for a run's sessions.</summary>
[Collection("postgres")]
public sealed class SessionRoomTests(PostgresServer server)
{
    /// <summary>A backup asks within the transaction of its snapshot, in which the server goes on showing the sessions of the first
    /// question.</summary>
    [PostgresFact]
    public async Task IsThatOfTheMomentAlsoWithinATransaction()
    {
        using NpgsqlConnection connection = server.Open("postgres");
        using var begin = new NpgsqlCommand("BEGIN", connection);
        begin.ExecuteNonQuery();
        Task<CryoBackupException?> Find(int needed) =>
            SessionRoom.FindLackAsync(new ServerQuestions(connection, CancellationToken.None), server.Endpoint, database: null, needed);
        int fits = 1;
        while (await Find(fits + 1) is null)
        {
            fits++;
        }

        // More than those of tests before that may just be ending.
        NpgsqlConnection[] others = [.. Enumerable.Range(0, 10).Select(_ => server.Open("postgres"))];
        Assert.NotNull(await Find(fits));
        Array.ForEach(others, other => other.Dispose());
        var clock = Stopwatch.StartNew();
        while (await Find(fits) is not null)
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "Sessions that have ended are still seen.");
            await Task.Delay(50);
        }
    }
}
