using CryoBackup.Verification;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>Nothing in a backup holds its proof for ever.</summary>
[Collection("rehearsed and encrypted")]
[Trait("Runs", "Once")]
public sealed class TimeoutTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void AFunctionThatSleepsIsEnded()
    {
        // At home it is quick; restored, where another role runs it, it never ends.
        string backup = Rehearse.BackUp(
            server,
            _folder.Path,
            "rehearsal_asleep",
            """
            CREATE FUNCTION doze(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $f$ BEGIN
                IF session_user <> 'postgres' THEN PERFORM pg_catalog.pg_sleep(100000); END IF;
                RETURN n;
            END $f$;
            CREATE TABLE t (n int); INSERT INTO t VALUES (1); CREATE INDEX ON t (doze(n));
            """
        );
        VerificationResult result = Rehearse.Run(backup, request => request with { Timeout = TimeSpan.FromSeconds(20) });
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Equal("Whether the backup is good is not known. The work was ended because it took longer than 20s.", result.Reason);
        Assert.Contains("-Timeout", result.Remedy, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "restore").Outcome);
        Assert.Equal("rehearsal_asleep", result.Database);
        Assert.True(result.Duration >= TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void EveryLevelHasIt()
    {
        Assert.Equal(TimeSpan.FromDays(1), new VerificationRequest().Timeout);

        // Nothing but a hole, which takes its time all the same.
        string backup = Path.Combine(_folder.Path, "app_20240806_053412_full.dump");
        using (FileStream file = File.Create(backup))
        {
            file.SetLength(64L << 30);
        }

        VerificationResult result = BackupVerifier.Run(
            new VerificationRequest
            {
                Path = backup,
                Level = VerificationLevel.Hash,
                Timeout = TimeSpan.FromMilliseconds(200),
            },
            static _ => { },
            CancellationToken.None
        );
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.StartsWith("Whether the backup is good is not known. The work was ended", result.Reason, StringComparison.Ordinal);
        Assert.Equal(("app", "file_integrity"), (result.Database, Assert.Single(result.Checks).Name));
    }

    [Fact]
    public void TheUsersOwnEndIsNoVerdict()
    {
        using var user = new CancellationTokenSource();
        user.Cancel();
        string backup = _folder.Write("app_20240806_053412_full.dump", "x");
        Assert.ThrowsAny<OperationCanceledException>(() =>
            BackupVerifier.Run(new VerificationRequest { Path = backup, Level = VerificationLevel.Hash }, static _ => { }, user.Token)
        );
    }
}
