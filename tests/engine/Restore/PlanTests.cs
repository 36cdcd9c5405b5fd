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
        (string What, Func<RestoreRequest, RestoreRequest> Choose)[] cases =
        [
            ("all, by two", request => request with { Jobs = 2 }),
            ("definitions", request => request with { SchemaOnly = true }),
            ("a schema without privileges", request => request with { Schema = ["an*"], NoPrivileges = true }),
            ("tables", request => request with { Table = ["zoo.animal", "zoo.species", "zoo.keeper"] }),
            ("a partitioned table", request => request with { Table = ["zoo.reading"] }),
            ("all", request => request),
            ("no privileges", request => request with { NoPrivileges = true }),
            ("a table", request => request with { Table = ["zoo.alarm"] }),
            ("a view", request => request with { Table = ["zoo.on_heavy"] }),
            ("a schema", request => request with { Schema = ["zoo"] }),
        ];
        foreach ((string what, Func<RestoreRequest, RestoreRequest> choose) in cases[..Thoroughness.Of(5, cases.Length)])
        {
            server.Drop("zoo_planned");
            RestoreResult plan = server.Restore(
                server.Backup,
                "zoo_planned",
                request => choose(request with { Create = true, PlanOnly = true })
            );
            Assert.Equal(RestoreStatus.Planned, plan.Status);
            Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'zoo_planned'"));

            RestoreResult done = server.Restore(server.Backup, "zoo_planned", request => choose(request with { Create = true }));
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
        RestoreResult swap = server.Restore(server.Backup, "zoo_unchanged", request => request with { Swap = true, PlanOnly = true });
        RestoreResult clean = server.Restore(server.Backup, "zoo_unchanged", request => request with { Clean = true, PlanOnly = true });
        Assert.Equal((RestoreMode.Swap, RestoreMode.Clean), (swap.Mode, clean.Mode));
        Assert.Equal(swap.Objects, clean.Objects);
        Assert.Equal(before, server.Dump("zoo_unchanged", "--create"));
        Assert.Equal(0, server.CountTemporary());
    }

    [PostgresFact]
    public void WishesThatContradictEachOther()
    {
        foreach (
            Func<RestoreRequest, RestoreRequest> wish in (Func<RestoreRequest, RestoreRequest>[])
                [
                    request => request with { Create = true, Clean = true },
                    request => request with { Create = true, Swap = true },
                    request => request with { SchemaOnly = true, DataOnly = true },
                    request => request with { DataOnly = true, Create = true },
                    request => request with { Swap = true, Table = ["zoo.animal"] },
                    request => request with { Clean = true, Jobs = 2 },
                    request => request with { DataOnly = true, Jobs = 2 },
                    request => request with { Jobs = 0 },
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
        using var source = new BackupSource(backup, new AgeDecryption(backup, [], [], CancellationToken.None));
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
