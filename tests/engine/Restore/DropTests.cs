using CryoBackup.Postgres;

namespace CryoBackup.Tests.Restore;

/// <summary>A database goes with what holds it; what cannot be dropped is told and not thrown, for it is the second failure.</summary>
[Collection("postgres")]
public sealed class DropTests(PostgresServer server)
{
    [PostgresFact]
    public async Task SubscriptionsAndSessionsDoNotHoldIt()
    {
        ServerEndpoint endpoint = server.CreateDatabase("drop_me");
        server.Execute(
            "drop_me",
            "CREATE SUBSCRIPTION \"odd \"\"one\"\"\" CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)"
        );
        await using Npgsql.NpgsqlConnection holder = server.Open("drop_me");
        Assert.Null(await TargetDatabase.TryDropAsync(endpoint, "CryoBackup tests"));
        Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'drop_me'"));

        // Once more is no failure.
        Assert.Null(await TargetDatabase.TryDropAsync(endpoint, "CryoBackup tests"));
    }

    [PostgresFact]
    public async Task WhatCannotBeDroppedIsTold()
    {
        if (server.Scalar("postgres", "SELECT 1 FROM pg_roles WHERE rolname = 'drop_nobody'") is null)
        {
            server.Execute("postgres", "CREATE ROLE drop_nobody LOGIN");
        }

        server.CreateDatabase("drop_me_not");
        ConnectionRequest connection = server.Connection with { UserName = "drop_nobody", Password = null };
        var endpoint = ServerEndpoint.Resolve(connection, "drop_me_not", static _ => { });
        string? obstacle = await TargetDatabase.TryDropAsync(endpoint, "CryoBackup tests");
        Assert.Contains("drop_me_not", obstacle, StringComparison.Ordinal);
        Assert.Equal(1, server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'drop_me_not'"));
    }
}
