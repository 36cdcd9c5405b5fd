using System.IO.Compression;
using CryoBackup.Archive;
using CryoBackup.Backup;
using CryoBackup.Comparison;
using CryoBackup.Postgres;
using CryoBackup.Processes;
using CryoBackup.Restore;

namespace CryoBackup.Tests.Restore;

/// <summary>The script of a plan does what the restore would do, but for the rows.</summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
public sealed class PlanScriptTests(ZooServer server) : IDisposable
{
    private const string Target = "script_target";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>What makes the database, and what replaces its objects, is run by psql; then its definitions are those of the source.</summary>
    [PostgresTheory]
    [InlineData(RestoreMode.Create)]
    [InlineData(RestoreMode.Clean)]
    [InlineData(RestoreMode.Swap)]
    public void ItsStatementsMakeTheDatabase(RestoreMode mode)
    {
        string backup = server.Backup;
        server.Drop(Target);
        if (mode != RestoreMode.Create)
        {
            server.Restore(backup, Target, request => request with { Create = true });
        }

        RestoreResult plan = server.Restore(
            backup,
            Target,
            request =>
                request with
                {
                    PlanOnly = true,
                    Script = true,
                    Create = mode == RestoreMode.Create,
                    Clean = mode == RestoreMode.Clean,
                    Swap = mode == RestoreMode.Swap,
                }
        );
        Assert.Equal(RestoreStatus.Planned, plan.Status);
        Run(plan.Script);
        Assert.Equal(server.Dump(ZooServer.Database, "--schema-only"), server.Dump(Target, "--schema-only"));
        Assert.Equal(0L, server.Scalar(Target, "SELECT count(*) FROM zoo.animal"));
        if (mode == RestoreMode.Swap)
        {
            string previous = (string)server.Scalar("postgres", $"SELECT datname FROM pg_database WHERE datname LIKE '{Target}\\_%'")!;
            Assert.Equal(4L, server.Scalar(previous, "SELECT count(*) FROM zoo.animal"));
            server.Drop(previous);
        }

        server.Drop(Target);
    }

    /// <summary>Whoever gives it to psql by mistake changes nothing.</summary>
    [PostgresFact]
    public void PsqlStopsBeforeItsFirstStatement()
    {
        server.Drop(Target);
        string script = server
            .Restore(server.Backup, Target, request => request with { PlanOnly = true, Script = true, Create = true })
            .Script;
        Psql(script);
        Assert.Null(server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Target}'"));
        Assert.Equal(0, server.CountTemporary());
    }

    /// <summary>Rows come between the definitions and what is built on them, each table with the number that it has.</summary>
    [PostgresFact]
    public void RowsStandInTheirPlace()
    {
        string[] lines = server
            .Restore(server.Backup, Target, request => request with { PlanOnly = true, Script = true, Create = true })
            .Script.Split('\n');
        int table = Array.FindIndex(lines, line => line.StartsWith("CREATE TABLE zoo.animal ", StringComparison.Ordinal));
        int rows = Array.FindIndex(
            lines,
            line =>
                line.StartsWith("-- COPY zoo.animal (", StringComparison.Ordinal)
                && line.EndsWith(" FROM stdin; (4 rows)", StringComparison.Ordinal)
        );
        int key = Array.FindIndex(lines, line => line.Contains("ADD CONSTRAINT animal_pkey PRIMARY KEY", StringComparison.Ordinal));
        Assert.True(table >= 0 && table < rows && rows < key, $"{table}, {rows}, {key}");

        // A remark of pg_restore's begins with an empty one, which is not cut off.
        Assert.NotEqual("--", lines[rows - 1]);
    }

    /// <summary>A name may hold what would be a statement of its own behind a remark's end; a role's password is nobody's business.</summary>
    [PostgresFact]
    public void NothingIsBroughtInByNames()
    {
        const string Source = "script_source";
        server.Drop(Source);
        server.CreateDatabase(Source);
        server.Execute(Source, "CREATE TABLE \"x\nCREATE TABLE evil (id int); --\" (id int)");
        server.Execute("postgres", "DROP ROLE IF EXISTS script_owner; CREATE ROLE script_owner LOGIN PASSWORD 'script''secret'");
        server.Execute(Source, "CREATE TABLE owned (id int); ALTER TABLE owned OWNER TO script_owner");
        string backup = BackUpWithGlobals(Source);
        server.Execute(Source, "DROP OWNED BY script_owner");
        server.Execute("postgres", "DROP ROLE script_owner");
        server.Drop(Target);
        RestoreResult plan = server.Restore(
            backup,
            Target,
            request => request with { PlanOnly = true, Script = true, Create = true, IncludeGlobals = true }
        );
        Assert.Contains("PASSWORD '…'", plan.Script, StringComparison.Ordinal);
        Assert.DoesNotContain("SCRAM-SHA-256$", plan.Script, StringComparison.Ordinal);
        Run(plan.Script);
        Assert.Null(server.Scalar(Target, "SELECT to_regclass('evil')::text"));
        server.Drop(Target);
        server.Drop(Source);
        server.Execute("postgres", "DROP ROLE script_owner");
    }

    [PostgresFact]
    public void WithoutAPlanItIsRefused()
    {
        CryoBackupException error = server.Fail(server.Backup, Target, request => request with { Script = true, Create = true });
        Assert.Equal(CryoBackupError.ConfigurationInvalid, error.Error);
        Assert.Contains("-PlanOnly", error.Remedy, StringComparison.Ordinal);
    }

    /// <summary>What pg_restore says reaches whoever asked, and nothing is shown for the whole.</summary>
    [PostgresFact(UnixOnly = true)]
    public void APgRestoreThatFailsIsAnError()
    {
        string program = _folder.WriteProgram("pg_restore", "cat >/dev/null; echo 'pg_restore: error: it is broken' >&2; exit 1");
        using var file = new GZipStream(File.OpenRead(server.Backup), CompressionMode.Decompress);
        ArchiveContent content = ArchiveReader.ReadTableOfContents(file, length: 0, CancellationToken.None);
        RestoreRequest request = Requests.Restore(server.Connection, server.Backup, Target) with { Create = true };
        using var limits = new RunLimits(null, CancellationToken.None);
        var session = new RestoreSession(
            request,
            ServerEndpoint.Resolve(server.Connection, Target, static _ => { }),
            "CryoBackup tests",
            static _ => { },
            limits
        );
        var plan = new RestorePlan(request, content, TargetContent.Nothing);
        var run = new RestoreRun(session, plan, new ClientTool("pg_restore", program, "15.0", 15));
        CryoBackupException error = Assert.Throws<CryoBackupException>(() => run.Script());
        Assert.Equal(CryoBackupError.RestoreFailed, error.Error);
        Assert.Contains("pg_restore: error: it is broken. Nothing was changed.", error.Message, StringComparison.Ordinal);
    }

    private string BackUpWithGlobals(string database) =>
        BackupWriter
            .Run(
                new BackupRequest
                {
                    Connection = server.Connection,
                    Database = database,
                    Folder = _folder.Path,
                    IncludeGlobals = true,
                },
                static _ => { },
                CancellationToken.None
            )
            .Path;

    private void Run(string script) => Psql(script.Replace("\\quit\n", "", StringComparison.Ordinal));

    private void Psql(string script) =>
        server.Psql(server.Endpoint.WithDatabase("postgres"), "--file=" + _folder.Write($"{Guid.NewGuid():N}.sql", script));
}
