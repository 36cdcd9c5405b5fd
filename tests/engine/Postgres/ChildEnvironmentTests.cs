using System.Globalization;
using CryoBackup.Encryption;
using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Postgres;

/// <summary>What child programs see of our environment.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class ChildEnvironmentTests(PostgresServer server) : IDisposable
{
    private const string Canary = "canary-of-somebody-else";

    private static readonly string[] Secrets =
    [
        "AWS_SECRET_ACCESS_KEY",
        "SMTP_PASSWORD",
        "PGPASSWORD",
        "PGBACKREST_REPO1_CIPHER_PASS",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AGE_CANARY",
        "XDG_CANARY",
        "PATH_CANARY",
        "CANARY",
    ];

    private readonly Dictionary<string, string?> _before = Secrets.ToDictionary(name => name, Environment.GetEnvironmentVariable);

    [PostgresFact]
    public void AThrowawayServerSeesNoneOfOurSecrets()
    {
        PlantCanaries();
        using var cluster = ScratchCluster.Start(new ScratchClusterOptions { SharedBuffers = "16MB" }, CancellationToken.None);
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        // As its account reads it in /proc, and as whatever runs within the server sees it.
        string environment = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{cluster.ProcessId}/environ"));
        using Npgsql.NpgsqlConnection session = ServerConnection
            .OpenAsync(cluster.Endpoint, "CryoBackup tests", clientEncoding: null, CancellationToken.None)
            .GetAwaiter()
            .GetResult();
        using var command = new Npgsql.NpgsqlCommand(
            "CREATE TEMP TABLE seen (line text); COPY seen FROM PROGRAM 'env'; SELECT string_agg(line, '|') FROM seen",
            session
        );
        string seen = (string)command.ExecuteScalar()!;
        Assert.Contains("PATH=", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, environment + seen, StringComparison.Ordinal);
    }

    [PostgresFact(UnixOnly = true)]
    public void LibpqsProgramsGetWhatKerberosAndTheirFilesNeedAndNoSecret()
    {
        PlantCanaries();
        using var variable = new Variable("KRB5CCNAME", "FILE:/tmp/canary-cache");
        using var environment = new LibpqEnvironment(server.Endpoint, "CryoBackup tests");
        string seen = Seen(new ToolCommand("/usr/bin/env") { Environment = environment.Variables });
        Assert.Contains("KRB5CCNAME=FILE:/tmp/canary-cache", seen, StringComparison.Ordinal);
        Assert.Contains("PGHOST=", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Canary, seen, StringComparison.Ordinal);
    }

    [UnixFact]
    public void EveryProgramGetsWhatItRunsByAndNoSecret()
    {
        PlantCanaries();
        using var locale = new Variable("LC_NUMERIC", "C");
        using var library = new Variable("LD_LIBRARY_PATH", "/tmp");
        using var zone = new Variable("TZ", "Europe/Vienna");
        string seen = Seen(new ToolCommand("/usr/bin/env"));
        foreach (string line in new[] { "PATH=", "LC_NUMERIC=C", "LD_LIBRARY_PATH=/tmp", "TZ=Europe/Vienna" })
        {
            Assert.Contains(line, seen, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(Canary, seen, StringComparison.Ordinal);
    }

    [AgeFact]
    public void AgeGetsWhatIsItsOwnAndWhatIsNamedForItsPlugins()
    {
        PlantCanaries();
        using var agent = new Variable("SSH_AUTH_SOCK", "/tmp/agent");
        using var named = new Variable("CRYOBACKUP_AGE_ENV", "CANARY, NOT_SET");
        IReadOnlyDictionary<string, string?> variables = AgeProgram.Command("-e").Environment;
        Assert.Equal(["AGE_CANARY", "CANARY", "SSH_AUTH_SOCK"], variables.Keys.Order(StringComparer.Ordinal));
    }

    public void Dispose()
    {
        foreach ((string name, string? value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }
    }

    private static void PlantCanaries() => Array.ForEach(Secrets, name => Environment.SetEnvironmentVariable(name, Canary));

    private static string Seen(ToolCommand command) => ToolProcess.Run(command, CancellationToken.None).Output;

    /// <summary>A variable of this process, for a while.</summary>
    private sealed class Variable : IDisposable
    {
        private readonly string _name;
        private readonly string? _before;

        public Variable(string name, string value)
        {
            (_name, _before) = (name, Environment.GetEnvironmentVariable(name));
            Environment.SetEnvironmentVariable(name, value);
        }

        public void Dispose() => Environment.SetEnvironmentVariable(_name, _before);
    }
}
