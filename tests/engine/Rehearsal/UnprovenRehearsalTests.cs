using CryoBackup.Tests.Archive;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>What a rehearsal could not compare it does not claim; of what the file itself does not prove nothing is restored.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class UnprovenRehearsalTests(PostgresServer server) : IDisposable
{
    private const string Content =
        "CREATE TABLE t (n int PRIMARY KEY, word text); INSERT INTO t SELECT n, md5(n::text) FROM generate_series(1, 50) n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void DamagedBackupIsNotRestored()
    {
        string backup = Rehearse.BackUp(server, _folder.Path, "rehearsal_unproven", Content);
        byte[] bytes = File.ReadAllBytes(backup);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(backup, bytes);
        bool restored = false;
        VerificationResult result = Rehearse.Run(
            backup,
            request => request with { MaxRestoreTime = TimeSpan.FromHours(1) },
            _ => restored = true
        );
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Equal(CheckOutcome.Failed, Rehearse.Check(result, CheckNames.Hash).Outcome);
        Assert.False(restored);
        foreach (string check in (string[])["restore", "restored_rows", "schema"])
        {
            Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, check).Outcome);
        }
    }

    [PostgresFact]
    public void RowsAsStatementsAreNotCompared()
    {
        server.CreateDatabase("rehearsal_unproven");
        server.Execute("rehearsal_unproven", Content);
        string archive = Path.Combine(_folder.Path, "inserts.dump");
        StockDump.ToFile(server, "rehearsal_unproven", archive, "-Z0", "--inserts");
        VerificationResult result = Rehearse.Run(archive);
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal(CheckOutcome.Passed, Rehearse.Check(result, "restore").Outcome);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "restored_rows").Outcome);
        Assert.Contains("public.t", Rehearse.Check(result, "restored_rows").Detail, StringComparison.Ordinal);
    }
}
