using System.Net;
using System.Net.Sockets;
using CryoBackup.Postgres;

namespace CryoBackup.Tests.Postgres;

/// <summary>The names for somebody who is typing: quickly, or none.</summary>
[Collection("postgres")]
public sealed class DatabaseNamesTests(PostgresServer server)
{
    [PostgresFact]
    public void AreThoseThatOneMayConnectTo()
    {
        server.CreateDatabase("names b");
        server.CreateDatabase("Names A");
        server.CreateDatabase("names closed", "ALLOW_CONNECTIONS false");
        IReadOnlyList<string> names = DatabaseNames.TryList(server.Connection, TimeSpan.FromMinutes(1));
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
        Assert.Contains("Names A", names);
        Assert.Contains("names b", names);
        Assert.Contains("postgres", names);
        Assert.DoesNotContain("names closed", names);
        Assert.DoesNotContain("template1", names);
    }

    [Fact]
    public void AreNoneWhereNobodyAnswers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var connection = new ConnectionRequest
        {
            ComputerName = "127.0.0.1",
            Port = port,
            UserName = "u",
            Password = "p",
        };
        Assert.Empty(DatabaseNames.TryList(connection, TimeSpan.FromMilliseconds(200)));

        listener.Stop();
        Assert.Empty(DatabaseNames.TryList(connection, TimeSpan.FromMinutes(1)));
    }
}
