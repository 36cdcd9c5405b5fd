using CryoBackup.Backup;
using CryoBackup.Restore;
using CryoBackup.Storage;
using CryoBackup.Verification;
using Npgsql;

namespace CryoBackup.Tests.Backup;

/// <summary>What is selected is backed up with what it needs, what is not is named with the reason,
/// and a wrong name is an error (trap M10).</summary>
[Collection("backup")]
public sealed class SelectionTests : IDisposable
{
    private const string Database = "selection";
    private readonly PostgresServer _server;
    private readonly TemporaryFolder _destination = new();

    public SelectionTests(PostgresServer server)
    {
        _server = server;
        if (
            ServerPrograms.ReasonToSkip is null
            && server.Scalar("postgres", $"SELECT 1 FROM pg_database WHERE datname = '{Database}'") is null
        )
        {
            server.CreateDatabase(Database);
            server.Execute(
                Database,
                """"
                CREATE EXTENSION citext;
                CREATE SCHEMA sales; CREATE SCHEMA audit; CREATE SCHEMA "MixedCase"; CREATE SCHEMA tools; CREATE EXTENSION hstore SCHEMA tools;
                CREATE TYPE sales.state AS ENUM ('new', 'old');
                CREATE FUNCTION sales.twice(int) RETURNS int LANGUAGE sql AS 'SELECT $1 * 2';
                CREATE TABLE public.customers (id serial PRIMARY KEY, name citext);
                INSERT INTO public.customers (name) SELECT 'customer ' || i FROM generate_series(1, 10) AS i;
                CREATE TABLE sales.orders (id serial PRIMARY KEY, state sales.state DEFAULT 'new', customer int REFERENCES public.customers, twice int);
                INSERT INTO sales.orders (customer, twice) SELECT i, sales.twice(i) FROM generate_series(1, 10) AS i;
                CREATE TABLE sales."Orders" AS SELECT 1 AS id;
                CREATE TABLE sales.readings (day int, value int) PARTITION BY RANGE (day);
                CREATE TABLE sales.readings_1 PARTITION OF sales.readings FOR VALUES FROM (1) TO (10);
                CREATE TABLE sales.readings_2 PARTITION OF sales.readings FOR VALUES FROM (10) TO (20);
                INSERT INTO sales.readings SELECT i, i FROM generate_series(1, 19) AS i;
                CREATE VIEW sales.newest AS SELECT max(id) FROM sales.orders;
                CREATE TABLE audit.log AS SELECT i AS id FROM generate_series(1, 100) AS i;
                CREATE TABLE audit."dot.name" AS SELECT 1 AS id;
                CREATE TABLE tools.hammer AS SELECT 1 AS id;
                CREATE TABLE "MixedCase"."My ""Table""" AS SELECT 1 AS id;
                SELECT lo_from_bytea(0, 'a large object');
                """"
            );
        }
    }

    public void Dispose() => _destination.Dispose();

    /// <summary>pg_dump before 15 writes of the schema public the privileges alone.</summary>
    [PostgresFact]
    public void NamesWhatPgDumpDoesNotWriteOfPublic()
    {
        const string Name = "selection_public";
        _server.CreateDatabase(Name);
        BackupInfo usual = BackupWriter.Run(
            Requests.Backup(_server.Connection, Name, _destination.Path),
            static _ => { },
            CancellationToken.None
        );
        Assert.Empty(BackupManifest.Read(usual.ManifestPath).Excluded!);
        _server.Execute(Name, "COMMENT ON SCHEMA public IS 'Ours'; ALTER SCHEMA public OWNER TO pg_monitor");
        BackupInfo backup = BackupWriter.Run(
            Requests.Backup(_server.Connection, Name, _destination.Path),
            static _ => { },
            CancellationToken.None
        );
        Assert.Equal(
            _server.Cluster.Major < 15 ? ["the comment of the schema public", "the owner of the schema public"] : [],
            Excluded(BackupManifest.Read(backup.ManifestPath))
        );
    }

    [PostgresFact]
    public void Everything()
    {
        (string[] tables, BackupManifest manifest) = Run(new BackupRequest());
        Assert.Equal(
            [
                "MixedCase.My \"Table\"",
                "audit.dot.name",
                "audit.log",
                "public.customers",
                "sales.Orders",
                "sales.orders",
                "sales.readings_1",
                "sales.readings_2",
                "tools.hammer",
            ],
            tables
        );
        Assert.Empty(manifest.Excluded!);
        Assert.Equal(1, manifest.LargeObjects!.Count);
    }

    [PostgresFact]
    public void SchemasByNameAndPattern()
    {
        (string[] tables, BackupManifest manifest) = Run(new BackupRequest { IncludeSchema = ["aud?t", "MixedCase"] });
        Assert.Equal(["MixedCase.My \"Table\"", "audit.dot.name", "audit.log"], tables);
        Assert.Equal(["large objects", "public", "sales", "tools"], Excluded(manifest));
        Assert.Equal(0, manifest.LargeObjects!.Count);
    }

    [PostgresFact]
    public void SchemasLeftOut()
    {
        (string[] tables, BackupManifest manifest) = Run(new BackupRequest { ExcludeSchema = ["sales", "tools", "Mixed*"] });
        Assert.Equal(["audit.dot.name", "audit.log", "public.customers"], tables);
        Assert.Equal(["\"MixedCase\"", "sales", "tools"], Excluded(manifest));
        Assert.All(manifest.Excluded!, item => Assert.Equal("the schema is not selected", item.Reason));
    }

    /// <summary>A name alone means the table in any schema, and exactly in its case; a table brings its partitions.</summary>
    [PostgresFact]
    public void Tables()
    {
        (string[] tables, BackupManifest manifest) = Run(new BackupRequest { IncludeTable = ["orders", "sales.readings", "dot.name"] });
        Assert.Equal(["audit.dot.name", "sales.orders", "sales.readings_1", "sales.readings_2"], tables);
        Assert.Equal(
            ["\"MixedCase\"", "audit.log", "large objects", "public", "sales.\"Orders\"", "sales.newest", "tools"],
            Excluded(manifest)
        );
        Assert.Single(manifest.Warnings!, warning => warning.Contains("sales.orders needs public.customers", StringComparison.Ordinal));
    }

    /// <summary>A partition alone can be restored, because its parent's definition comes with it.</summary>
    [PostgresFact]
    public void Partition()
    {
        (string[] tables, _) = Run(new BackupRequest { IncludeTable = ["readings_2"] });
        Assert.Equal(["sales.readings_2"], tables);
        RestoreResult restored = Restore("selection_partition");
        Assert.Equal(10L, _server.Scalar("selection_partition", "SELECT count(*) FROM sales.readings"));
        Assert.Single(restored.Tables);
    }

    [PostgresFact]
    public void TablesLeftOut()
    {
        (string[] tables, BackupManifest manifest) = Run(
            new BackupRequest { ExcludeTable = ["sales.*", "My \"Table\"", "audit.dot.name"] }
        );
        Assert.Equal(["audit.log", "public.customers", "tools.hammer"], tables);
        Assert.Contains("sales.readings_1", Excluded(manifest));
        Assert.Contains("\"MixedCase\".\"My \"\"Table\"\"\"", Excluded(manifest));
        Assert.Contains("audit.\"dot.name\"", Excluded(manifest));
    }

    /// <summary>A pattern without a dot is one of a table's name, and takes nothing for its schema's sake.</summary>
    [PostgresFact]
    public void PatternOfTablesDoesNotReachSchemas()
    {
        (string[] tables, _) = Run(new BackupRequest { IncludeTable = ["*o*"] });
        Assert.Equal(["audit.dot.name", "audit.log", "public.customers", "sales.orders"], tables);
    }

    [PostgresFact]
    public void RowsLeftOut()
    {
        (string[] tables, BackupManifest manifest) = Run(new BackupRequest { ExcludeTableData = ["sales.readings", "log"] });
        Assert.Equal(
            ["MixedCase.My \"Table\"", "audit.dot.name", "public.customers", "sales.Orders", "sales.orders", "tools.hammer"],
            tables
        );
        Assert.Equal(["audit.log", "sales.readings_1", "sales.readings_2"], Excluded(manifest));
        Assert.All(manifest.Excluded!, item => Assert.Equal("its rows are left out by -ExcludeTableData", item.Reason));
        Restore("selection_rows");
        Assert.Equal(0L, _server.Scalar("selection_rows", "SELECT count(*) FROM audit.log"));
    }

    /// <summary>Selected schemas come back into a new database: with the extensions that they need,
    /// and without a clash over public.</summary>
    [PostgresTheory]
    [InlineData("public")]
    [InlineData("tools")]
    [InlineData("sales,public")]
    public void SelectedSchemasComeBack(string schemas)
    {
        Run(new BackupRequest { IncludeSchema = schemas.Split(',') });
        string target = "selection_" + schemas.Replace(',', '_');
        RestoreResult restored = Restore(target);
        Assert.Equal(RestoreStatus.Restored, restored.Status);
        Assert.All(restored.Tables, table => Assert.Contains(table.Schema, schemas.Split(',')));
    }

    /// <summary>A table comes back into a new database with its schema, its types and functions, and the sequence of its column.</summary>
    [PostgresFact]
    public void SelectedTableComesBack()
    {
        Run(new BackupRequest { IncludeTable = ["sales.orders", "public.customers"] });
        Restore("selection_table");
        _server.Execute("selection_table", "INSERT INTO sales.orders (customer, twice) VALUES (1, sales.twice(21))");
        Assert.Equal(
            "11 new 42",
            _server.Scalar("selection_table", "SELECT id || ' ' || state || ' ' || twice FROM sales.orders ORDER BY id DESC LIMIT 1")
        );
    }

    /// <summary>Only what is selected is locked and must be readable.</summary>
    [PostgresFact]
    public void UnselectedTablesNeedNotBeReadable()
    {
        _server.Execute(
            "postgres",
            "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'clerk') THEN CREATE ROLE clerk LOGIN; END IF; END $$"
        );
        _server.Execute(Database, "GRANT USAGE ON SCHEMA audit TO clerk; GRANT SELECT ON audit.log TO clerk");
        using NpgsqlConnection blocker = _server.Open(Database);
        using NpgsqlTransaction transaction = blocker.BeginTransaction();
        using (var take = new Npgsql.NpgsqlCommand("LOCK TABLE sales.orders", blocker))
        {
            take.ExecuteNonQuery();
        }

        var request = new BackupRequest { IncludeTable = ["audit.log"], LockTimeout = TimeSpan.FromSeconds(1) };
        request = request with { Connection = request.Connection with { UserName = "clerk" } };
        (string[] tables, _) = Run(request);
        Assert.Equal(["audit.log"], tables);
    }

    [PostgresTheory]
    [InlineData("IncludeSchema", "slaes", "No schema in database 'selection' is named 'slaes'", "sales")]
    [InlineData("ExcludeSchema", "mixedcase", "No schema in database 'selection' is named 'mixedcase'", "MixedCase")]
    [InlineData("IncludeTable", "sales.order", "No table in database 'selection' is named 'sales.order'", "sales.orders")]
    [InlineData("IncludeTable", "LOG", "No table in database 'selection' is named 'LOG'", "audit.log")]
    [InlineData("ExcludeTable", "nothing*", "No table in database 'selection' is named 'nothing*'", "wildcards")]
    [InlineData("ExcludeTableData", "newest", "No table in database 'selection' is named 'newest'", "case included")]
    public void NameThatMatchesNothing(string parameter, string name, string message, string advice)
    {
        var request = new BackupRequest();
        typeof(BackupRequest).GetProperty(parameter)!.SetValue(request, (string[])[name]);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Run(request));
        Assert.Equal(CryoBackupError.ObjectNotFound, failure.Error);
        Assert.Equal(name, failure.Target);
        Assert.StartsWith(message, failure.Message, StringComparison.Ordinal);
        Assert.Contains(advice, failure.Remedy, StringComparison.Ordinal);
        Assert.Empty(Leftovers.Files(_destination.Path));
    }

    [PostgresFact]
    public void NothingLeft() =>
        Assert.Equal(
            CryoBackupError.ObjectNotFound,
            Assert.Throws<CryoBackupException>(() => Run(new BackupRequest { ExcludeSchema = ["*"] })).Error
        );

    [PostgresFact]
    public void SchemasAndTablesTogether() =>
        Assert.Equal(
            CryoBackupError.ConfigurationInvalid,
            Assert.Throws<CryoBackupException>(() => Run(new BackupRequest { IncludeSchema = ["sales"], IncludeTable = ["log"] })).Error
        );

    private (string[] Tables, BackupManifest Manifest) Run(BackupRequest request)
    {
        request = request with
        {
            Connection = request.Connection.UserName is { } user ? _server.Connection with { UserName = user } : _server.Connection,
            Database = Database,
            Folder = _destination.Path,
        };
        BackupInfo info = BackupWriter.Run(request, _ => { }, CancellationToken.None);
        VerificationResult verified = BackupVerifier.Run(new VerificationRequest { Path = info.Path }, _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Passed, verified.Verdict);
        return ([.. info.Tables.Select(table => table.ToString()).Order(StringComparer.Ordinal)], BackupManifest.Read(info.ManifestPath));
    }

    private RestoreResult Restore(string target)
    {
        _server.Execute("postgres", $"DROP DATABASE IF EXISTS {target}");
        string backup = Assert.Single(BackupFolder.List(_destination.Path));
        return BackupRestorer.Run(
            Requests.Restore(_server.Connection, backup, target) with
            {
                Create = true,
            },
            _ => { },
            CancellationToken.None
        );
    }

    private static string[] Excluded(BackupManifest manifest) =>
        [.. manifest.Excluded!.Select(item => item.Name).Order(StringComparer.Ordinal)];
}
