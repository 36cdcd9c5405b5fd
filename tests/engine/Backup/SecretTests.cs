using System.Text;
using CryoBackup.Backup;
using CryoBackup.Postgres;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>A password is where it must be and nowhere else.</summary>
[Collection("environment")]
public sealed class SecretTests : IClassFixture<PostgresServer>, IDisposable
{
    // What no escaping changes, and no other run on this machine has.
    private static readonly string Token = $"{Guid.NewGuid():N}";
    private static readonly string Canary = $"canary-Ω:\\'\" {Token}";
    private const string Database = "secret";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _destination = new();

    /// <summary>A server of its own, which asks for a password on its socket too.</summary>
    public SecretTests(PostgresServer server)
    {
        _server = server;
        if (ServerPrograms.ReasonToSkip is not null || server.Cluster.Connection.Password == Canary)
        {
            return;
        }

        SlowDatabase.Create(server, Database, milliseconds: 10, rows: 300);
        server.Execute("postgres", $"ALTER ROLE postgres PASSWORD '{Canary.Replace("'", "''", StringComparison.Ordinal)}'");
        string rules = (string)server.Scalar("postgres", "SELECT current_setting('hba_file')")!;
        File.WriteAllText(rules, "local all all scram-sha-256\nhost all all all scram-sha-256\n");
        server.Execute("postgres", "SELECT pg_reload_conf()");
        Assert.True(SpinWait.SpinUntil(() => Refuses(server), TimeSpan.FromSeconds(30)), "The server did not read its rules again.");
        server.Cluster.Connection = server.Cluster.Connection with { Password = Canary };
    }

    public void Dispose() => _destination.Dispose();

    [PostgresTheory]
    [InlineData(CompressionKind.Gzip, false)]
    [InlineData(CompressionKind.Zstd, true)]
    public async Task PasswordIsInNoArgumentEnvironmentMessageOrManifest(CompressionKind compression, bool fromEnvironment)
    {
        string? before = Environment.GetEnvironmentVariable("PGPASSWORD");
        BackupRequest request = Request(fromEnvironment ? null : Canary) with { Compression = compression, IncludeGlobals = true };
        if (fromEnvironment)
        {
            Environment.SetEnvironmentVariable("PGPASSWORD", Canary);
        }

        var leaks = new List<string>();
        bool sawTool = false;
        using var watch = new CancellationTokenSource();
        var watcher = Task.Run(() =>
        {
            while (OperatingSystem.IsLinux() && !watch.IsCancellationRequested)
            {
                foreach ((int id, string arguments, string environment) in LinuxProcesses.All())
                {
                    sawTool |=
                        arguments.Contains("--snapshot=", StringComparison.Ordinal)
                        && environment.Contains($"PGDATABASE={Database}\0", StringComparison.Ordinal);
                    if (id != Environment.ProcessId && (Holds(arguments) || Holds(environment)))
                    {
                        lock (leaks)
                        {
                            leaks.Add(arguments.Replace('\0', ' '));
                        }
                    }
                }
            }
        });
        try
        {
            using var backup = new RunningBackup(request);
            BackupInfo info = await backup.ResultAsync();
            await watch.CancelAsync();
            await watcher;
            Assert.Empty(leaks);
            Assert.True(sawTool || !OperatingSystem.IsLinux(), "pg_dump was never looked at.");
            Assert.All(backup.Messages, message => Assert.False(Holds(message.ToString()), message.ToString()));
            Assert.All(
                Directory.GetFiles(_destination.Path),
                file => Assert.False(Holds(Encoding.UTF8.GetString(File.ReadAllBytes(file))), file)
            );
            Assert.Equal(1300, info.RowCount);
        }
        finally
        {
            await watch.CancelAsync();
            Environment.SetEnvironmentVariable("PGPASSWORD", before);
        }

        Assert.Empty(Leftovers.PrivateFolders("cryobackup-pass-", Token));
    }

    [PostgresFact]
    public void WrongPassword()
    {
        string wrong = Canary + "!";
        CryoBackupException failure = Fails(Request(wrong));
        Assert.Equal(CryoBackupError.AuthenticationFailed, failure.Error);
        Assert.Contains("refused role 'postgres'", failure.Message, StringComparison.Ordinal);
        Assert.False(Holds(failure.ToString() + failure.Remedy + string.Join('\n', failure.StandardError)));
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>Without a password the answer is an error at once, not a prompt that nobody sees.</summary>
    [PostgresFact]
    public void NoPassword()
    {
        CryoBackupException failure = Fails(Request(null));
        Assert.Equal(CryoBackupError.AuthenticationFailed, failure.Error);
        Assert.Contains("none was given", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-Credential", failure.Remedy, StringComparison.Ordinal);
    }

    private static bool Holds(string text) => text.Contains(Token, StringComparison.Ordinal);

    private static bool Refuses(PostgresServer server)
    {
        try
        {
            server.Scalar("postgres", "SELECT 1");
            return false;
        }
        catch (NpgsqlException)
        {
            return true;
        }
    }

    private BackupRequest Request(string? password)
    {
        ConnectionRequest connection = _server.Connection with { Password = password };
        return Requests.Backup(connection, Database, _destination.Path);
    }

    private static CryoBackupException Fails(BackupRequest request) =>
        Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
}
