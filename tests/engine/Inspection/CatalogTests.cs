using CryoBackup.Storage;

namespace CryoBackup.Tests.Inspection;

/// <summary>What a catalogue lists, and as what. No data file of these tests holds a backup: none is opened.</summary>
[Trait("Runs", "Once")]
public sealed class CatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<EngineMessage> _messages = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void SpansOfTimeIncludeTheirBeginningAlone()
    {
        foreach (int hour in (int[])[1, 2, 3])
        {
            Add("app", hour);
        }

        Assert.Equal([3, 2], Hours(new CatalogQuery { Since = At(2) }));
        Assert.Equal([1], Hours(new CatalogQuery { Before = At(2) }));
        Assert.Equal([2], Hours(new CatalogQuery { Since = At(2), Before = At(3) }));
        Assert.Equal([2], Hours(new CatalogQuery { Before = At(3), Latest = true }));
        Assert.Empty(_messages);
    }

    /// <summary>Two servers that are both called localhost, one reached by two names, and one that recorded no identifier.</summary>
    [Fact]
    public void SourcesAreToldApart()
    {
        Add("app", 1, host: "localhost", identifier: "7001");
        Add("app", 2, host: "localhost", identifier: "7002");
        Add("app", 3, host: "DB.example.com", identifier: "7001");
        Add("app", 4, host: "Other.example.com");
        Assert.Equal(["other.example.com:5432", "7001", "7002", "7001"], Find(new CatalogQuery()).Select(backup => backup.Source));
        Assert.Equal([2, 1], Hours(new CatalogQuery { Servers = ["localhost"] }));
        Assert.Equal([3], Hours(new CatalogQuery { Servers = ["db.*"] }));
        Assert.Equal([3, 1], Hours(new CatalogQuery { Servers = ["7001"] }));
        Assert.Equal([4, 2, 1], Hours(new CatalogQuery { Servers = ["other.example.com:5432", "localhost"] }));
        Assert.Empty(Hours(new CatalogQuery { Servers = ["localhost:5433"] }));
    }

    [Fact]
    public void PartialOnesCanBeAskedFor()
    {
        Add("app", 1);
        Add("app", 2, type: BackupManifest.PartialType);
        Assert.Equal([2], Hours(new CatalogQuery { Partial = true }));
        Assert.Equal([2, 1], Hours(new CatalogQuery()));
    }

    /// <summary>By what New counted and what Tests concluded; what was changed since is not proven.</summary>
    [Fact]
    public void ProofIsShownAndAskedFor()
    {
        string counted = Add("app", 1, counted: true);
        Add("app", 2);
        string rehearsed = Add("app", 3);
        string failed = Add("app", 4, counted: true);
        string changed = Add("app", 5, counted: true);
        Conclude(rehearsed, VerificationLevel.Restore, Verdict.Passed);
        Conclude(failed, VerificationLevel.Content, Verdict.Failed);
        File.SetLastWriteTimeUtc(changed, DateTime.UtcNow.AddHours(1));
        IReadOnlyList<BackupInfo> all = Find(new CatalogQuery());
        Assert.Equal(["Unproven", "Failed", "Rehearsed", "Unproven", "Proven"], all.Select(BackupWord.Of));
        Assert.Equal([3, 1], Hours(new CatalogQuery { Proven = true }));
        Assert.Equal([3], Hours(new CatalogQuery { Rehearsed = true }));
        Assert.NotNull(all[1].Disproven);
        File.Delete(counted);
        Assert.Null(Find(new CatalogQuery { All = true })[^1].Proven);
    }

    [Fact]
    public void DegradedOnesCanBeAskedFor()
    {
        Add("app", 1);
        string path = Add("app", 2);
        BackupManifest manifest = BackupManifest.Read(path + BackupFileName.ManifestSuffix) with
        {
            Degraded = new() { ComparedWith = "app_20260101_010000_full.dump.gz" },
        };
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, manifest.Serialize());
        Assert.Equal([2], Hours(new CatalogQuery { Degraded = true }));
        Assert.Equal(["Degraded", "Unproven"], Find(new CatalogQuery()).Select(BackupWord.Of));
    }

    private static void Conclude(string backup, VerificationLevel level, Verdict verdict) =>
        ProofRecord.Remember(
            backup,
            new ProofRecord.TestVerdict
            {
                Level = level,
                Verdict = verdict,
                Time = DateTime.UtcNow,
                Sha256 = new string('c', 64),
                SizeBytes = new FileInfo(backup).Length,
                Modified = File.GetLastWriteTimeUtc(backup),
            }
        );

    /// <summary>Without All the same folder gives one backup and a warning of what should be there.</summary>
    [Fact]
    public void AllIsShownAsWhatItIs()
    {
        Add("app", 1);
        File.Delete(Add("lost", 2));
        File.Delete(Add("bare", 3) + BackupFileName.ManifestSuffix);
        File.AppendAllText(Add("changed", 4) + BackupFileName.ManifestSuffix, " ");
        File.WriteAllText(Path.Combine(_folder.Path, "killed_20260101_050000_partial.dump.zst.age.partial"), "12345");
        File.WriteAllText(Path.Combine(_folder.Path, "foreign.dump"), "123");
        foreach (string none in (string[])["notes.txt", "app_20260101_010000_full.dump.gz.globals.sql.gz", "x.dump.gz.lock"])
        {
            File.WriteAllText(Path.Combine(_folder.Path, none), "x");
        }

        Assert.Equal("app", Assert.Single(Find(new CatalogQuery())).Database);
        Assert.Equal(2, _messages.Count);
        _messages.Clear();
        IReadOnlyList<BackupInfo> all = Find(new CatalogQuery { All = true });
        Assert.Equal(
            [
                ("killed", BackupState.Unfinished),
                ("changed", BackupState.ManifestInvalid),
                ("bare", BackupState.ManifestMissing),
                ("lost", BackupState.FileMissing),
                ("app", BackupState.Complete),
                ("", BackupState.ManifestMissing),
            ],
            all.Select(backup => (backup.Database, backup.State))
        );
        Assert.Equal(
            ["Unfinished", "Unreadable", "No manifest", "No file", "Unproven", "No manifest"],
            all.Select(backup => BackupWord.Of(backup))
        );
        Assert.Empty(_messages);
        Assert.Equal((5L, "Zstd", true, true), (all[0].Size, all[0].Compression, all[0].Encrypted, all[0].Partial));
        Assert.EndsWith(".partial", all[0].Path, StringComparison.Ordinal);
        Assert.Contains("its own checksum does not fit", Assert.Single(all[1].Warnings), StringComparison.Ordinal);
        Assert.Equal(("", 3L), (all[^1].ManifestPath, all[^1].Size));
        Assert.Equal(0, new FolderListing(_folder.Path).SizeOf(Path.Combine(_folder.Path, "none.dump")));
        Assert.Equal(["bare"], Find(new CatalogQuery { All = true, Databases = ["b*"] }).Select(backup => backup.Database));
        Assert.DoesNotContain(Find(new CatalogQuery { All = true, Before = At(23) }), backup => backup.Database.Length == 0);
    }

    [Fact]
    public void TheFoldersBelowAreOneList()
    {
        Add("app", 1);
        Add("app", 3, "deep/er");
        Add("crm", 2, "deep");
        Assert.Equal([1], Hours(new CatalogQuery()));
        Assert.Equal([3, 2, 1], Hours(new CatalogQuery { Recurse = true }));
        Assert.Equal([3, 2], Hours(new CatalogQuery { Recurse = true, Latest = true }));
        Assert.Empty(_messages);
    }

    [UnixFact]
    public void ALinkToAFolderAboveIsNotFollowed()
    {
        Add("app", 1, "deep");
        Directory.CreateSymbolicLink(Path.Combine(_folder.Path, "deep", "up"), _folder.Path);
        Assert.Equal([1], Hours(new CatalogQuery { Recurse = true }));
    }

    [Fact]
    public void AnEmptyTreeIsSaidToBeOne()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "empty"));
        Assert.Empty(Find(new CatalogQuery { Recurse = true }));
        Assert.Contains("or below", Assert.IsType<WarningMessage>(Assert.Single(_messages)).Text, StringComparison.Ordinal);
    }

    /// <summary>A backup may be named itself, by its file or its manifest.</summary>
    [Fact]
    public void OneAloneCanBeAskedFor()
    {
        string one = Add("app", 1);
        Add("app", 2);
        File.AppendAllText(Add("app", 3) + BackupFileName.ManifestSuffix, "noise");
        foreach (string path in (string[])[one, one + BackupFileName.ManifestSuffix])
        {
            Assert.Equal(one, Assert.Single(BackupCatalog.Find(path, new CatalogQuery(), _messages.Add, default)).Path);
            Assert.Empty(BackupCatalog.Find(path, new CatalogQuery { Databases = ["crm"] }, _messages.Add, default));
        }

        // Of the others nothing is said.
        Assert.Empty(_messages);
        File.Delete(one);
        File.Delete(one + BackupFileName.ManifestSuffix);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            BackupCatalog.Find(one, new CatalogQuery(), _messages.Add, default)
        );
        Assert.Equal((CryoBackupError.BackupNotFound, one), (failure.Error, failure.Target));
    }

    /// <summary>What this account may not look into is told; the rest is listed.</summary>
    [LinuxFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void AFolderThatNobodyMayReadIsToldAndLeftOut()
    {
        Add("app", 1);
        Add("app", 2, "closed");
        Add("app", 3, "open");
        Assert.Equal([3, 2, 1], AsNobody.Run(_folder.Path, () => Hours(new CatalogQuery { Recurse = true })));
        Assert.Empty(_messages);
        string closed = Path.Combine(_folder.Path, "closed");
        File.SetUnixFileMode(closed, UnixFileMode.None);
        Assert.Equal([3, 1], AsNobody.Run(_folder.Path, () => Hours(new CatalogQuery { Recurse = true })));
        string warning = Assert.IsType<WarningMessage>(Assert.Single(_messages)).Text;
        Assert.Contains($"The folder '{closed}' cannot be read", warning, StringComparison.Ordinal);
        CryoBackupException failure = Assert.Throws<CryoBackupException>(() =>
            AsNobody.Run(_folder.Path, () => BackupCatalog.Find(closed, new CatalogQuery(), _messages.Add, default))
        );
        Assert.Equal((CryoBackupError.PermissionDenied, closed), (failure.Error, failure.Target));
        File.SetUnixFileMode(closed, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>A verdict that this account may not read proves nothing, and hinders no list.</summary>
    [LinuxFact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void WhatCannotBeLookedAtIsNotProven()
    {
        string path = Add("app", 1, counted: true);
        var manifest = BackupManifest.Read(path + BackupFileName.ManifestSuffix);
        Assert.NotNull(AsNobody.Run(_folder.Path, () => CatalogEntries.ProofOf(path, manifest)).Proven);
        Conclude(path, VerificationLevel.Content, Verdict.Failed);
        Assert.Null(AsNobody.Run(_folder.Path, () => CatalogEntries.ProofOf(path, manifest)).Proven);
        File.SetUnixFileMode(ProofRecord.PathOf(path), UnixFileMode.None);
        Assert.Equal(BackupProof.Unknown, AsNobody.Run(_folder.Path, () => CatalogEntries.ProofOf(path, manifest)));
    }

    /// <summary>Where it lies is no matter: another source gives its own entries.</summary>
    [Fact]
    public void EntriesMayComeFromElsewhere()
    {
        BackupManifest manifest = Manifest("app", "app_20260101_010000_full.dump.gz", 1);
        CatalogEntry[] entries =
        [
            new("s3://bucket/app_20260101_010000_full.dump.gz", BackupState.Complete) { Read = _ => manifest, Size = _ => 0 },
            new("s3://bucket/crm_20260101_020000_full.dump.gz", BackupState.ManifestMissing) { Read = _ => manifest, Size = _ => 77 },
        ];
        IReadOnlyList<BackupInfo> found = CatalogReader.Read(entries, new CatalogQuery { All = true }, _messages.Add, default);
        Assert.Equal(
            [("crm", 77L, "s3://bucket"), ("app", 5L, "s3://bucket")],
            found.Select(one => (one.Database, one.Size, one.Location))
        );
    }

    private static DateTime At(int hour) => new(2026, 1, 1, hour, 0, 0, DateTimeKind.Utc);

    private IReadOnlyList<BackupInfo> Find(CatalogQuery query) =>
        BackupCatalog.Find(_folder.Path, query, _messages.Add, CancellationToken.None);

    private int[] Hours(CatalogQuery query) => [.. Find(query).Select(backup => backup.Start.Hour)];

    private static BackupManifest Manifest(string database, string name, int hour) =>
        new()
        {
            Timestamp = $"2026-01-01T{hour:00}:00:00.000000Z",
            Database = database,
            BackupFile = name,
            SizeBytes = 5,
            Host = "localhost",
            Port = 5432,
            SchemaVersion = 1,
            Sha256 = new string('c', 64),
            Compression = "gzip",
            Tables = [],
            ManifestSha256 = new string('0', 64),
        };

    private string Add(
        string database,
        int hour,
        string below = "",
        string host = "localhost",
        string? identifier = null,
        string type = BackupManifest.FullType,
        bool counted = false
    )
    {
        string name = BackupFileName.Create(database, At(hour), CompressionKind.Gzip, isPartial: type != BackupManifest.FullType);
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.Path, below)).FullName, name);
        File.WriteAllText(path, "PGDMP");
        BackupManifest manifest = Manifest(database, name, hour) with
        {
            Host = host,
            BackupType = type,
            RowsCounted = counted,
            Server = identifier is null ? null : new() { SystemIdentifier = identifier },
        };
        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, manifest.Serialize());
        return path;
    }
}
