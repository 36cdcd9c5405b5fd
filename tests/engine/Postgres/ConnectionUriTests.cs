using CryoBackup.Postgres;

namespace CryoBackup.Tests.Postgres;

[Trait("Runs", "Once")]
public sealed class ConnectionUriTests
{
    [Theory]
    [InlineData("postgresql://", null, null, null, null, null)]
    [InlineData("postgres://db1", "db1", null, null, null, null)]
    [InlineData("postgresql://db1:5433/app", "db1", 5433, null, null, "app")]
    [InlineData("postgresql://me@db1", "db1", null, "me", null, null)]
    [InlineData("postgresql://me:p%40ss%3A@[::1]:5433/a%20b", "[::1]", 5433, "me", "p@ss:", "a b")]
    [InlineData("postgresql://%2Fvar%2Frun%2Fpostgresql/app", "/var/run/postgresql", null, null, null, "app")]
    [InlineData("postgresql://a:5433,b:5433/app", "a,b", 5433, null, null, "app")]
    [InlineData("postgresql:///app?host=/run&port=5433&user=me&password=p", "/run", 5433, "me", "p", "app")]
    public void IsTakenApart(string text, string? host, int? port, string? user, string? password, string? database)
    {
        var request = new ConnectionRequest { ComputerName = text };
        Assert.Equal(
            (host, port, user, password, database),
            (request.ComputerName, request.Port, request.UserName, request.Password, request.Database)
        );
        Assert.DoesNotContain("p%40ss", request.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void GivesWayToWhatIsGivenByItself()
    {
        var request = new ConnectionRequest
        {
            Port = 1,
            UserName = "you",
            SslMode = SslMode.Disable,
            ComputerName = "postgresql://me:secret@db1:2/app?sslmode=verify-full",
        };
        Assert.Equal((1, "you", SslMode.Disable), (request.Port, request.UserName, request.SslMode));

        // A password belongs to its role.
        Assert.Null(request.Password);
        Assert.Equal(SslMode.VerifyFull, new ConnectionRequest { ComputerName = "postgresql://db1?sslmode=verify-full" }.SslMode);
        Assert.Equal(
            "db1:5432",
            new ConnectionRequest { ComputerName = "postgresql://me:secret@db1:5432" }
                .Over(new())
                .Describe()
        );
    }

    [Theory]
    [InlineData("postgresql://u:secret@h:x", "postgresql://u:***@h:x", "'x' is not a port")]
    [InlineData("postgresql://u:secret@h:0", "postgresql://u:***@h:0", "'0' is not a port")]
    [InlineData("postgresql://u:secret@a:1,b:2", "postgresql://u:***@a:1,b:2", "different ports")]
    [InlineData("postgresql://h?password=secret&foo=1", "postgresql://h?password=***", "'foo'")]
    [InlineData("postgresql://h?sslmode=strong", "postgresql://h?sslmode=strong", "'strong' is not known")]
    public void IsRefusedWithoutItsPassword(string text, string shown, string reason)
    {
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => new ConnectionRequest { ComputerName = text });
        Assert.Equal((CryoBackupError.ConfigurationInvalid, shown), (error.Error, error.Target));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.ToString() + error.Remedy, StringComparison.Ordinal);
    }
}
