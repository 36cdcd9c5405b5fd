using System.Globalization;
using CryoBackup.Postgres;
using CryoBackup.Processes;

namespace CryoBackup.Tests.Restore;

/// <summary>
/// A backup goes home to the server that it came from with a client that is newer than the server, as on a machine that is upgraded before
/// its servers: pg_dump and pg_restore of 17 and later speak of what servers before 17 do not know.
/// </summary>
[Collection("zoo")]
[Trait("Runs", "Once")]
[Trait("Needs", "NewerClient")]
public sealed class NewerClientTests(ZooServer server) : IDisposable
{
    // Like a test's, the tool's folder lies beside the build's.
    private static readonly string Tool = Path.Combine(AppContext.BaseDirectory, "../../../../tool/cryobackup");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [NewerClientFact]
    public void ABackupGoesHome()
    {
        server.LoadZoo("newer_home");
        string backup = BackUp("newer_home");
        string before = server.Dump("newer_home");

        server.Drop("newer_new");
        AssertGood(Run("restore", backup, "--target-database", "newer_new", "--create", "--jobs", "2"));
        Assert.Equal(before, server.Dump("newer_new"));
        server.Execute("newer_new", "CREATE TABLE public.beside (a int)");
        AssertGood(Run("restore", backup, "--target-database", "newer_new", "--clean", "--force"));
        server.Execute("newer_new", "DROP TABLE public.beside");
        Assert.Equal(before, server.Dump("newer_new"));
        AssertGood(Run("restore", backup, "--target-database", "newer_new", "--swap", "--force", "--jobs", "1"));
        Assert.Equal(before, server.Dump("newer_new"));

        foreach (string database in (string[])["newer_home", "newer_new"])
        {
            server.Drop(database);
        }
    }

    [NewerClientFact(Before = 17)]
    public void ItsErrorsAreFound()
    {
        server.Drop("newer_home");
        server.CreateDatabase("newer_home");
        server.Execute(
            "newer_home",
            """
            CREATE TABLE item (n int); INSERT INTO item VALUES (1), (2);
            CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT count(*) FROM item); END';
            CREATE MATERIALIZED VIEW summary AS SELECT total(); CREATE TABLE words AS SELECT 'SET transaction_timeout = 0;'::text AS t FROM generate_series(1, 3);
            """
        );
        string backup = BackUp("newer_home");
        server.Drop("newer_new");
        foreach (string jobs in (string[])["1", "2"])
        {
            (int exitCode, string said) = Run("restore", backup, "--target-database", "newer_new", "--create", "--jobs", jobs);
            Assert.Equal(1, exitCode);
            Assert.Contains("relation \"item\" does not exist", said, StringComparison.Ordinal);
            Assert.Contains("MATERIALIZED VIEW DATA public.summary", said, StringComparison.Ordinal);
            Assert.Contains("There is no database 'newer_new'.", said, StringComparison.Ordinal);
            Assert.DoesNotContain("transaction_timeout", said, StringComparison.Ordinal);
        }

        server.CreateDatabase("newer_new");
        server.Execute("newer_new", "CREATE TABLE item (n int)");
        (int code, string words) = Run("restore", backup, "--target-database", "newer_new", "--clean", "--force");
        Assert.Equal(1, code);
        Assert.Contains("relation \"item\" does not exist", words, StringComparison.Ordinal);
        Assert.Contains("MATERIALIZED VIEW DATA public.summary", words, StringComparison.Ordinal);
        Assert.Contains("it was rolled back", words, StringComparison.Ordinal);
        Assert.Equal(0L, server.Scalar("newer_new", "SELECT count(*) FROM item"));

        server.Execute("newer_home", "DROP MATERIALIZED VIEW summary");
        AssertGood(Run("restore", BackUp("newer_home"), "--target-database", "newer_new", "--clean", "--force"));
        Assert.Equal(3L, server.Scalar("newer_new", "SELECT count(*) FROM words"));

        server.Execute("newer_new", "TRUNCATE words, item");
        AssertGood(Run("restore", BackUp("newer_home"), "--target-database", "newer_new", "--data-only", "--force"));
        Assert.Equal(3L, server.Scalar("newer_new", "SELECT count(*) FROM words"));
        server.Drop("newer_new");
        server.Drop("newer_home");
    }

    private static void AssertGood((int ExitCode, string Said) run) => Assert.True(run.ExitCode == 0, run.Said);

    private string BackUp(string database)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"))).FullName;
        AssertGood(Run("new", database, "--path", folder));
        return Directory.GetFiles(folder, "*.gz").Single();
    }

    private (int ExitCode, string Said) Run(params string[] arguments)
    {
        var command = new ToolCommand(Tool, arguments)
        {
            Environment = new Dictionary<string, string?>
            {
                ["PGHOST"] = server.Connection.ComputerName,
                ["PGPORT"] = server.Endpoint.Port.ToString(CultureInfo.InvariantCulture),
                ["PGUSER"] = server.Connection.UserName,
                ["PGPASSWORD"] = server.Connection.Password,
                [ClientTools.FolderVariable] = NewerClientFactAttribute.Programs,
            },
        };
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(command, CancellationToken.None);
        string said = $"{output}\n{string.Join('\n', errors)}";
        return (exitCode, said);
    }
}

/// <summary>A test that needs clients of 17 or later that are newer than the server: those in CRYOBACKUP_TEST_NEWER_PGBIN,
/// or of Debian's packages.</summary>
public sealed class NewerClientFactAttribute : ServerFactAttribute
{
    private static readonly Lazy<string?> Folder = new(Find);

    public NewerClientFactAttribute() =>
        Skip =
            ServerPrograms.ReasonToSkip
            ?? (
                OperatingSystem.IsWindows() || Folder.Value is null
                    ? "NOT TESTED: no pg_restore of 17 or later, newer than the server; name its folder in CRYOBACKUP_TEST_NEWER_PGBIN."
                    : null
            );

    /// <summary>The major version of PostgreSQL that ended what the test is about; skipped from then on.</summary>
    public int Before
    {
        get;
        init
        {
            field = value;
            if (Skip is null && ServerPrograms.Has(value))
            {
                Skip = $"PostgreSQL {value} refuses to make what it restores.";
            }
        }
    }

    /// <summary>Their folder.</summary>
    public static string Programs => Folder.Value!;

    private static string? Find()
    {
        const string Packages = "/usr/lib/postgresql";
        string? named = Environment.GetEnvironmentVariable("CRYOBACKUP_TEST_NEWER_PGBIN");
        string[] folders =
            named is { Length: > 0 } ? [named]
            : Directory.Exists(Packages) ? [.. Directory.GetDirectories(Packages).Select(folder => Path.Combine(folder, "bin"))]
            : [];
        return Array.Find(
            folders,
            folder =>
                File.Exists(Path.Combine(folder, "pg_restore"))
                && ClientTools
                    .ParseVersion(
                        ToolProcess.Run(new ToolCommand(Path.Combine(folder, "pg_restore"), "--version"), CancellationToken.None).Output
                    )
                    ?.Major
                    is >= 17
                        and var major
                && !ServerPrograms.Has(major)
        );
    }
}
