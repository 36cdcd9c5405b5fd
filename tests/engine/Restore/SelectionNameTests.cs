using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>A name that is not quite right gets an error, never a silent nothing.</summary>
[Collection("zoo")]
public sealed class SelectionNameTests(ZooServer server)
{
    [PostgresFact]
    public void ATypingErrorIsToldWithWhatComesNear()
    {
        CryoBackupException e = Fail(request => request with { Table = ["kepeer"] });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Equal("kepeer", e.Target);
        Assert.Contains("zoo.keeper", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void UpperAndLowerCaseDiffer()
    {
        CryoBackupException e = Fail(request => request with { Table = ["zoo.Keeper"] });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("zoo.keeper", e.Remedy, StringComparison.Ordinal);
        Assert.Contains("case", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void ANameInSeveralSchemasMustBeToldApart()
    {
        CryoBackupException e = Fail(request => request with { Table = ["animal"] });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        foreach (string schema in (string[])["zoo.animal", "annex.animal", "Odd \"Schema\", with; all.animal"])
        {
            Assert.Contains(schema, e.Message, StringComparison.Ordinal);
        }
    }

    [PostgresFact]
    public void APatternTakesAllThatItMeans()
    {
        RestoreResult plan = Plan(request => request with { Table = ["*.animal"] });
        Assert.Equal(3, plan.Tables.Length);
        Assert.Equal(CryoBackupError.ObjectNotFound, Fail(request => request with { Table = ["nothing.*"] }).Error);
    }

    [PostgresFact]
    public void OneOfSeveralIsMissing() =>
        Assert.Equal("annex.typo", Fail(request => request with { Table = ["annex.animal", "annex.typo"] }).Target);

    [PostgresFact]
    public void ASchemaIsMissing()
    {
        CryoBackupException e = Fail(request => request with { Schema = ["zo"] });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        Assert.Contains("zoo", e.Remedy, StringComparison.Ordinal);
    }

    [PostgresFact]
    public void OddNamesAreNames()
    {
        RestoreResult plan = Plan(request => request with { Table = ["zoo.Odd \"Table\"; --'"] });
        Assert.Single(plan.Tables);
    }

    private RestoreResult Plan(Func<RestoreRequest, RestoreRequest> choose) =>
        server.Restore(server.Backup, "zoo_named", request => choose(request with { Create = true, PlanOnly = true }));

    private CryoBackupException Fail(Func<RestoreRequest, RestoreRequest> choose)
    {
        string backup = server.Backup;
        CryoBackupException e = server.Fail(backup, "zoo_named", request => choose(request with { Create = true }));
        Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'zoo_named'"));
        return e;
    }
}
