using CryoBackup.Processes;
using CryoBackup.Tests.Restore;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>A throwaway server leaves to others what they need of a disk, however large its tables become.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class FullServerTests(PostgresServer server) : IClassFixture<PostgresServer>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [FullDiskFact]
    public void WhatGrowsBeyondItsTextIsEnded()
    {
        // A row a page: 8 KiB for some 600 bytes of text.
        const string growing =
            "CREATE TABLE t (c text) WITH (fillfactor = 10); ALTER TABLE t ALTER c SET STORAGE PLAIN; "
            + "INSERT INTO t SELECT repeat('x', 600) FROM generate_series(1, 60000)";
        string backup = Rehearse.BackUp(server, _folder.Path, "rehearsal_growing", growing);
        VerificationResult result = RunOnSmallDisk(backup, megabytes: 420);

        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.StartsWith(
            "Whether the backup is good is not known. The rehearsal was ended because only ",
            result.Reason,
            StringComparison.Ordinal
        );
        Assert.Contains("TMPDIR", result.Remedy, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "restore").Outcome);
    }

    private static VerificationResult RunOnSmallDisk(string backup, int megabytes)
    {
        using var folder = new TemporaryFolder();
        using SmallDisk disk = SmallDisk.TryMount(folder.Path, megabytes)!;
        // Root's new disk is closed to the account that the server runs as.
        ToolProcess.Run(new ToolCommand("/bin/chmod", "1777", folder.Path), CancellationToken.None);

        string? before = Environment.GetEnvironmentVariable("TMPDIR");
        Environment.SetEnvironmentVariable("TMPDIR", folder.Path);
        try
        {
            return Rehearse.Run(backup);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TMPDIR", before);
        }
    }
}
