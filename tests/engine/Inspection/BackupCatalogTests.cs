using CryoBackup.Processes;
using CryoBackup.Storage;
using CryoBackup.Tests.Archive;
using CryoBackup.Tests.Streams;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

public sealed class BackupCatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    private string Add(string database, int hour, bool file = true, Func<BackupManifest, BackupManifest>? change = null)
    {
        string name = $"{BackupFileName.Encode(database)}_20240806_{hour:00}0000_full.dump.gz";
        string path = Path.Combine(_folder.Path, name);
        if (file)
        {
            File.WriteAllBytes(path, GzipSamples.Stock(ArchiveImage.CreateSample().ToBytes()));
        }

        var manifest = new BackupManifest
        {
            Timestamp = $"2024-08-06T{hour:00}:00:00.000000Z",
            Database = database,
            BackupFile = name,
            SizeBytes = 5,
            SchemaVersion = 1,
            Sha256 = new string('c', 64),
            Compression = "gzip",
            Tables =
            [
                new()
                {
                    Schema = "public",
                    Name = "t",
                    Rows = 7,
                },
            ],
            ManifestSha256 = new string('0', 64),
        };
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, (change?.Invoke(manifest) ?? manifest).Serialize());
        return path;
    }

    private string[] Find(bool latest = false, params string[] databases) =>
        [
            .. BackupCatalog
                .Find(_folder.Path, databases, latest, _messages.Add, CancellationToken.None)
                .Select(backup => $"{backup.Database} {backup.Start.Hour}"),
        ];

    [UnixFact]
    public void APipeHoldsNobodyUp()
    {
        Add("app", 3);
        string pipe = Path.Combine(_folder.Path, "app_20240806_040000_full.dump.gz");
        foreach (string path in (string[])[pipe, pipe + BackupFileName.ManifestSuffix])
        {
            (int exitCode, _, _) = ToolProcess.Run(new ToolCommand("mkfifo", path), CancellationToken.None);
            Assert.Equal(0, exitCode);
        }

        Assert.Equal(["app 3"], Find());
        Assert.Contains(
            _messages.OfType<WarningMessage>(),
            warning => warning.Text.Contains("a pipe, a socket or a device", StringComparison.Ordinal)
        );
        VerificationResult result = BackupVerifier.Run(new VerificationRequest { Path = pipe }, static _ => { }, CancellationToken.None);
        Assert.Equal(Verdict.Failed, result.Verdict);
        Assert.Contains("a pipe, a socket or a device", result.Reason, StringComparison.Ordinal);

        // A link to a backup is often what "the newest" is.
        string link = Path.Combine(_folder.Path, "latest");
        File.CreateSymbolicLink(link, Path.Combine(_folder.Path, "app_20240806_030000_full.dump.gz"));
        using FileStream file = BackupSource.OpenFile(link);
        Assert.True(file.Length > 0);
    }

    [Fact]
    public void ListsTheNewestFirst()
    {
        Add("app", 3);
        Add("app", 5);
        Add("App", 4);
        Add("a/b", 1);
        Assert.Equal(["app 5", "App 4", "app 3", "a/b 1"], Find());
        Assert.Equal(["app 5", "App 4", "a/b 1"], Find(latest: true));
        Assert.Equal(["app 5", "app 3"], Find(false, "app"));
        Assert.Equal(["app 5", "app 3", "a/b 1"], Find(false, "a*"));
        Assert.Empty(Find(false, "b"));
        Assert.Empty(_messages);

        BackupInfo backup = BackupCatalog.Find(_folder.Path, null, latest: true, _messages.Add, CancellationToken.None).First();
        Assert.Equal((1, 7L, "Gzip", new string('C', 64)), (backup.TableCount, backup.RowCount, backup.Compression, backup.Hash));
    }

    [Fact]
    public void WarnsOfWhatItCannotList()
    {
        Add("good", 1);
        string lost = Add("lost", 2, file: false);
        string damaged = Add("damaged", 3);
        File.AppendAllText(damaged + BackupFileName.ManifestSuffix, " ");
        File.WriteAllText(Path.Combine(_folder.Path, "notes.txt"), "x");
        Assert.Equal(["good 1"], Find());
        Assert.Equal(
            [damaged, lost],
            _messages
                .Cast<WarningMessage>()
                .Select(message => message.Text.Contains(lost, StringComparison.Ordinal) ? lost : damaged)
                .Order(StringComparer.Ordinal)
        );
    }

    /// <summary>Every server is localhost on its own machine.</summary>
    [Fact]
    public void NewestIsThatOfEachServer()
    {
        BackupManifest Of(BackupManifest manifest, string? identifier, string host = "localhost") =>
            manifest with
            {
                Host = host,
                Port = 5432,
                Server = identifier is null ? null : new() { SystemIdentifier = identifier },
            };
        Add("app", 1, change: manifest => Of(manifest, "7000"));
        Add("app", 2, change: manifest => Of(manifest, "7000"));
        Assert.Equal(2, FindLatest().Start.Hour);

        // An older one of a manifest without identifier is the namesake's; a newer one may be anybody's.
        Add("app", 0, change: manifest => Of(manifest, null));
        Assert.Equal(["app 2"], Find(latest: true));
        Assert.Equal(2, FindLatest().Start.Hour);
        Add("app", 3, change: manifest => Of(manifest, "7001"));
        Add("app", 4, change: manifest => Of(manifest, null, "db9"));
        Assert.Equal(["app 4", "app 3", "app 2"], Find(latest: true));
        Assert.Equal(3, BackupCatalog.Choose(_folder.Path, ["app"], latest: true, _messages.Add, CancellationToken.None).Count);
        CryoBackupException several = Assert.Throws<CryoBackupException>(() => FindLatest());
        Assert.Equal(CryoBackupError.NotABackup, several.Error);
        Assert.Contains(
            "'app' from 3 servers, and which is meant is not said: db9:5432 (system identifier not recorded), "
                + "newest of 2024-08-06 04:00:00Z; "
                + "localhost:5432 (system identifier 7001), newest of 2024-08-06 03:00:00Z; localhost:5432 (system identifier 7000), "
                + "newest of 2024-08-06 02:00:00Z",
            several.Message,
            StringComparison.Ordinal
        );
        Assert.Equal(CryoBackupError.BackupNotFound, Assert.Throws<CryoBackupException>(() => FindLatest("other")).Error);
    }

    /// <summary>The newest is a whole one where there is any.</summary>
    [Fact]
    public void NewestIsWhole()
    {
        Add("app", 2, change: manifest => manifest with { BackupType = "partial" });
        Assert.Equal(["app 2"], Find(latest: true));
        Assert.Contains(
            "only such of a selection",
            Assert.Throws<CryoBackupException>(() => FindLatest()).Message,
            StringComparison.Ordinal
        );
        Add("app", 1);
        Assert.Equal(["app 1"], Find(latest: true));
        Assert.Equal((1, false), (FindLatest().Start.Hour, FindLatest().Partial));
        Assert.Equal(
            [false, true],
            BackupCatalog.Find(_folder.Path, null, false, _messages.Add, CancellationToken.None).Select(backup => backup.Partial).Order()
        );
    }

    /// <summary>A share that is not mounted may hold a newer one.</summary>
    [Fact]
    public void OfSeveralFoldersOneThatIsNotThereIsTold()
    {
        Add("app", 1);
        string none = Path.Combine(_folder.Path, "none");
        Assert.Equal(1, BackupCatalog.FindLatest([none, _folder.Path], "app", _messages.Add, CancellationToken.None).Start.Hour);
        Assert.StartsWith($"'{none}' is not there", Assert.IsType<WarningMessage>(Assert.Single(_messages)).Text, StringComparison.Ordinal);
    }

    private BackupInfo FindLatest() => FindLatest("app");

    private BackupInfo FindLatest(string database) =>
        BackupCatalog.FindLatest([_folder.Path], database, _messages.Add, CancellationToken.None);

    [Fact]
    public void NamesAFolderThatIsNotThere()
    {
        string folder = Path.Combine(_folder.Path, "none");
        CryoBackupException exception = Assert.Throws<CryoBackupException>(() =>
            BackupCatalog.Find(folder, null, false, _messages.Add, CancellationToken.None)
        );
        Assert.Equal((CryoBackupError.BackupNotFound, folder), (exception.Error, exception.Target));
    }

    /// <summary>What is to be proven must not be left out because its file is lost or its manifest damaged.</summary>
    [Fact]
    public void ChoosesByManifestElseByName()
    {
        using var folder = new TemporaryFolder();
        foreach (
            string name in new[]
            {
                "a%2Fb_20260101_000000_full.dump.gz",
                "a%2Fb_20260102_000000_full.dump.gz",
                "app_20260101_000000_full.dump",
                "odd.dump",
            }
        )
        {
            folder.Write(name, "x");
        }

        folder.Write("app_20260103_000000_full.dump.gz.meta.json", "damaged, and its file is lost");
        var messages = new List<EngineMessage>();
        Assert.Equal(5, Choose(latest: false).Length);
        Assert.Empty(messages);
        Assert.Equal(["a%2Fb_20260102_000000_full.dump.gz", "app_20260103_000000_full.dump.gz"], Choose(latest: true));
        Assert.Contains("odd.dump", Assert.IsType<WarningMessage>(Assert.Single(messages)).Text, StringComparison.Ordinal);
        Assert.Equal(["app_20260101_000000_full.dump", "app_20260103_000000_full.dump.gz"], Choose(latest: false, "a?p"));
        Assert.Equal(["a%2Fb_20260102_000000_full.dump.gz"], Choose(latest: true, "a/b"));
        Assert.Empty(Choose(latest: true, "other"));

        string[] Choose(bool latest, params string[] databases) =>
            [
                .. BackupCatalog
                    .Choose(folder.Path, databases, latest, messages.Add, CancellationToken.None)
                    .Select(path => Path.GetFileName(path)!),
            ];
    }

    /// <summary>A folder without a backup, and a database that is asked for by its name, are missed aloud.</summary>
    [Fact]
    public void SaysWhatIsNotThere()
    {
        Assert.Empty(Find(false));
        Assert.Contains("holds no backup", Assert.IsType<WarningMessage>(Assert.Single(_messages)).Text, StringComparison.Ordinal);
        IReadOnlyList<CryoBackupException> failures = BackupCatalog.NotFound(
            new CatalogQuery { Databases = ["app", "crm", "x*", "crm"] },
            new HashSet<string>(["app"]),
            ["/a", "/b"]
        );
        CryoBackupException failure = Assert.Single(failures);
        Assert.Equal((CryoBackupError.BackupNotFound, "'/a', '/b' holds no backup of 'crm'."), (failure.Error, failure.Message));
    }
}
