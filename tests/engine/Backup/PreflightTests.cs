using CryoBackup.Backup;
using CryoBackup.Postgres;
using CryoBackup.Storage;

namespace CryoBackup.Tests.Backup;

/// <summary>Everything that speaks against a backup is told at once, before it begins, and nothing is left in the folder.</summary>
[Collection("backup")]
public sealed class PreflightTests(PostgresServer server) : IDisposable
{
    private readonly TemporaryFolder _destination = new();

    public void Dispose() => _destination.Dispose();

    /// <summary>Trap M14: the role sees half of the rows, and so would every count.</summary>
    [PostgresFact]
    public void RowSecurity()
    {
        CreateForRole(
            "secured",
            "tenant",
            """
            CREATE TABLE accounts AS SELECT i AS id FROM generate_series(1, 1000) AS i;
            CREATE TABLE open AS SELECT 1 AS id;
            ALTER TABLE accounts ENABLE ROW LEVEL SECURITY;
            CREATE POLICY half ON accounts USING (id % 2 = 0);
            GRANT SELECT ON accounts, open TO tenant;
            """
        );
        CryoBackupException failure = Fails(Request("secured", "tenant"));
        Assert.Equal(CryoBackupError.RowSecurityActive, failure.Error);
        Assert.Contains("public.accounts.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("open", failure.Message, StringComparison.Ordinal);
        Assert.Contains("BYPASSRLS", failure.Remedy, StringComparison.Ordinal);
        Assert.Empty(Leftovers.Files(_destination.Path));

        server.Execute("postgres", "ALTER ROLE tenant BYPASSRLS");
        BackupInfo info = BackupWriter.Run(Request("secured", "tenant"), _ => { }, CancellationToken.None);
        Assert.Equal(1001, info.RowCount);
    }

    /// <summary>FORCE ROW LEVEL SECURITY hides rows from the owner too.</summary>
    [PostgresFact]
    public void RowSecurityForcedOnTheOwner()
    {
        CreateForRole(
            "forced",
            "landlord",
            """
            SET ROLE landlord;
            CREATE SCHEMA flats; CREATE TABLE flats.rents AS SELECT 1 AS id;
            ALTER TABLE flats.rents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
            """
        );
        Assert.Equal(CryoBackupError.RowSecurityActive, Fails(Request("forced", "landlord")).Error);
        server.Execute("forced", "ALTER TABLE flats.rents NO FORCE ROW LEVEL SECURITY");
        Assert.Equal(1, BackupWriter.Run(Request("forced", "landlord"), _ => { }, CancellationToken.None).RowCount);
    }

    [PostgresFact]
    public void UnreadableTablesAreNamedAllAtOnce()
    {
        CreateForRole(
            "guarded",
            "guest",
            """
            CREATE TABLE one (); CREATE TABLE two (); CREATE TABLE seen ();
            CREATE SEQUENCE counter;
            CREATE SCHEMA closed; CREATE TABLE closed.three (); GRANT SELECT ON closed.three TO guest;
            GRANT SELECT ON seen TO guest;
            """
        );
        CryoBackupException failure = Fails(Request("guarded", "guest"));
        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        Assert.Equal("Role 'guest' may not read: public.one, public.two, public.counter, closed.three.", failure.Message);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    /// <summary>pg_dump leaves out without a word what its role may not see of them.</summary>
    [PostgresFact]
    public void OptionsOfUserMappings()
    {
        CreateForRole(
            "mapped",
            "clerk",
            """
            CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER far FOREIGN DATA WRAPPER nothing;
            CREATE USER MAPPING FOR clerk SERVER far OPTIONS (password 'a'); CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'b');
            CREATE USER MAPPING FOR postgres SERVER far OPTIONS (password 'c');
            """
        );
        CryoBackupException failure = Fails(Request("mapped", "clerk"));
        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        Assert.StartsWith(
            "The role may not see the options of the user mappings of PUBLIC at far, clerk at far, postgres at far.",
            failure.Message,
            StringComparison.Ordinal
        );
        server.Execute("mapped", "GRANT USAGE ON FOREIGN SERVER far TO clerk");
        Assert.Equal("PUBLIC at far, postgres at far", Fails(Request("mapped", "clerk")).Target);

        // Part of a database has none of them; and who sees them may go on.
        BackupRequest part = Request("mapped", "clerk");
        part = part with { IncludeSchema = ["public"] };
        BackupWriter.Run(part, static _ => { }, CancellationToken.None);
        BackupWriter.Run(Request("mapped", "postgres"), static _ => { }, CancellationToken.None);
        server.Execute("mapped", "ALTER SERVER far OWNER TO clerk; DROP USER MAPPING FOR postgres SERVER far");
        BackupWriter.Run(Request("mapped", "clerk"), static _ => { }, CancellationToken.None);
    }

    [PostgresFact(UnixOnly = true)]
    public void EverythingThatSpeaksAgainstItIsToldAtOnce()
    {
        CreateForRole(
            "everything",
            "pauper",
            """
            CREATE TABLE unreadable ();
            CREATE TABLE hidden (id int); ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; GRANT SELECT ON hidden TO pauper;
            """
        );
        BackupRequest request = Request("everything", "pauper");
        request = request with { Folder = Path.Combine(_destination.Write("a file, not a folder", ""), "backups") };

        CryoBackupException failure = Fails(request);
        Assert.Equal(CryoBackupError.PermissionDenied, failure.Error);
        Assert.StartsWith(
            "3 things speak against the backup of 'everything': (1) Role 'pauper' may not read: public.unreadable. (2) Row security hides rows",
            failure.Message,
            StringComparison.Ordinal
        );
        Assert.Contains("public.hidden", failure.Message, StringComparison.Ordinal);
        Assert.Contains($"(3) '{request.Folder}' cannot be written", failure.Message, StringComparison.Ordinal);
        Assert.Contains("(1) GRANT", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("(2) ALTER ROLE", failure.Remedy, StringComparison.Ordinal);
        Assert.Contains("(3) Give a folder", failure.Remedy, StringComparison.Ordinal);
    }

    /// <summary>What the destination lacks is told even where the server cannot be reached.</summary>
    [PostgresFact]
    public void ServerAndDestinationAtOnce()
    {
        BackupRequest request = Request("no such database", "postgres");
        request = request with { Folder = Path.Combine(_destination.Write("a file, not a folder", ""), "backups") };
        CryoBackupException failure = Fails(request);
        Assert.Equal(CryoBackupError.DatabaseNotFound, failure.Error);
        Assert.Contains("(1) The server", failure.Message, StringComparison.Ordinal);
        Assert.Contains("(2) '", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The estimate of the catalog is enough to know; the server need not be asked for the tables themselves.</summary>
    [PostgresFact]
    public void DestinationTooSmall()
    {
        server.CreateDatabase("huge");
        server.Execute("huge", "CREATE TABLE enormous (id int); UPDATE pg_class SET relpages = 2000000000 WHERE relname = 'enormous'");
        CryoBackupException failure = Fails(Request("huge", "postgres"));
        Assert.Equal(CryoBackupError.DiskFull, failure.Error);
        Assert.Contains("is estimated to take at least 1.5 TB of ", failure.Message, StringComparison.Ordinal);
        Assert.Contains("-SkipSpaceCheck", failure.Remedy, StringComparison.Ordinal);
        Assert.Empty(Leftovers.Files(_destination.Path));

        // Without the estimate it begins, and the next one knows better.
        BackupWriter.Run(Request("huge", "postgres") with { SkipSpaceCheck = true }, static _ => { }, CancellationToken.None);
        BackupWriter.Run(Request("huge", "postgres"), static _ => { }, CancellationToken.None);
        foreach (string path in BackupFolder.List(_destination.Path))
        {
            // Had one byte of tables taken as much as all of them took.
            string manifest = path + BackupFileName.ManifestSuffix;
            File.WriteAllBytes(manifest, (BackupManifest.Read(manifest) with { TableBytes = 1 }).Serialize());
        }

        failure = Fails(Request("huge", "postgres"));
        Assert.Equal(CryoBackupError.DiskFull, failure.Error);
        Assert.Contains(", as 'huge_", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("15.13", true)]
    [InlineData("15.14", false)]
    [InlineData("15.18", false)]
    [InlineData("13.21", true)]
    [InlineData("13.22", false)]
    [InlineData("14.18", true)]
    [InlineData("14.19", false)]
    [InlineData("16.9", true)]
    [InlineData("16.10", false)]
    [InlineData("17.5", true)]
    [InlineData("17.6", false)]
    [InlineData("18.0", false)]
    [InlineData("18", false)]
    [InlineData("12.22", true)]
    [InlineData("18beta1", false)]
    public void WarnsOfVersionsWithoutTheFixes(string version, bool warns)
    {
        string? warning = SecurityFixes.Warning("The server", version);
        Assert.Equal(warns, warning is not null);
        Assert.True(
            warning is null
                || (warning.Contains(version, StringComparison.Ordinal) && warning.Contains("CVE-2025-8714", StringComparison.Ordinal))
        );
    }

    private void CreateForRole(string database, string role, string sql)
    {
        server.CreateDatabase(database);
        server.Execute(
            database,
            $"""
            DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN CREATE ROLE {role} LOGIN; END IF; END $$;
            ALTER ROLE {role} NOBYPASSRLS;
            GRANT CREATE ON DATABASE {database} TO {role};
            {sql}
            """
        );
    }

    private BackupRequest Request(string database, string role)
    {
        ConnectionRequest connection = server.Connection;
        if (role != "postgres")
        {
            connection = connection with { UserName = role, Password = null };
        }

        return Requests.Backup(connection, database, _destination.Path);
    }

    private static CryoBackupException Fails(BackupRequest request) =>
        Assert.Throws<CryoBackupException>(() => BackupWriter.Run(request, _ => { }, CancellationToken.None));
}
