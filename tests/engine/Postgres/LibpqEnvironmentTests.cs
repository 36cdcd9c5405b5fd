using System.Runtime.Versioning;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using Npgsql;

namespace CryoBackup.Tests.Postgres;

[Collection("postgres")]
public sealed class LibpqEnvironmentTests(PostgresServer server)
{
    // Traps M24, and what else a name may hold: 63 bytes of anything but zero.
    public static TheoryData<string> OddNames =>
        [
            "a=b",
            "postgresql://x",
            "postgres://u@h/d",
            "-dash",
            "two words",
            "quote\"d",
            "it's",
            "back\\slash",
            "Größe",
            "smile 😀",
            "new\nline",
            "tab\there",
            "dbname='x'",
            "%41",
            "*",
            "$HOME",
            "UPPER",
            new string('x', 63),
            string.Concat(Enumerable.Repeat("ü", 31)) + "x",
        ];

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void KeepsThePasswordInAPrivateFileUntilDispose()
    {
        string file;
        using (var environment = new LibpqEnvironment(Endpoint("p:a\\s's €"), "test"))
        {
            file = environment.Variables["PGPASSFILE"]!;
            Assert.Null(environment.Variables["PGPASSWORD"]);
            Assert.DoesNotContain(environment.Variables.Values, value => value?.Contains("€", StringComparison.Ordinal) == true);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
                File.GetUnixFileMode(Path.GetDirectoryName(file)!)
            );
            Assert.Equal("p:a\\s's €", PgPassFile.Open(file, _ => { })!.PasswordFor("db.example", 5432, "app", "alice"));
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(file)));
    }

    [Fact]
    public void MakesNoFileWithoutAPassword()
    {
        using var environment = new LibpqEnvironment(Endpoint(null), "test");
        Assert.False(File.Exists(environment.Variables["PGPASSFILE"]));
    }

    /// <summary>Two lines of a password file would be two passwords.</summary>
    [Fact]
    public void PasswordOfSeveralLinesGoesByTheEnvironment()
    {
        using var environment = new LibpqEnvironment(Endpoint("first\nsecond"), "test");
        Assert.Equal("first\nsecond", environment.Variables["PGPASSWORD"]);
        Assert.False(environment.Variables.TryGetValue("PGPASSFILE", out string? file) && File.Exists(file));
    }

    [Fact]
    public void RemovesWhatIsInheritedAndSetsWhatWasResolved()
    {
        using var environment = new LibpqEnvironment(Endpoint("secret"), "CryoBackup 42", "LATIN1", [new("lock_timeout", "30s")]);
        foreach (
            string name in (string[])
                ["PGHOSTADDR", "PGPASSWORD", "PGSERVICE", "PGSERVICEFILE", "PGTARGETSESSIONATTRS", "LC_ALL", "LANGUAGE", "PG_COLOR"]
        )
        {
            Assert.True(environment.Variables.ContainsKey(name), name);
            Assert.Null(environment.Variables[name]);
        }

        Assert.Equal("db.example", environment.Variables["PGHOST"]);
        Assert.Equal("5432", environment.Variables["PGPORT"]);
        Assert.Equal("alice", environment.Variables["PGUSER"]);
        Assert.Equal("app", environment.Variables["PGDATABASE"]);
        Assert.Equal("CryoBackup 42", environment.Variables["PGAPPNAME"]);
        Assert.Equal("LATIN1", environment.Variables["PGCLIENTENCODING"]);
        Assert.Equal("C", environment.Variables["LC_MESSAGES"]);
        Assert.EndsWith("-c lock_timeout=30s", environment.Variables["PGOPTIONS"], StringComparison.Ordinal);
    }

    [PostgresFact]
    public void BothFormsGiveTheSameSession()
    {
        ServerEndpoint endpoint = server.CreateDatabase("session settings");
        server.Execute(
            "session settings",
            """
            ALTER DATABASE "session settings" SET timezone = 'Asia/Tokyo';
            ALTER DATABASE "session settings" SET datestyle = 'SQL, DMY';
            ALTER DATABASE "session settings" SET intervalstyle = 'iso_8601';
            ALTER DATABASE "session settings" SET extra_float_digits = 0;
            ALTER DATABASE "session settings" SET bytea_output = 'escape';
            """
        );
        const string Sql = """
            SELECT concat_ws('|', timestamptz 'epoch', interval '1 day 2 hours', 0.1::float8 + 0.2::float8, '\xff00'::bytea, current_setting('application_name'), current_database())
            """;
        const string Expected = "1970-01-01 00:00:00+00|1 day 02:00:00|0.30000000000000004|\\xff00|CryoBackup it's|session settings";
        Assert.Equal(Expected, Psql(endpoint, Sql, "CryoBackup it's"));

        using var connection = new NpgsqlConnection(endpoint.ToNpgsql("CryoBackup it's").ConnectionString);
        connection.Open();
        using var command = new NpgsqlCommand(Sql, connection);
        Assert.Equal(Expected, command.ExecuteScalar());
    }

    [PostgresFact]
    public void CarriesAnySettingsValue()
    {
        const string Value = "\"a b\\c\",  \"tab\there\", \"it's\"";
        Assert.Equal(Value, Psql(server.Endpoint, "SELECT current_setting('search_path')", "test", [new("search_path", Value)]));
    }

    [PostgresFact]
    public void KeepsTheUsersOptionsBeforeOurs()
    {
        var endpoint = ServerEndpoint.Resolve(
            server.Connection,
            "postgres",
            _ => { },
            new PostgresEnvironment(name => name == "PGOPTIONS" ? "-c work_mem=7MB -c extra_float_digits=0" : null)
        );
        Assert.Equal("7MB 3", Psql(endpoint, "SELECT current_setting('work_mem') || ' ' || current_setting('extra_float_digits')", "test"));
    }

    [PostgresTheory]
    [MemberData(nameof(OddNames))]
    public void ReachesADatabaseOfAnyName(string name)
    {
        ServerEndpoint endpoint = server.CreateDatabase(name);
        try
        {
            server.Execute(name, "CREATE TABLE here (id int)");

            // By the environment, as pg_dump and psql get it.
            Assert.Equal(name, Psql(endpoint, "SELECT current_database()", "test"));
            using var environment = new LibpqEnvironment(endpoint, "test");
            string archive = Path.GetTempFileName();
            try
            {
                Run("pg_dump", environment, "-w", "-Fc", "-Z0", "-f", archive);
                server.Execute(name, "DROP TABLE here");

                // By the connection string, as pg_restore must have it.
                Run("pg_restore", environment, "-w", "--exit-on-error", "-d", LibpqEnvironment.ConninfoForDatabase(name), archive);
            }
            finally
            {
                File.Delete(archive);
            }

            Assert.Equal("here", server.Scalar(name, "SELECT to_regclass('public.here')::text"));
        }
        finally
        {
            server.Execute("postgres", $"DROP DATABASE {PostgresServer.Quote(name)} WITH (FORCE)");
        }
    }

    [PostgresTheory]
    [InlineData("SQL_ASCII")]
    [InlineData("LATIN1")]
    public void CarriesBytesOfOtherEncodings(string encoding)
    {
        ServerEndpoint endpoint = server.CreateDatabase("encoded", $"ENCODING '{encoding}' LOCALE 'C'");
        using var connection = new NpgsqlConnection(endpoint.ToNpgsql("test", encoding).ConnectionString);
        connection.Open();
        using var make = new NpgsqlCommand("CREATE TABLE \"Größe\" (v text); INSERT INTO \"Größe\" VALUES ('\u00e9\u00ff')", connection);
        make.ExecuteNonQuery();
        using var read = new NpgsqlCommand(
            "SELECT relname || ' ' || (SELECT encode(v::bytea, 'hex') FROM \"Größe\") FROM pg_class WHERE oid = '\"Größe\"'::regclass",
            connection
        );
        Assert.Equal("Größe e9ff", read.ExecuteScalar());
    }

    private static ServerEndpoint Endpoint(string? password) =>
        ServerEndpoint.Resolve(
            new ConnectionRequest
            {
                ComputerName = "db.example",
                UserName = "alice",
                Password = password,
            },
            "app",
            _ => { },
            new PostgresEnvironment(name => name == "PGPASSFILE" ? PgPassFile.None : null)
        );

    private static string Psql(
        ServerEndpoint endpoint,
        string sql,
        string applicationName,
        IEnumerable<KeyValuePair<string, string>>? settings = null
    )
    {
        using var environment = new LibpqEnvironment(endpoint, applicationName, "UTF8", settings);
        return Run("psql", environment, "-X", "-w", "-A", "-t", "-c", sql)[..^1];
    }

    private static string Run(string tool, LibpqEnvironment environment, params string[] arguments)
    {
        string path = ClientTools.Find(tool, 0, CancellationToken.None).Path;
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(path, arguments) { Environment = environment.Variables },
            CancellationToken.None
        );
        Assert.True(exitCode == 0, string.Join('\n', errors));
        Assert.Empty(errors);
        return output.ReplaceLineEndings("\n");
    }
}
