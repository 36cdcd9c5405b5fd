using System.Globalization;
using System.Runtime.Versioning;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Restore;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>The whole line with names beyond ASCII in a file, as on Windows, whose programs get arguments and environment in a code
/// page.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class NamesByFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly bool _before = LibpqEnvironment.NamesByFile;

    public NamesByFileTests() => LibpqEnvironment.NamesByFile = true;

    public void Dispose()
    {
        LibpqEnvironment.NamesByFile = _before;
        _folder.Dispose();
    }

    [Theory]
    [InlineData("büro")]
    [InlineData("Дата 'x' \"y\" \\ z")]
    [InlineData(" # leading 🧊")]
    [InlineData("[größe]=1")]
    [InlineData("ldap://ü")]
    public void SaysEveryNameAsItIs(string name)
    {
        using (var environment = new LibpqEnvironment(Endpoint("alice", name), "test"))
        {
            Assert.Equal(("alice", "db.example"), (environment.Variables["PGUSER"], environment.Variables["PGHOST"]));
            Assert.Null(environment.Variables["PGDATABASE"]);
            Assert.DoesNotContain(environment.Variables.Values, value => value is not null && !value.All(char.IsAscii));
            Assert.Equal("service=cryobackup", environment.Conninfo);
            IReadOnlyDictionary<string, string> read = PgServiceFile.Read(
                environment.Variables["PGSERVICE"]!,
                new PostgresEnvironment(variable => variable == "PGSERVICEFILE" ? environment.Variables[variable] : null)
            );
            Assert.Equal(name, Assert.Single(read, pair => pair.Key == "dbname").Value);
        }

        using var ascii = new LibpqEnvironment(Endpoint("alice", "it's"), "test");
        Assert.Equal(("it's", "dbname='it\\'s'"), (ascii.Variables["PGDATABASE"], ascii.Conninfo));
        Assert.Null(ascii.Variables["PGSERVICEFILE"]);
    }

    [Theory]
    [InlineData("ü\nx", "a line end")]
    [InlineData("ü\rx", "a line end")]
    [InlineData("ü\u001ax", "the end of a file")]
    [InlineData("ü ", "a blank at its end")]
    [InlineData("ü\t", "a blank at its end")]
    public void RefusesWhatNoServiceFileSays(string name, string why)
    {
        CryoBackupException e = Assert.Throws<CryoBackupException>(() => new LibpqEnvironment(Endpoint("alice", name), "test"));
        Assert.Equal((CryoBackupError.ConfigurationInvalid, name), (e.Error, e.Target));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Contains("database", e.Message, StringComparison.Ordinal);
    }

    /// <summary>A host's name goes as the domain name system has it, wherever we are.</summary>
    [Fact]
    public void HostsGoInTheirOwnAlphabet()
    {
        using var environment = new LibpqEnvironment(Endpoint("alice", "app", "büro.example"), "test");
        Assert.Equal("xn--bro-hoa.example", environment.Variables["PGHOST"]);
    }

    [PostgresFact(UnixOnly = true)]
    [UnsupportedOSPlatform("windows")]
    public void TheWholeLine()
    {
        const string Role = "jörg \"the\" Дата";
        const string Database = "büro \\ 'x' 🧊";
        string place = Path.Combine(_folder.Path, "Дата ü");
        Directory.CreateDirectory(place);
        foreach (string folder in (string[])[_folder.Path, place])
        {
            File.SetUnixFileMode(folder, File.GetUnixFileMode(folder) | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        }

        using var cluster = ScratchCluster.Start(
            new ScratchClusterOptions
            {
                BaseFolder = place,
                SharedBuffers = "16MB",
                AsksPassword = true,
            },
            CancellationToken.None
        );
        Assert.Contains("Дата ü", cluster.Connection.ComputerName, StringComparison.Ordinal);
        Execute(cluster, "postgres", $"CREATE ROLE {PostgresServer.Quote(Role)} SUPERUSER LOGIN PASSWORD 'ключ'");
        Execute(cluster, "postgres", $"CREATE DATABASE {PostgresServer.Quote(Database)} TEMPLATE template0");
        Execute(cluster, Database, "CREATE TABLE \"ü\" AS SELECT 1 AS a; CREATE MATERIALIZED VIEW v AS SELECT * FROM \"ü\"");
        ConnectionRequest connection = cluster.Connection with { UserName = Role, Password = "ключ" };
        foreach (int jobs in (int[])[1, 2])
        {
            BackupInfo backup = BackupWriter.Run(
                Requests.Backup(connection, Database, _folder.Path) with
                {
                    IncludeGlobals = true,
                    Jobs = jobs,
                },
                _ => { },
                CancellationToken.None
            );
            Assert.Equal(Database, backup.Database);
            VerificationResult verified = BackupVerifier.Run(
                new VerificationRequest { Path = backup.Path, Level = VerificationLevel.Restore },
                _ => { },
                CancellationToken.None
            );
            Assert.True(verified.IsValid, verified.Reason);
            foreach (RestoreMode mode in (RestoreMode[])[RestoreMode.Create, RestoreMode.Clean, RestoreMode.Swap])
            {
                RestoreResult restored = BackupRestorer.Run(
                    Requests.Restore(connection, backup.Path, $"zurück {jobs.ToString(CultureInfo.InvariantCulture)}") with
                    {
                        Create = mode == RestoreMode.Create,
                        Clean = mode == RestoreMode.Clean,
                        Swap = mode == RestoreMode.Swap,
                        Jobs = mode == RestoreMode.Clean ? null : jobs,
                    },
                    _ => { },
                    CancellationToken.None
                );
                Assert.All(restored.Tables, table => Assert.True(table.Matches, table.Name));
            }
        }
    }

    private static ServerEndpoint Endpoint(string user, string database, string host = "db.example") =>
        ServerEndpoint.Resolve(
            new ConnectionRequest
            {
                ComputerName = host,
                UserName = user,
                Password = "secret",
            },
            database,
            static _ => { },
            new PostgresEnvironment(static _ => null)
        );

    private static void Execute(ScratchCluster cluster, string database, string sql)
    {
        using NpgsqlConnection connection = PostgresServer.Open(cluster.Endpoint.WithDatabase(database));
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
