using CryoBackup.Backup;
using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Postgres;
using CryoBackup.Tests.Encryption;

namespace CryoBackup.Tests.Configuration;

/// <summary>What New makes of a configuration.</summary>
public sealed class BackupPlanTests : IDisposable
{
    private static readonly BackupRequest Defaults = new();

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ConfigurationFillsWhatWasNotSaid()
    {
        BackupRequest request = Assert.Single(
            Plan(
                """
                database: {host: db.example, port: 5433, username: u, password: p, database: app, ssl_mode: require}
                local_backup_dir: there
                compression: {level: 9}
                retention: {full_backup: 3}
                backup: {exclude_table: [t], timeout: 2h, label: l, skip_row_count: true, include_globals: true, lock_timeout: 5s, stall_timeout: 1m}
                """
            )
        );
        Assert.Equal(
            ("app", Path.Combine(_folder.Path, "there"), CompressionKind.Gzip, 9, 3),
            (request.Database, request.Folder, request.Compression, request.CompressionLevel, request.Retention!.KeepWithin!.Value.Days)
        );
        Assert.Equal(
            ("db.example", 5433, "u", "p", SslMode.Require),
            (
                request.Connection.ComputerName,
                request.Connection.Port,
                request.Connection.UserName,
                request.Connection.Password,
                request.Connection.SslMode
            )
        );
        Assert.Equal(["t"], request.ExcludeTable);
        Assert.Equal(
            (TimeSpan.FromHours(2), "l", true, true),
            (request.Timeout, request.Label, request.SkipRowCount, request.IncludeGlobals)
        );
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)), (request.LockTimeout, request.StallTimeout));
    }

    [Fact]
    public void ParametersBeatTheConfiguration()
    {
        var given = new BackupOptions
        {
            Folder = _folder.Path,
            Compression = CompressionKind.Zstd,
            Label = "mine",
            Connection = new ConnectionRequest { ComputerName = "here", UserName = "me" },
        };
        BackupRequest request = Assert.Single(
            Plan(
                "database: {host: there, username: you, password: \"${UNSET}\", database: app}\nlocal_backup_dir: there\ncompression: "
                    + "{level: 9}\nbackup: {label: yours}\n",
                given,
                ["other"]
            )
        );
        Assert.Equal(
            ("other", _folder.Path, CompressionKind.Zstd, null, "mine"),
            (request.Database, request.Folder, request.Compression, request.CompressionLevel, request.Label)
        );

        // Another role does not get the password of the configuration's.
        Assert.Equal(("here", "me", null), (request.Connection.ComputerName, request.Connection.UserName, request.Connection.Password));
    }

    /// <summary>A database that is named and was never backed up must be missed; where the server is asked,
    /// nobody knows what to miss.</summary>
    [Theory]
    [InlineData("database: {database: app}\nlocal_backup_dir: a\n", "a: app")]
    [InlineData("databases: [one, {name: two, local_backup_dir: b}, three]\nlocal_backup_dir: a\n", "a: one three; b: two")]
    [InlineData("databases: [{name: two, local_backup_dir: b}]\nlocal_backup_dir: a\n", "b: two")]
    [InlineData("databases: all\nlocal_backup_dir: a\n", "a: ")]
    [InlineData("database: {database: app}\n", "")]
    public void ExpectedDatabasesOfEachFolder(string text, string expected)
    {
        BackupConfiguration configuration = ConfigurationFile.Read(_folder.Write("expected.yaml", text), static _ => { });
        Assert.Equal(
            expected,
            string.Join(
                "; ",
                BackupPlan.Expected(configuration).Select(pair => $"{Path.GetFileName(pair.Folder)}: {string.Join(' ', pair.Databases)}")
            )
        );
    }

    [Fact]
    public void EveryParameterBeatsItsKey()
    {
        var given = new BackupOptions
        {
            ExcludeSchema = ["s"],
            ExcludeTable = ["t"],
            ExcludeTableData = ["d"],
            IncludeGlobals = false,
            SkipRowCount = false,
            LockTimeout = TimeSpan.FromSeconds(1),
            Timeout = TimeSpan.FromSeconds(2),
            StallTimeout = TimeSpan.FromSeconds(3),
            CompressionLevel = 4,
            IncludeTable = ["only"],
        };
        BackupRequest request = Assert.Single(
            Plan(
                """
                database: {database: app}
                compression: {level: 9}
                backup: {exclude_schema: x, exclude_table: x, exclude_table_data: x, include_schema: x, include_globals: true, skip_row_count: true, lock_timeout: 1h, timeout: 2h, stall_timeout: 3h}
                """,
                given
            )
        );
        Assert.Equal(
            (given.ExcludeSchema, given.ExcludeTable, given.ExcludeTableData, given.IncludeTable),
            (request.ExcludeSchema, request.ExcludeTable, request.ExcludeTableData, request.IncludeTable)
        );
        Assert.Equal((false, false, 4), (request.IncludeGlobals, request.SkipRowCount, request.CompressionLevel));
        Assert.Equal((given.LockTimeout, given.Timeout, given.StallTimeout), (request.LockTimeout, request.Timeout, request.StallTimeout));
        Assert.Empty(request.IncludeSchema);
    }

    /// <summary>One name on two servers means both, but where the user names the server.</summary>
    [Theory]
    [InlineData(null, null, "db1:5432 db2:5433")]
    [InlineData("db2", null, "db2:5433")]
    [InlineData("db1", 5432, "db1:5432")]
    [InlineData("other", 5, "other:5")]
    public void NameThatIsOnSeveralServersIsBackedUpFromEach(string? server, int? port, string expected)
    {
        BackupConfiguration configuration = ConfigurationFile.Read(
            _folder.Write("servers.yaml", "database: {host: db1, port: 5432}\ndatabases: [app, {name: app, host: db2, port: 5433}, crm]\n"),
            static _ => { }
        );
        var given = new BackupOptions
        {
            Connection = new ConnectionRequest { ComputerName = server, Port = port },
        };
        IReadOnlyList<BackupRequest> requests = BackupPlan.Create(
            configuration,
            given,
            Defaults,
            ["app", "app"],
            static _ => { },
            CancellationToken.None
        );
        Assert.Equal(
            expected,
            string.Join(' ', requests.Select(request => $"{request.Connection.ComputerName}:{request.Connection.Port}"))
        );
        Assert.All(requests, request => Assert.Equal("app", request.Database));
    }

    [Fact]
    public void WithoutAConfigurationTheParametersAreAll()
    {
        var given = new BackupOptions
        {
            Folder = _folder.Path,
            Label = "mine",
            Connection = new ConnectionRequest { ComputerName = "here" },
        };
        IReadOnlyList<BackupRequest> requests = BackupPlan.Create(null, given, Defaults, ["a", "b"], _ => { }, CancellationToken.None);
        Assert.Equal(
            [("a", "mine", _folder.Path), ("b", "mine", _folder.Path)],
            requests.Select(request => (request.Database, request.Label, request.Folder))
        );
        Assert.Equal("here", BackupPlan.Connect(null, given.Connection).ComputerName);
        Assert.Empty(BackupPlan.Folders(null));
        Assert.Empty(BackupPlan.Identities(null, []));
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupPlan.Create(null, given, Defaults, [], _ => { }, CancellationToken.None)
        );
        Assert.Contains("-Config", failure.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void FoldersAreThoseOfTheFileAndOfItsEntries()
    {
        BackupConfiguration configuration = Read(
            "local_backup_dir: all\ndatabases:\n  - a\n  - {name: b, local_backup_dir: b}\n  - {name: c, local_backup_dir: all}\n"
        );
        Assert.Equal([Path.Combine(_folder.Path, "all"), Path.Combine(_folder.Path, "b")], BackupPlan.Folders(configuration));
        Assert.Empty(BackupPlan.Folders(Read("log_format: json\n")));
        Assert.Empty(BackupPlan.Identities(Read("log_format: json\n"), []));
        Assert.Equal(
            [Path.GetFullPath("/one", _folder.Path), Path.GetFullPath("/two", _folder.Path)],
            BackupPlan.Identities(
                Read(
                    "encryption: {enabled: false, identity_file: /one}\ndatabases:\n  - a\n  - {name: b, encryption: {enabled: false, "
                        + "identity_file: [/two, /one]}}\n"
                ),
                []
            )
        );
    }

    [Fact]
    public void CompressionDisabledIsNone() =>
        Assert.Equal(
            CompressionKind.None,
            Assert.Single(Plan("database: {database: a}\ncompression: {enabled: false, level: 9}\n")).Compression
        );

    [Fact]
    public void EntriesOverrideTheFile()
    {
        IReadOnlyList<BackupRequest> requests = Plan(
            """
            database: {host: one, username: u, password: p}
            local_backup_dir: all
            retention: {full_backup: 30}
            databases:
              - a
              - {name: b, host: two, username: v, local_backup_dir: b, retention: {full_backup: 7}, compression: {enabled: false}}
            """
        );
        Assert.Equal(["a", "b"], requests.Select(request => request.Database));
        Assert.Equal([30, 7], requests.Select(request => request.Retention!.KeepWithin!.Value.Days));
        Assert.Equal(["one", "two"], requests.Select(request => request.Connection.ComputerName));
        Assert.Equal(["p", null], requests.Select(request => request.Connection.Password));
        Assert.Equal([CompressionKind.Gzip, CompressionKind.None], requests.Select(request => request.Compression));
        Assert.Equal(Path.Combine(_folder.Path, "b"), requests[1].Folder);
    }

    [Fact]
    public void NoDatabaseIsAnErrorWithRemedy()
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() => Plan("log_format: json\n"));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
        Assert.Contains("No database is named", failure.Message, StringComparison.Ordinal);
        Assert.Contains(
            "-Config",
            Assert.Throws<CryoBackupException>(() => BackupPlan.Create(null, new BackupOptions(), Defaults, [], _ => { }, default)).Remedy,
            StringComparison.Ordinal
        );
    }

    [AgeFact]
    public void EncryptionFailsClosed()
    {
        const string Text = "database: {database: a}\nencryption: {enabled: true, key_file: key}\n";
        CryoBackupException missing = Assert.Throws<CryoBackupException>(() => Plan(Text));
        Assert.Equal(CryoBackupError.ConfigurationInvalid, missing.Error);
        Assert.Contains(Path.Combine(_folder.Path, "key"), missing.Message, StringComparison.Ordinal);
        Assert.Contains("age-keygen -o identity.txt", missing.Remedy, StringComparison.Ordinal);
        Assert.Contains("age-keygen -y identity.txt > recipients.txt", missing.Remedy, StringComparison.Ordinal);

        _folder.Write("key", "Zm9vYmFyYmF6cXV4cXV1eGNvcmdlZ3JhdWx0Z2FycDE=\n");
        CryoBackupException fernet = Assert.Throws<CryoBackupException>(() => Plan(Text));
        Assert.Contains("Fernet", fernet.Message, StringComparison.Ordinal);
        Assert.Contains("age-keygen -o", fernet.Remedy, StringComparison.Ordinal);
        Assert.Contains(
            "names no key",
            Assert.Throws<CryoBackupException>(() => Plan("database: {database: a}\nencryption: {enabled: true}\n")).Message,
            StringComparison.Ordinal
        );

        Assert.Empty(Assert.Single(Plan("database: {database: a}\nencryption: {enabled: false, key_file: none}\n")).Recipients);
    }

    [AgeFact]
    public void KeyFileIsReadAsEither()
    {
        (string identity, string recipient) = KeyPairs.Make(_folder, "age");
        string list = _folder.Write("team.txt", recipient + "\n");
        Assert.Equal([recipient], Assert.Single(Plan($"database: {{database: a}}\nencryption: {{key_file: {identity}}}\n")).Recipients);
        Assert.Equal(
            [recipient],
            Assert
                .Single(
                    Plan($"database: {{database: a}}\nencryption: {{recipients: {recipient}, recipients_file: {list}, key_file: {list}}}\n")
                )
                .Recipients
        );

        Assert.Equal([identity], BackupPlan.Identities(Read($"encryption: {{key_file: {identity}}}\n"), []));
        Assert.Equal(
            ["/other", identity],
            BackupPlan.Identities(Read($"encryption: {{enabled: false, key_file: {identity}, identity_file: /other}}\n"), [])
        );
        Assert.Empty(BackupPlan.Identities(Read($"encryption: {{key_file: {list}}}\n"), []));
        Assert.Equal(["/given"], BackupPlan.Identities(Read($"encryption: {{key_file: {identity}}}\n"), ["/given"]));
    }

    [Theory]
    [InlineData("{}", "app,app_test,postgres")]
    [InlineData("{include: [\"app*\"]}", "app,app_test")]
    [InlineData("{include: [\"app*\"], exclude: [\"*_test\"]}", "app")]
    [InlineData("{exclude: [none]}", "app,app_test,postgres")]
    public void SelectionChoosesAmongTheServersDatabases(string selection, string expected) =>
        Assert.Equal(
            expected.Split(','),
            DatabaseList.Select(Read($"databases: {selection}\n").Databases!, ["app", "app_test", "postgres"], "server")
        );

    [Fact]
    public void SelectionThatMeansNothingIsAnError()
    {
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            DatabaseList.Select(Read("databases: {include: [ap]}\n").Databases!, ["app"], "server")
        );
        Assert.Equal(CryoBackupError.ObjectNotFound, failure.Error);
        Assert.Contains("app", failure.Remedy, StringComparison.Ordinal);
        Assert.Equal(
            CryoBackupError.ObjectNotFound,
            Assert
                .Throws<CryoBackupException>(() =>
                    DatabaseList.Select(Read("databases: {exclude: [\"*\"]}\n").Databases!, ["app"], "server")
                )
                .Error
        );
    }

    private IReadOnlyList<BackupRequest> Plan(string text, BackupOptions? given = null, IReadOnlyList<string>? databases = null) =>
        BackupPlan.Create(Read(text), given ?? new BackupOptions(), Defaults, databases ?? [], _ => { }, CancellationToken.None);

    private BackupConfiguration Read(string text) => ConfigurationFile.Read(_folder.Write("c.yaml", text), _ => { }, _ => null);
}
