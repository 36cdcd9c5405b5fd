using System.Globalization;
using System.Net;
using System.Net.Sockets;
using CryoBackup.Postgres;
using Npgsql;
using SslMode = CryoBackup.Postgres.SslMode;

namespace CryoBackup.Tests.Postgres;

public sealed class ServerEndpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public ServerEndpointTests() => _variables["PGPASSFILE"] = Path.Combine(_folder.Path, "no-pgpass");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void TakesRequestThenServiceThenEnvironmentThenDefault()
    {
        Service("host=service-host\nport=6001\nuser=service-user\n");
        _variables["PGHOST"] = "env-host";
        _variables["PGPORT"] = "7001";
        _variables["PGUSER"] = "env-user";
        _variables["PGDATABASE"] = "env-db";
        ServerEndpoint endpoint = Resolve(new ConnectionRequest { ComputerName = "asked-host" }, null);
        Assert.Equal("asked-host", endpoint.Host);
        Assert.Equal(6001, endpoint.Port);
        Assert.Equal("service-user", endpoint.UserName);
        Assert.Equal("env-db", endpoint.Database);
        Assert.Equal(SslMode.Prefer, endpoint.SslMode);
        Assert.Equal("asked-db", Resolve(new ConnectionRequest(), "asked-db").Database);
    }

    [Fact]
    public void FallsBackToTheLocalServerAndTheSystemUser()
    {
        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        Assert.Equal(OperatingSystem.IsWindows(), !endpoint.IsSocket);
        Assert.Equal(5432, endpoint.Port);
        Assert.Equal(Environment.UserName, endpoint.UserName);
        Assert.Equal(Environment.UserName, endpoint.Database);
    }

    [Fact]
    public void TakesAnEmptyVariableForAnUnsetOne()
    {
        _variables["PGPORT"] = "";
        _variables["PGSSLMODE"] = "";
        Assert.Equal(5432, Resolve(new ConnectionRequest(), null).Port);
    }

    [Theory]
    [InlineData("PGPORT", "abc")]
    [InlineData("PGPORT", "0")]
    [InlineData("PGPORT", "65536")]
    [InlineData("PGSSLMODE", "sometimes")]
    [InlineData("PGCONNECT_TIMEOUT", "soon")]
    [InlineData("PGHOST", "server:5433")]
    [InlineData("PGSERVICE", "nowhere")]
    public void NamesAValueThatCannotBeUsed(string variable, string value)
    {
        _variables["PGSYSCONFDIR"] = _folder.Path;
        _variables[variable] = value;
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains("'" + value + "'", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Remedy);
    }

    [Theory]
    [InlineData("disable", SslMode.Disable, Npgsql.SslMode.Disable)]
    [InlineData("allow", SslMode.Allow, Npgsql.SslMode.Allow)]
    [InlineData("prefer", SslMode.Prefer, Npgsql.SslMode.Prefer)]
    [InlineData("require", SslMode.Require, Npgsql.SslMode.Require)]
    [InlineData("verify-ca", SslMode.VerifyCA, Npgsql.SslMode.VerifyCA)]
    [InlineData("verify-full", SslMode.VerifyFull, Npgsql.SslMode.VerifyFull)]
    public void RendersTheSslModeForBoth(string libpq, SslMode expected, Npgsql.SslMode npgsql)
    {
        _variables["PGHOST"] = "db.example";
        _variables["PGSSLMODE"] = libpq;
        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        Assert.Equal(expected, endpoint.SslMode);
        Assert.Equal(npgsql, endpoint.ToNpgsql("test").SslMode);
        using var environment = new LibpqEnvironment(endpoint, "test");
        Assert.Equal(libpq, environment.Variables["PGSSLMODE"]);
    }

    [Fact]
    public void RendersForNpgsql()
    {
        _variables["PGSSLROOTCERT"] = "/certs/root.crt";
        _variables["PGCHANNELBINDING"] = "require";
        _variables["PGOPTIONS"] = "-c work_mem=8MB";
        NpgsqlConnectionStringBuilder builder = Resolve(
                new ConnectionRequest
                {
                    ComputerName = "db.example",
                    Port = 6000,
                    UserName = "alice",
                    Password = "secret",
                },
                "app"
            )
            .ToNpgsql("CryoBackup 42");
        Assert.Equal("db.example", builder.Host);
        Assert.Equal(6000, builder.Port);
        Assert.Equal("alice", builder.Username);
        Assert.Equal("secret", builder.Password);
        Assert.Equal("app", builder.Database);
        Assert.Equal("CryoBackup 42", builder.ApplicationName);
        Assert.False(builder.Pooling);
        Assert.Equal(0, builder.CommandTimeout);
        Assert.True(builder.TcpKeepAlive);
        Assert.Equal("/certs/root.crt", builder.RootCertificate);
        Assert.Equal(ChannelBinding.Require, builder.ChannelBinding);
        Assert.StartsWith("-c role=none -c work_mem=8MB -c statement_timeout=0 ", builder.Options, StringComparison.Ordinal);
        Assert.Contains(" -c DateStyle=ISO", builder.Options, StringComparison.Ordinal);
    }

    [Fact]
    public void KeepsThePasswordOutOfItsText()
    {
        ServerEndpoint endpoint = Resolve(
            new ConnectionRequest
            {
                ComputerName = "db.example",
                UserName = "alice",
                Password = "canary",
            },
            "app"
        );
        Assert.Equal("alice@db.example:5432/app", endpoint.ToString());
        Assert.DoesNotContain(
            typeof(ServerEndpoint).GetProperties(),
            property => property.Name.Contains("Password", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void LooksUpThePasswordOfEachDatabase()
    {
        _variables["PGPASSFILE"] = _folder.Write("pgpass", "db.example:*:one:*:first\ndb.example:*:two:*:second\n");
        ServerEndpoint one = Resolve(new ConnectionRequest { ComputerName = "db.example" }, "one");
        Assert.Equal("first", one.Password);
        Assert.Equal("second", one.WithDatabase("two").Password);
        Assert.Null(one.WithDatabase("three").Password);
    }

    [Fact]
    public void TakesThePasswordOfRequestThenServiceThenEnvironmentThenFile()
    {
        _variables["PGPASSFILE"] = _folder.Write("pgpass", "*:*:*:*:of-file\n");
        Assert.Equal("of-file", Resolve(new ConnectionRequest(), null).Password);
        _variables["PGPASSWORD"] = "of-environment";
        Assert.Equal("of-environment", Resolve(new ConnectionRequest(), null).Password);
        Service("password=of-service\n");
        Assert.Equal("of-service", Resolve(new ConnectionRequest(), null).Password);
        Assert.Equal("of-request", Resolve(new ConnectionRequest { Password = "of-request" }, null).Password);
    }

    [Fact]
    public void AHostThatWasAskedForBeatsAnAddressOfTheEnvironment()
    {
        _variables["PGHOSTADDR"] = "192.0.2.1";
        Assert.Equal("192.0.2.1", Resolve(new ConnectionRequest(), null).Host);
        ServerEndpoint endpoint = Resolve(new ConnectionRequest { ComputerName = "db.example" }, null);
        Assert.Equal("db.example", endpoint.Host);
        using var environment = new LibpqEnvironment(endpoint, "test");
        Assert.Null(environment.Variables["PGHOSTADDR"]);
    }

    [Fact]
    public void OfSeveralHostsTakesTheFirstThatAnswers()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        int port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _variables["PGHOST"] = "127.0.0.1,127.0.0.1";
        _variables["PGPORT"] = string.Create(CultureInfo.InvariantCulture, $"{ClosedPort()},{port}");
        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        Assert.Equal("127.0.0.1", endpoint.Host);
        Assert.Equal(port, endpoint.Port);
    }

    [Fact]
    public void SaysWhyNoneOfSeveralHostsAnswers()
    {
        _variables["PGHOST"] = "127.0.0.1,host.invalid";
        _variables["PGPORT"] = ClosedPort().ToString(CultureInfo.InvariantCulture);
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null));
        Assert.Equal(CryoBackupError.ConnectionFailed, e.Error);
        Assert.Contains("'127.0.0.1'", e.Message, StringComparison.Ordinal);
        Assert.Contains("'host.invalid'", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusesSeveralHostsThatItCannotPairOrChoose()
    {
        _variables["PGHOST"] = "one,two,three";
        _variables["PGPORT"] = "1,2";
        Assert.Equal(
            CryoBackupError.ConfigurationInvalid,
            Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null)).Error
        );
        _variables["PGPORT"] = "5432";
        _variables["PGTARGETSESSIONATTRS"] = "primary";
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains("primary", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UsesTheSystemsAuthoritiesOnlyWithFullVerification()
    {
        _variables["PGHOST"] = "db.example";
        _variables["PGSSLROOTCERT"] = "system";
        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        Assert.Equal(SslMode.VerifyFull, endpoint.SslMode);
        Assert.Null(endpoint.ToNpgsql("test").RootCertificate);
        _variables["PGSSLMODE"] = "require";
        Assert.Equal(
            CryoBackupError.ConfigurationInvalid,
            Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null)).Error
        );
    }

    [Theory]
    [InlineData(null, 15)]
    [InlineData("0", 0)]
    [InlineData("-1", 0)]
    [InlineData("1", 2)]
    [InlineData("30", 30)]
    public void ReadsTheConnectTimeoutAsLibpqDoes(string? text, int expected)
    {
        if (text is not null)
        {
            _variables["PGCONNECT_TIMEOUT"] = text;
        }

        Assert.Equal(expected, Resolve(new ConnectionRequest(), null).ConnectTimeout);
    }

    [Fact]
    public void WarnsOfAServiceSettingThatIsNotUsed()
    {
        Service("host=db.example\napplication_name=mine\nscram_client_key=x\n");
        Resolve(new ConnectionRequest(), null);
        Assert.Contains("scram_client_key", Assert.IsType<WarningMessage>(Assert.Single(_messages)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void SecuritySettingsReachBothClients()
    {
        foreach (
            (string name, string value) in new[]
            {
                ("PGHOST", "db.example"),
                ("PGSSLROOTCERT", "/ca.pem"),
                ("PGSSLCERT", "/me.pem"),
                ("PGSSLKEY", "/me.key"),
                ("PGSSLNEGOTIATION", "direct"),
                ("PGCHANNELBINDING", "require"),
                ("PGGSSENCMODE", "disable"),
                ("PGREQUIREAUTH", "scram-sha-256"),
                ("PGKRBSRVNAME", "pg"),
            }
        )
        {
            _variables[name] = value;
        }

        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        NpgsqlConnectionStringBuilder npgsql = endpoint.ToNpgsql("test");
        Assert.Equal(
            ("/ca.pem", "/me.pem", "/me.key", "pg", "ScramSHA256"),
            (npgsql.RootCertificate, npgsql.SslCertificate, npgsql.SslKey, npgsql.KerberosServiceName, npgsql.RequireAuth)
        );
        Assert.Equal(
            (SslNegotiation.Direct, ChannelBinding.Require, GssEncryptionMode.Disable),
            (npgsql.SslNegotiation, npgsql.ChannelBinding, npgsql.GssEncryptionMode)
        );
        using var libpq = new LibpqEnvironment(endpoint, "test");
        Assert.All(
            _variables.Where(pair => pair.Key is not ("PGHOST" or "PGPASSFILE")),
            pair => Assert.Equal(pair.Value, libpq.Variables[pair.Key])
        );

        _variables["PGCHANNELBINDING"] = "sometimes";
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null).ToNpgsql("test"));
        Assert.Contains("'sometimes' of PGCHANNELBINDING (channel_binding)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheMachinesAuthoritiesMeanAFullCheck()
    {
        (_variables["PGHOST"], _variables["PGSSLROOTCERT"]) = ("db.example", "system");
        ServerEndpoint endpoint = Resolve(new ConnectionRequest(), null);
        Assert.Equal(SslMode.VerifyFull, endpoint.SslMode);
        Assert.Null(endpoint.ToNpgsql("test").RootCertificate);
    }

    [Fact]
    public void RefusesWhatCannotBeKept()
    {
        Assert.Contains(
            "user name contains a zero character",
            Refusal(new ConnectionRequest { UserName = "a\0b" }),
            StringComparison.Ordinal
        );
        (_variables["PGHOST"], _variables["PGTARGETSESSIONATTRS"]) = ("one,two", "read-write");
        Assert.Contains("target_session_attrs 'read-write'", Refusal(new ConnectionRequest()), StringComparison.Ordinal);
        _variables.Remove("PGTARGETSESSIONATTRS");
        (_variables["PGHOST"], _variables["PGHOSTADDR"], _variables["PGSSLMODE"]) = ("db.example", "192.0.2.1", "verify-full");
        Assert.Contains("its certificate cannot be checked against the name", Refusal(new ConnectionRequest()), StringComparison.Ordinal);

        string Refusal(ConnectionRequest request) => Assert.Throws<CryoBackupException>(() => Resolve(request, null)).Message;
    }

    [Fact]
    public void FilesThatCannotBeReadAreNamed()
    {
        _variables["PGPASSFILE"] = _folder.Path;
        Resolve(new ConnectionRequest { ComputerName = "db.example" }, null);
        Assert.Contains(_messages.OfType<WarningMessage>(), warning => warning.Text.Contains(_folder.Path, StringComparison.Ordinal));
        (_variables["PGSERVICE"], _variables["PGSERVICEFILE"]) = ("it", _folder.Path);
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => Resolve(new ConnectionRequest(), null));
        Assert.Equal((CryoBackupError.ConfigurationInvalid, _folder.Path), (error.Error, error.Target));
    }

    private static int ClosedPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void Service(string settings)
    {
        _variables["PGSERVICE"] = "it";
        _variables["PGSERVICEFILE"] = _folder.Write("service.conf", "[it]\n" + settings);
    }

    private ServerEndpoint Resolve(ConnectionRequest request, string? database) =>
        ServerEndpoint.Resolve(request, database, _messages.Add, new PostgresEnvironment(_variables.GetValueOrDefault));
}
