using System.Globalization;
using CryoBackup.Processes;
using CryoBackup.Tests.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Disasters;

/// <summary>Where the tool's standard output or error cannot be written, the work goes on, the evidence is written,
/// and the exit code is 1.</summary>
[Collection("disasters")]
[Trait("Runs", "Once")]
public sealed class UnwritableOutputTests(ZooServer server) : IDisposable
{
    // Like a test's, the tool's folder lies beside the build's.
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [InlineData(">/dev/full 2>/dev/full")]
    [InlineData("2>/dev/full")]
    [InlineData(">/dev/full")]
    [InlineData(">&-")]
    [InlineData("2>&-")]
    [InlineData(">&- 2>&-")]
    [InlineData("<&- >&- 2>&-")]
    public void TheRunGoesOn(string streams)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        server.CreateDatabase("f08");
        server.Psql(server.Endpoint.WithDatabase("f08"), "-f", Path.Combine(TestData.Folder("disasters"), "08-full-log", "setup.sql"));
        string config = Path.Combine(_folder.Path, "cryobackup.yaml");
        File.WriteAllText(
            config,
            $"databases: [f08_missing, f08]\nlocal_backup_dir: {_folder.Path}/backups\nlog_file: {_folder.Path}/run.log\nmetrics_file: "
                + $"{_folder.Path}/run.prom\n"
        );
        Assert.Equal(1, Run($"new --verbose --config {config}", streams));
        string backup = Assert.Single(Directory.GetFiles(Path.Combine(_folder.Path, "backups"), "f08_*.gz"));
        Assert.Equal(
            Verdict.Passed,
            BackupVerifier.Run(new VerificationRequest { Path = backup }, static _ => { }, CancellationToken.None).Verdict
        );
        string evidence = File.ReadAllText(Path.Combine(_folder.Path, "run.log"));
        Assert.Contains("f08_missing", evidence, StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(backup), evidence, StringComparison.Ordinal);
        Assert.Contains("f08_missing", File.ReadAllText(Path.Combine(_folder.Path, "run.prom")), StringComparison.Ordinal);

        // A good run that could not tell of it is not all good; a verdict keeps its code.
        Assert.Equal(1, Run($"test --verbose {backup}", streams));
        File.WriteAllText(backup, "no backup");
        Assert.Equal(3, Run($"test --verbose {backup}", streams));
    }

    private int Run(string arguments, string streams)
    {
        var command = new ToolCommand("/bin/sh", "-c", $"exec {Tool} {arguments} {streams}")
        {
            Environment = new Dictionary<string, string?>
            {
                ["PGHOST"] = server.Connection.ComputerName,
                ["PGPORT"] = server.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = server.Connection.UserName,
                ["PGPASSWORD"] = server.Connection.Password,
            },
        };
        return ToolProcess.Run(command, CancellationToken.None).ExitCode;
    }
}
