using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

[Collection("postgres")]
public sealed class ScratchClusterTests(PostgresServer server)
{
    [PostgresFact]
    public void ServesAsSuperuserInUtf8()
    {
        Assert.Equal("postgres", server.Scalar("postgres", "SELECT current_user::text"));
        Assert.Equal("on", server.Scalar("postgres", "SELECT current_setting('is_superuser')"));
        Assert.Equal("UTF8", server.Scalar("postgres", "SELECT current_setting('server_encoding')"));
        Assert.Equal("off", server.Scalar("postgres", "SELECT current_setting('fsync')"));
    }
}
