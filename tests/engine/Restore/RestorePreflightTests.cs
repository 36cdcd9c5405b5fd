using CryoBackup.Restore;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Restore;

/// <summary>What speaks against a restore is found before anything is changed, all of it at once.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class RestorePreflightTests(ZooServer server) : IDisposable
{
    private const string Limited = "preflight_limited";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [PostgresFact]
    public void ARoleThatMayLittleHearsOfAllAtOnce()
    {
        string backup = BackUp();
        server.Execute("postgres", "DROP ROLE preflight_gone");
        CryoBackupException e = server.Fail(backup, "preflight_new", request => AsLimited(request) with { Create = true });
        Assert.Equal(CryoBackupError.ObjectNotFound, e.Error);
        foreach (
            string finding in (string[])
                [
                    "The server lacks roles that the backup names: preflight_gone.",
                    $"The role '{Limited}' may not create databases.",
                    "Only a superuser may create EVENT TRIGGER preflight_guard",
                    // Since 16 to be a member is not enough.
                    $"The role '{Limited}' {(server.Cluster.Major < 16 ? "is not a member of" : "may not act as (SET ROLE)")} roles "
                        + "that own objects of the backup: ",
                ]
        )
        {
            Assert.Contains(finding, e.Message, StringComparison.Ordinal);
        }

        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        foreach (string way in (string[])["CREATE ROLE", "-NoOwner", "CREATEDB", "-Schema", "GRANT them"])
        {
            Assert.Contains(way, e.Remedy, StringComparison.Ordinal);
        }

        Assert.Null(server.Scalar("postgres", "SELECT 1 FROM pg_database WHERE datname = 'preflight_new'"));
    }

    [PostgresFact]
    public void SchemasAndOtherPeoplesDatabases()
    {
        string backup = BackUp();
        server.CreateDatabase("preflight_target");
        CryoBackupException e = server.Fail(
            backup,
            "preflight_target",
            request => AsLimited(request) with { Schema = ["apart"], NoOwner = true }
        );
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Contains("may not create schemas in the database 'preflight_target'", e.Message, StringComparison.Ordinal);

        e = server.Fail(
            backup,
            "preflight_target",
            request => AsLimited(request) with { Swap = true, NoOwner = true, NoPrivileges = true }
        );
        Assert.Equal(CryoBackupError.PermissionDenied, e.Error);
        Assert.Contains("does not own the database 'preflight_target'", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, server.CountTemporary());

        // With what was asked for granted, the part goes in.
        server.Execute("postgres", $"GRANT CREATE ON DATABASE preflight_target TO {Limited}");
        Assert.Equal(
            RestoreStatus.Restored,
            server.Restore(backup, "preflight_target", request => AsLimited(request) with { Schema = ["apart"], NoOwner = true }).Status
        );
        server.Drop("preflight_target");
    }

    /// <summary>Rows in another order than the archive's need it in a file, whose room is looked for before anything changes.</summary>
    [PostgresFact]
    public void TheSpooledArchiveHasNoRoom()
    {
        string backup = BackUp(
            "CREATE TABLE z_parent (id int PRIMARY KEY); CREATE TABLE a_child (id int REFERENCES z_parent); INSERT INTO z_parent VALUES (1)"
        );
        server.Drop("preflight_new");
        server.Restore(backup, "preflight_new", request => request with { Create = true, SchemaOnly = true });
        string manifest = backup + ".meta.json";
        File.WriteAllBytes(manifest, (BackupManifest.Read(manifest) with { UncompressedBytes = long.MaxValue }).Serialize());
        CryoBackupException e = server.Fail(
            backup,
            "preflight_new",
            request => request with { DataOnly = true, SkipVerification = true, Force = true }
        );
        Assert.Equal(CryoBackupError.DiskFull, e.Error);
        Assert.Contains("too little for the spooled archive", e.Message, StringComparison.Ordinal);
        Assert.Contains("TMPDIR", e.Remedy, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was changed.", e.Message, StringComparison.Ordinal);
        server.Drop("preflight_new");
    }

    [PostgresFact]
    public void UnverifiedOnlyByForce()
    {
        string backup = BackUp();
        CryoBackupException e = server.Fail(backup, "preflight_new", request => request with { Create = true, SkipVerification = true });
        Assert.Equal(CryoBackupError.ConfigurationInvalid, e.Error);
        Assert.Contains("-Force", e.Message, StringComparison.Ordinal);

        // A manifest that would have been refused.
        File.AppendAllText(backup + ".meta.json", " ");
        Assert.Equal(
            CryoBackupError.ManifestInvalid,
            server.Fail(backup, "preflight_new", request => request with { Create = true }).Error
        );
        foreach (int jobs in (int[])[1, 2])
        {
            server.Drop("preflight_new");
            RestoreResult result = server.Restore(
                backup,
                "preflight_new",
                request => request with { Create = true, SkipVerification = true, Force = true, Jobs = jobs }
            );
            Assert.Contains(result.Warnings, warning => warning.EndsWith("was not verified before the restore.", StringComparison.Ordinal));
            Assert.All(result.Tables, table => Assert.True(table.Matches && table.FoundRows is not null));
            Assert.Equal(3L, Assert.Single(result.Tables, table => table.Name == "t").FoundRows);
        }
    }

    [PostgresFact]
    public void ADamagedArchiveIsFoundAsItFlows()
    {
        // So large that its damage lies far behind the table of contents.
        string backup = BackUp("CREATE TABLE large AS SELECT n, md5(n::text) FROM generate_series(1, 80000) n");
        byte[] bytes = File.ReadAllBytes(backup);
        File.WriteAllBytes(backup, bytes[..^40]);
        foreach (int jobs in (int[])[1, 2])
        {
            CryoBackupException e = server.Fail(
                backup,
                "preflight_new",
                request => request with { Create = true, SkipVerification = true, Force = true, Jobs = jobs }
            );
            Assert.Contains("There is no database 'preflight_new'.", e.Message, StringComparison.Ordinal);
            Assert.Equal(CryoBackupError.ArchiveCorrupt, e.Error);
            Assert.Equal(0, server.CountTemporary());
        }
    }

    private RestoreRequest AsLimited(RestoreRequest request) =>
        request with
        {
            Connection = server.Connection with { UserName = Limited, Password = "secret" },
        };

    private string BackUp(string more = "")
    {
        server.Drop("preflight_source");
        server.Drop("preflight_new");
        server.Drop("preflight_target");
        server.Execute(
            "postgres",
            $"DROP ROLE IF EXISTS {Limited}, preflight_gone; CREATE ROLE {Limited} LOGIN PASSWORD 'secret'; CREATE ROLE preflight_gone"
        );
        server.CreateDatabase("preflight_source");
        server.Execute(
            "preflight_source",
            """
            CREATE TABLE t (id int); INSERT INTO t VALUES (1), (2), (3); GRANT SELECT ON t TO preflight_gone;
            CREATE SCHEMA apart CREATE TABLE u (id int);
            CREATE FUNCTION guard() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER preflight_guard ON ddl_command_end EXECUTE FUNCTION guard();
            """ + more
        );
        string backup = server.BackUp("preflight_source");
        server.Drop("preflight_source");
        return backup;
    }
}
