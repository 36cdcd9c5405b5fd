using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Restore;

/// <summary>The script of any pg_restore, run without one of its lines;
/// that of one newer than the server is <see cref="NewerClientTests"/>' business.</summary>
[Collection("postgres")]
[Trait("Runs", "Once")]
public sealed class ScriptRunTests(PostgresServer server) : IDisposable
{
    private const string LeftOut = "SET row_security = off;";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void AllIsCommittedAndOnlyTheSettingIsLeftOut()
    {
        string archive = Dump(
            $"""
            CREATE TABLE words AS SELECT '{LeftOut}'::text AS t FROM generate_series(1, 3);
            CREATE TABLE wide AS SELECT repeat('x', 300000) AS t FROM generate_series(1, 3);
            """
        );
        server.CreateDatabase("script_target");
        (int exitCode, IReadOnlyList<string> said) = Run(archive);
        Assert.True(exitCode == 0, string.Join('\n', said));
        Assert.Empty(said);
        Assert.Equal(3L, server.Scalar("script_target", $"SELECT count(*) FROM words WHERE t = '{LeftOut}'"));
        Assert.Equal(900_000L, server.Scalar("script_target", "SELECT sum(length(t)) FROM wide"));
    }

    [PostgresFact]
    public void AnErrorNamesItsEntryAndNothingIsCommitted()
    {
        string archive = Dump("CREATE TABLE first AS SELECT 1 AS n; CREATE TABLE second AS SELECT 2 AS n;");
        server.CreateDatabase("script_target");
        server.Execute("script_target", "CREATE TABLE second (n int)");
        (int exitCode, IReadOnlyList<string> said) = Run(archive);
        Assert.Equal(1, exitCode);
        Assert.Matches("^pg_restore: from TOC entry [0-9]+; 0 0 $", said[0]);
        Assert.Equal("pg_restore: error: ERROR:  relation \"second\" already exists", said[1]);
        Assert.Contains(said, line => line.StartsWith("Command was: CREATE TABLE public.second", StringComparison.Ordinal));
        Assert.Null(server.Scalar("script_target", "SELECT to_regclass('public.first')::text"));
    }

    [PostgresFact]
    public void AScriptThatBreaksOffIsNotCommitted()
    {
        string archive = Dump("CREATE TABLE first AS SELECT generate_series(1, 100000) AS n");
        File.WriteAllBytes(archive, File.ReadAllBytes(archive)[..^30_000]);
        server.CreateDatabase("script_target");
        (int exitCode, _) = Run(archive);
        Assert.Equal(1, exitCode);
        Assert.Null(server.Scalar("script_target", "SELECT to_regclass('public.first')::text"));
    }

    private string Dump(string sql)
    {
        server.CreateDatabase("script_source");
        server.Execute("script_source", sql);
        string path = Path.Combine(_folder.Path, "script.dump");
        StockDump.ToFile(server, "script_source", path, "--compress=0");
        return path;
    }

    private (int ExitCode, IReadOnlyList<string> Said) Run(string archive)
    {
        ClientTool pgRestore = ClientTools.Find("pg_restore", 0, CancellationToken.None);
        ServerEndpoint endpoint = server.Endpoint.WithDatabase("script_target");
        using var environment = new LibpqEnvironment(endpoint, "CryoBackup tests");
        using var writer = ToolProcess.Start(
            new ToolCommand(pgRestore.Path, "--verbose", "--exit-on-error", "--no-owner", "--file=-", archive)
            {
                Environment = environment.Variables,
                ReadsOutput = true,
            },
            CancellationToken.None
        );
        List<string> said = [];
        using var run = new ScriptRun(
            writer,
            pgRestore,
            new RestoreTarget(endpoint, ServerMajor: 0, IsTransaction: true, environment),
            said.Add,
            LeftOut,
            CancellationToken.None
        );
        return (run.WaitForExit(CancellationToken.None), said);
    }
}
