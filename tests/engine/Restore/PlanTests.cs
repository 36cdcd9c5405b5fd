using CryoBackup.Archive;
using CryoBackup.Encryption;
using CryoBackup.Restore;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Restore;

/// <summary>What a plan says is what the restore does, and what then is in the database.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class PlanTests(ZooServer server)
{
    [PostgresFact]
    [Trait("Speed", "Slow")] // a restore of the whole zoo for each kind of plan
    public void IsWhatIsDone()
    {
        (string What, Action<RestoreRequest> Choose)[] cases =
        [
            ("all, by two", request => request.Jobs = 2),
            ("definitions", request => request.SchemaOnly = true),
            ("a schema without privileges", request => (request.Schema, request.NoPrivileges) = (["an*"], true)),
            ("tables", request => request.Table = ["zoo.animal", "zoo.species", "zoo.keeper"]),
            ("a partitioned table", request => request.Table = ["zoo.reading"]),
            ("all", _ => { }),
            ("no privileges", request => request.NoPrivileges = true),
            ("a table", request => request.Table = ["zoo.alarm"]),
            ("a view", request => request.Table = ["zoo.on_heavy"]),
            ("a schema", request => request.Schema = ["zoo"]),
        ];
        foreach ((string what, Action<RestoreRequest> choose) in cases[..Thoroughness.Of(5, cases.Length)])
        {
            server.Drop("zoo_planned");
            RestoreResult plan = server.Restore(
                server.Backup,
                "zoo_planned",
                request =>
                {
                    (request.Create, request.PlanOnly) = (true, true);
                    choose(request);
                }
            );
            Assert.Equal(RestoreStatus.Planned, plan.Status);
            Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'zoo_planned'"));

            RestoreResult done = server.Restore(
                server.Backup,
                "zoo_planned",
                request =>
                {
                    request.Create = true;
                    choose(request);
                }
            );
            Assert.Equal(plan.Objects, done.Objects);
            Assert.Equal(plan.LeftOut, done.LeftOut);
            Assert.Equal(plan.Tables.Select(Expected), done.Tables.Select(Expected));

            // The restored database, dumped again, has the very objects of the plan.
            HashSet<string> planned = [.. plan.Objects];
            HashSet<string> found =
            [
                .. Entries(server.BackUp("zoo_planned")).Where(entry => IsOfPlan(entry, plan)).Select(entry => entry.ToString()),
            ];
            Assert.True(
                planned.SetEquals(found),
                $"{what}: only planned: {string.Join(", ", planned.Except(found))}; only found: {string.Join(", ", found.Except(planned))}"
            );
        }
    }

    [PostgresFact]
    public void ChangesNothing()
    {
        server.CreateDatabase("zoo_unchanged");
        server.Execute("zoo_unchanged", "CREATE TABLE mine (id int)");
        string before = server.Dump("zoo_unchanged", "--create");
        RestoreResult swap = server.Restore(server.Backup, "zoo_unchanged", request => (request.Swap, request.PlanOnly) = (true, true));
        RestoreResult clean = server.Restore(server.Backup, "zoo_unchanged", request => (request.Clean, request.PlanOnly) = (true, true));
        Assert.Equal((RestoreMode.Swap, RestoreMode.Clean), (swap.Mode, clean.Mode));
        Assert.Equal(swap.Objects, clean.Objects);
        Assert.Equal(before, server.Dump("zoo_unchanged", "--create"));
        Assert.Equal(0, server.CountTemporary());
    }

    [PostgresFact]
    public void WishesThatContradictEachOther()
    {
        foreach (
            Action<RestoreRequest> wish in (Action<RestoreRequest>[])
                [
                    request => (request.Create, request.Clean) = (true, true),
                    request => (request.Create, request.Swap) = (true, true),
                    request => (request.SchemaOnly, request.DataOnly) = (true, true),
                    request => (request.DataOnly, request.Create) = (true, true),
                    request => (request.Swap, request.Table) = (true, ["zoo.animal"]),
                    request => (request.Clean, request.Jobs) = (true, 2),
                    request => (request.DataOnly, request.Jobs) = (true, 2),
                    request => request.Jobs = 0,
                ]
        )
        {
            // Before the backup is even looked at.
            CryoBackupException e = server.Fail("/nowhere", "zoo_wish", wish);
            Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
            Assert.NotNull(e.Remedy);
        }
    }

    private static string Expected(TableComparison table) => $"{table} {table.ExpectedRows} {table.ExpectedFingerprint}";

    private static IReadOnlyList<TocEntry> Entries(string backup)
    {
        using var source = new BackupSource(backup, new AgeOpening(backup, [], [], CancellationToken.None), CancellationToken.None);
        return ArchiveReader.Read(source.Output, null, _ => { }, CancellationToken.None).Entries;
    }

    /// <summary>A dump also has the rows, none, of tables of which only the definition was restored.</summary>
    private static bool IsOfPlan(TocEntry entry, RestoreResult plan) =>
        TocKinds.IsObject(entry)
        && !(entry.Kind is "TABLE DATA" && !plan.Tables.Any(table => table.Schema == entry.Schema && table.Name == entry.Name))
        && !(
            TocKinds.IsData(entry)
            && !plan.Objects.Any(line =>
                line.StartsWith("TABLE DATA ", StringComparison.Ordinal)
                || line.StartsWith("SEQUENCE SET ", StringComparison.Ordinal)
                || line.StartsWith("MATERIALIZED VIEW DATA ", StringComparison.Ordinal)
            )
        );
}
