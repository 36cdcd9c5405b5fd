using CryoBackup.Tests.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Rehearsal;

/// <summary>The zoo comes back in a rehearsal, and each fault that is planted in it is named.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class ZooRehearsalTests(ZooServer server)
{
    [PostgresFact(UnixOnly = true)]
    public void PassesWithTheSuperuserThatItNeeds()
    {
        VerificationResult result = Rehearse.Run(server.Backup, Permit);
        Rehearse.AssertPassed(result);
        Assert.DoesNotContain(result.Checks, check => check.Outcome == CheckOutcome.Failed);
        foreach (string check in (string[])["restore", "restored_rows", "large_objects", "objects", "state", "schema"])
        {
            Assert.True(Rehearse.Check(result, check).Passed, check);
        }

        foreach (
            string kind in (string[])
                ["PUBLICATION zoo_some", "SUBSCRIPTION zoo_subscription", "EVENT TRIGGER zoo_guard", "SERVER zoo_far", "USER MAPPING"]
        )
        {
            Assert.Contains(result.LeftOut, line => line.StartsWith(kind, StringComparison.Ordinal));
        }

        Assert.True(result.RestoreDuration > TimeSpan.Zero);
    }

    [PostgresFact(UnixOnly = true)]
    public void IsInconclusiveForAnOrdinaryRole()
    {
        VerificationResult result = Rehearse.Run(server.Backup, request => request with { ServerPath = server.Installation.ProgramFolder });
        Assert.Equal(Verdict.Inconclusive, result.Verdict);
        Assert.Contains("only a superuser may create", result.Reason, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("-AllowSuperuser", result.Remedy, StringComparison.Ordinal);
        Assert.Equal(CheckOutcome.NotRun, Rehearse.Check(result, "restored_rows").Outcome);
    }

    [PostgresFact(UnixOnly = true)]
    public void NamesEveryPlantedFault()
    {
        VerificationResult result = Rehearse.Run(
            server.Backup,
            Permit,
            endpoint =>
                Rehearse.Execute(
                    endpoint,
                    """
                    SET session_replication_role = replica;
                    DELETE FROM ONLY zoo.building WHERE ctid = (SELECT min(ctid) FROM ONLY zoo.building);
                    UPDATE zoo.species SET latin = latin || '.' WHERE id = (SELECT min(id) FROM zoo.species);
                    DROP INDEX zoo.value_points;
                    SELECT setval('zoo.ticket', 10);
                    UPDATE pg_constraint SET convalidated = false WHERE conname = 'alarm_at_sensor_fkey';
                    CREATE OR REPLACE FUNCTION zoo.stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
                    REFRESH MATERIALIZED VIEW zoo.heavy WITH NO DATA;
                    ALTER FUNCTION zoo.nothing() OWNER TO zoo_owner;
                    REVOKE SELECT ON zoo.lion FROM zoo_reader;
                    SELECT lo_put(424242, 1, '\xff');
                    """
                )
        );
        Assert.Equal(Verdict.Failed, result.Verdict);
        (string Check, string Says)[] faults =
        [
            ("restored_rows", "zoo.building has 1 rows"),
            ("restored_rows", "zoo.species has"),
            ("objects", "INDEX zoo.value_points is missing"),
            ("state", "zoo.ticket stands at 10"),
            ("state", "alarm_at_sensor_fkey"),
            ("schema", "FUNCTION zoo.stamp() differs"),
            ("state", "zoo.heavy is not populated"),
            ("schema", "FUNCTION zoo.nothing() belongs to zoo_owner instead of"),
            ("schema", "ACL zoo.TABLE lion"),
            ("large_objects", "large objects are not"),
        ];
        foreach ((string check, string says) in faults)
        {
            Assert.Equal(CheckOutcome.Failed, Rehearse.Check(result, check).Outcome);
            Assert.Contains(result.Differences, line => line.Contains(says, StringComparison.Ordinal));
        }

        // One sentence a fault: each alone would have failed the rehearsal. A missing index and an unvalidated key are seen twice.
        Assert.True(result.Differences.Length == faults.Length + 2, string.Join('\n', result.Differences));
    }

    private VerificationRequest Permit(VerificationRequest request) =>
        request with
        {
            ServerPath = server.Installation.ProgramFolder,
            AllowSuperuser = true,
        };

    [PostgresFact(UnixOnly = true)]
    public void NamesAnAbsentExtensionAndHowToInstallIt()
    {
        // Made first: the zoo needs what is taken away.
        string backup = server.Backup;
        using (server.Installation.Without("ltree"))
        {
            VerificationResult result = Rehearse.Run(backup, Permit);
            Assert.Equal(Verdict.Inconclusive, result.Verdict);
            Assert.Contains("the extension ltree", result.Reason, StringComparison.Ordinal);
            Assert.Contains("apt-get install postgresql-contrib", result.Remedy, StringComparison.Ordinal);
        }
    }
}
