using CryoBackup.Postgres;
using CryoBackup.Postgres.Scratch;
using CryoBackup.Processes;
using CryoBackup.Restore;
using CryoBackup.Tests.Rehearsal;

namespace CryoBackup.Tests.Restore;

/// <summary>A server with the database zoo (tests/data/zoo.sql) and a backup of it,
/// for all classes marked <c>[Collection("zoo")]</c>.</summary>
public sealed class ZooServer : PostgresServer
{
    public const string Database = "zoo";

    private readonly TemporaryFolder _folder;
    private readonly Lazy<string> _backup;
    private readonly Lazy<PrivateInstallation?> _installation;

    public ZooServer()
        : this(new TemporaryFolder()) { }

    private ZooServer(TemporaryFolder folder)
        : this(folder, new Lazy<PrivateInstallation?>(() => Install(folder.Path))) { }

    private ZooServer(TemporaryFolder folder, Lazy<PrivateInstallation?> installation)
        : base(() => new ScratchClusterOptions { ProgramFolder = installation.Value?.ProgramFolder })
    {
        _folder = folder;
        _installation = installation;
        _backup = new Lazy<string>(() =>
        {
            LoadZoo(Database);
            return BackUp(Database);
        });
    }

    /// <summary>The backup of the zoo.</summary>
    internal string Backup => _backup.Value;

    /// <summary>Its programs and extensions; not on Windows, where links are for administrators.</summary>
    internal PrivateInstallation Installation => _installation.Value ?? throw new InvalidOperationException("There is none on Windows.");

    /// <summary>Makes a database and fills it with the zoo.</summary>
    internal ServerEndpoint LoadZoo(string database)
    {
        Drop(database);
        ServerEndpoint endpoint = CreateDatabase(database);
        string space = _folder.Path + "/space";
        if (!Directory.Exists(space))
        {
            Directory.CreateDirectory(space);
            if (!OperatingSystem.IsWindows())
            {
                UnixAccount.ForServer()?.Own(space);
            }
        }

        Psql(endpoint, "-v", "tablespace_folder=" + space, "-f", Path.Combine(AppContext.BaseDirectory, "data", "zoo.sql"));
        return endpoint;
    }

    /// <summary>Makes a backup of a database with the verb New.</summary>
    internal string BackUp(string database)
    {
        string folder = Directory.CreateDirectory(Path.Combine(_folder.Path, Guid.NewGuid().ToString("N"))).FullName;
        return Rehearse.BackUp(this, folder, database);
    }

    /// <summary>Restores a backup with the verb Restore.</summary>
    internal RestoreResult Restore(
        string backup,
        string database,
        Func<RestoreRequest, RestoreRequest> change,
        CancellationToken cancellationToken = default
    )
    {
        RestoreRequest request = Requests.Restore(Connection, backup, database);
        request = change(request);
        return BackupRestorer.Run(request, static _ => { }, cancellationToken);
    }

    /// <summary>As <see cref="Restore"/>, where it is to fail.</summary>
    internal CryoBackupException Fail(string backup, string database, Func<RestoreRequest, RestoreRequest> change) =>
        Assert.Throws<CryoBackupException>(() => Restore(backup, database, change));

    /// <summary>Databases that a restore has left under a temporary name.</summary>
    internal long CountTemporary() =>
        (long)Scalar("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE 'cryobackup\\_restore\\_%'")!;

    /// <summary>What pg_dump writes of a database, without what differs from run to run.</summary>
    internal string Dump(string database, params string[] arguments)
    {
        using var environment = new LibpqEnvironment(Endpoint.WithDatabase(database), "CryoBackup tests");
        ClientTool tool = ClientTools.Find("pg_dump", Cluster.Major, CancellationToken.None);
        (int exitCode, string output, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(tool.Path, ["-w", .. arguments]) { Environment = environment.Variables },
            CancellationToken.None
        );
        Assert.True(exitCode == 0, string.Join('\n', errors));
        return string.Join(
            '\n',
            output
                .Split('\n')
                .Where(line =>
                    !line.StartsWith("\\restrict", StringComparison.Ordinal) && !line.StartsWith("\\unrestrict", StringComparison.Ordinal)
                )
        );
    }

    /// <summary>Runs psql.</summary>
    internal void Psql(ServerEndpoint endpoint, params string[] arguments) =>
        RunTool(endpoint, "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", .. arguments]);

    /// <summary>Restores an archive into a database with stock pg_restore, which must not meet an error.</summary>
    internal void PgRestore(string database, params string[] arguments) =>
        RunTool(
            Endpoint.WithDatabase(database),
            "pg_restore",
            ["--exit-on-error", "-d", LibpqEnvironment.ConninfoForDatabase(database), .. arguments]
        );

    public override void Dispose()
    {
        base.Dispose();
        _folder.Dispose();
    }

    private void RunTool(ServerEndpoint endpoint, string name, string[] arguments)
    {
        using var environment = new LibpqEnvironment(endpoint, "CryoBackup tests", clientEncoding: "UTF8");
        ClientTool tool = ClientTools.Find(name, Cluster.Major, CancellationToken.None);
        (int exitCode, _, IReadOnlyList<string> errors) = ToolProcess.Run(
            new ToolCommand(tool.Path, ["-w", .. arguments]) { Environment = environment.Variables },
            CancellationToken.None
        );
        Assert.True(exitCode == 0, string.Join('\n', errors));
    }

    private static PrivateInstallation? Install(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }

        // The server's account is not ours.
        const UnixFileMode Open =
            UnixFileMode.UserRead
            | UnixFileMode.UserWrite
            | UnixFileMode.UserExecute
            | UnixFileMode.GroupRead
            | UnixFileMode.GroupExecute
            | UnixFileMode.OtherRead
            | UnixFileMode.OtherExecute;
        File.SetUnixFileMode(folder, Open);
        return new PrivateInstallation(folder);
    }
}

[CollectionDefinition("zoo")]
public sealed class ZooCollection : ICollectionFixture<ZooServer>;

[CollectionDefinition("disasters")]
public sealed class DisasterCollection : ICollectionFixture<ZooServer>;
