using CryoBackup.Postgres;
using CryoBackup.Tests.Rehearsal;
using CryoBackup.Tests.Restore;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Disasters;

/// <summary>
/// Databases that were somebody's disaster (tests/data/disasters) go through New, Content, the rehearsal and Restore -Create; what comes
/// back is what stock pg_dump and pg_restore bring back.
/// </summary>
[Collection("disasters")]
[Trait("Runs", "Once")]
public sealed class DisasterTests(ZooServer server) : IDisposable
{
    /// <summary>Those that go the whole way.</summary>
    private static readonly Disaster[] All =
    [
        new("01-varchar-in"),
        new("02-hash-enum") { MovesRows = true },
        new("03-notvalid-inherited"),
        new("04-index-only"),
        new("05-comment-names-database"),
        new("06-comment-semicolon"),
        new("07-analyze-statistics") { Since = 14 },
        new("08-full-log"),
        new("09-superuser-setting") { Roles = ["f09_app"] },
        new("10-force-rls") { Roles = ["f10_app"] },
        new("11-managed-extension") { Roles = ["f11_app"] },
        new("13-locks"),
        new("14-read-only-target"),
        new("17-quote-all"),
        new("18-ddl-guard") { StockFails = true },
        new("20-aggregate-star"),
        new("21-catalog-grant") { AllowSuperuser = true },
        new("22-extract-case"),
        new("23-strings-setting"),
        new("24-function-body"),
        new("25-matview-alone"),
        new("26-internal-aggregate") { Verdict = Verdict.Inconclusive, Says = "-AllowSuperuser" },
        new("27-foreign-child"),
        new("28-default-privileges") { AllowSuperuser = true },
    ];

    /// <summary>Those whose whole story is told by a test class of their own, by its name after CryoBackup.Tests.</summary>
    private static readonly Dictionary<string, string> Elsewhere = new(StringComparer.Ordinal)
    {
        ["12-prepared"] = "Disasters.TargetDisasterTests",
        ["15-pg-dump-detail"] = "Disasters.RemedyTests",
        ["16-connection-limit"] = "Disasters.TargetDisasterTests",
        ["19-no-remedy"] = "Disasters.RemedyTests",
    };

    /// <summary>Those that do not come back yet. Nothing is added here: what is mended goes.</summary>
    private static readonly string[] Unmended = [];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Folders => [.. All.Select(disaster => disaster.Folder)];

    public void Dispose() => _folder.Dispose();

    [PostgresTheory]
    [MemberData(nameof(Folders))]
    public void ComesBackAsWithStockTools(string folder)
    {
        Disaster disaster = Array.Find(All, each => each.Folder == folder)!;
        if (server.Cluster.Major < disaster.Since)
        {
            return;
        }

        Load(disaster);
        string backup = server.BackUp(disaster.Database);
        Assert.Equal(
            Verdict.Passed,
            BackupVerifier.Run(new VerificationRequest { Path = backup }, static _ => { }, CancellationToken.None).Verdict
        );
        AssertRehearsed(disaster, backup);

        string copy = disaster.Database + "_copy";
        server.Drop(copy);
        RestoreResult restored = server.Restore(backup, copy, request => request with { Create = true });
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        Assert.All(restored.Tables, table => Assert.True(table.Matches, table.ToString()));
        Assert.Equal(DumpOf(disaster, disaster.StockFails ? disaster.Database : RestoreWithStockTools(disaster)), DumpOf(disaster, copy));
    }

    /// <summary>What changes the catalog's or an extension's privileges, or keeps its state inside the server, is a superuser's:
    /// that is said, and nothing is called bad.</summary>
    [PostgresTheory]
    [InlineData("21-catalog-grant")]
    [InlineData("26-internal-aggregate")]
    [InlineData("28-default-privileges")]
    public void NeedsASuperuserAndSaysSo(string folder)
    {
        Disaster disaster = Array.Find(All, each => each.Folder == folder)!;
        Load(disaster);
        string backup = server.BackUp(disaster.Database);
        AssertRehearsed(disaster with { AllowSuperuser = false, Verdict = Verdict.Inconclusive, Says = "-AllowSuperuser" }, backup);
        AssertRehearsed(disaster with { AllowSuperuser = true, Verdict = Verdict.Passed, Says = "" }, backup);
    }

    [Fact]
    public void EveryFolderHasItsTest()
    {
        string[] told = [.. All.Select(disaster => disaster.Folder), .. Elsewhere.Keys, .. Unmended];
        Assert.Equal(
            Directory.GetDirectories(TestData.Folder("disasters")).Select(Path.GetFileName).Order(StringComparer.Ordinal),
            told.Order(StringComparer.Ordinal)
        );
        Assert.All(Elsewhere.Values, name => Assert.NotNull(typeof(DisasterTests).Assembly.GetType($"CryoBackup.Tests.{name}")));
    }

    private void Load(Disaster disaster)
    {
        foreach (string role in disaster.Roles)
        {
            server.Execute("postgres", $"DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object THEN END $$");
        }

        server.Drop(disaster.Database);
        ServerEndpoint endpoint = server.CreateDatabase(disaster.Database, disaster.Options);
        server.Psql(endpoint, "-f", Path.Combine(TestData.Folder("disasters"), disaster.Folder, "setup.sql"));
    }

    private static void AssertRehearsed(Disaster disaster, string backup)
    {
        VerificationResult rehearsed = Rehearse.Run(
            backup,
            request => request with { AllowSuperuser = disaster.AllowSuperuser },
            isCreated: true
        );
        if (disaster.Verdict == Verdict.Passed)
        {
            Rehearse.AssertPassed(rehearsed);
        }

        Assert.Equal(disaster.Verdict, rehearsed.Verdict);
        Assert.Contains(disaster.Says, $"{rehearsed.Reason}\n{rehearsed.Remedy}", StringComparison.Ordinal);
    }

    /// <summary>What pg_dump says of a database, whatever that database's settings say of spelling:
    /// stock pg_restore leaves them out.</summary>
    private string DumpOf(Disaster disaster, string database)
    {
        server.Execute("postgres", $"ALTER DATABASE {database} RESET ALL");
        string dump = server.Dump(database);
        return disaster.MovesRows ? string.Join('\n', dump.Split('\n').Order(StringComparer.Ordinal)) : dump;
    }

    /// <summary>The oracle: stock pg_dump into stock pg_restore.</summary>
    private string RestoreWithStockTools(Disaster disaster)
    {
        string archive = Path.Combine(_folder.Path, "stock.dump");
        server.Dump(disaster.Database, ["-Fc", "-f", archive, .. disaster.DumpArguments]);
        string target = disaster.Database + "_stock";
        server.Drop(target);
        server.CreateDatabase(target, disaster.Options);
        server.PgRestore(target, archive);
        return target;
    }
}
