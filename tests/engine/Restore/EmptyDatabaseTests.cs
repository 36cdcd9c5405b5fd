using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests.Restore;

/// <summary>A database that holds nothing, or not even the schema public, is one too.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class EmptyDatabaseTests(ZooServer server)
{
    private const string Source = "nothing_source";
    private const string Target = "nothing_target";

    [PostgresTheory]
    [InlineData("SELECT 1")]
    [InlineData("DROP SCHEMA public")]
    public void ComesBackOnEveryWay(string sql)
    {
        server.Drop(Source);
        server.CreateDatabase(Source);
        server.Execute(Source, sql);
        string backup = server.BackUp(Source);
        Rehearse.AssertPassed(Rehearse.Run(backup));
        server.Drop(Target);
        string script = server
            .Restore(backup, Target, static request => request with { PlanOnly = true, Script = true, Create = true })
            .Script;
        Assert.Contains("CREATE DATABASE", script, StringComparison.Ordinal);
        foreach (Func<RestoreRequest, RestoreRequest> way in Ways)
        {
            RestoreResult result = server.Restore(backup, Target, way);
            Assert.Equal(RestoreStatus.Restored, result.Status);
            Assert.Equal(server.Dump(Source), server.Dump(Target));
            if (result.PreviousDatabase is { } previous)
            {
                server.Drop(previous);
            }
        }

        server.Drop(Source);
        server.Drop(Target);
    }

    private static Func<RestoreRequest, RestoreRequest>[] Ways =>
        [
            static request => request with { Create = true },
            static request => request with { Swap = true, Jobs = 1 },
            static request => request with { Clean = true },
            static request => request with { Swap = true },
        ];
}
