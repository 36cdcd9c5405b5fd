using CryoBackup.Postgres;

namespace CryoBackup.Tests.Postgres;

public sealed class PgServiceFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ReadsTheNamedSectionOnly()
    {
        _variables["PGSERVICEFILE"] = _folder.Write(
            "service.conf",
            "# comment\n[other]\nhost=wrong\n\n  [app]  \n host=right\nport=5433\n# port=1\nport=5434\n[app]\nuser=late\n"
        );
        IReadOnlyDictionary<string, string> settings = Read("app");
        Assert.Equal("right", settings["host"]);
        Assert.Equal("5433", settings["port"]);
        Assert.False(settings.ContainsKey("user"));
    }

    [Fact]
    public void LooksInTheUsersFileThenInTheMachines()
    {
        _variables[OperatingSystem.IsWindows() ? "APPDATA" : "HOME"] = _folder.Path;
        _variables["PGSYSCONFDIR"] = Path.Combine(_folder.Path, "system");
        _folder.Write(OperatingSystem.IsWindows() ? "postgresql/.pg_service.conf" : ".pg_service.conf", "[both]\nhost=user\n");
        _folder.Write("system/pg_service.conf", "[both]\nhost=system\n[machine]\nhost=system\n");
        Assert.Equal("user", Read("both")["host"]);
        Assert.Equal("system", Read("machine")["host"]);
    }

    [Theory]
    [InlineData("[app]\nhost\n", "Line 2")]
    [InlineData("[app]\n=x\n", "Line 2")]
    [InlineData("[app]\nhost=a\nservice=b\n", "another service")]
    [InlineData("[app]\nldap://server/dc=x\n", "LDAP")]
    [InlineData("[other]\nhost=a\n", "'app' is defined in none")]
    public void NamesTheFault(string text, string expected)
    {
        _variables["PGSERVICEFILE"] = _folder.Write("service.conf", text);
        _variables["PGSYSCONFDIR"] = _folder.Path;
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Read("app"));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains("service.conf", e.Message, StringComparison.Ordinal);
        Assert.NotNull(e.Remedy);
    }

    [Fact]
    public void SaysThatTheNamedFileIsMissing()
    {
        _variables["PGSERVICEFILE"] = Path.Combine(_folder.Path, "none");
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => Read("app"));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains("PGSERVICEFILE", e.Message, StringComparison.Ordinal);
    }

    private IReadOnlyDictionary<string, string> Read(string service) =>
        PgServiceFile.Read(service, new PostgresEnvironment(_variables.GetValueOrDefault));
}
