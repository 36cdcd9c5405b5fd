using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Tests.Archive;
using CryoBackup.Verification;

namespace CryoBackup.Tests.Inspection;

/// <summary>What was asked for and cannot be seen is Failed, by its name:
/// a share that is not mounted must not look like good backups.</summary>
public sealed class FolderVerificationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> Absences =>
        new()
        {
            { "missing", "does not exist" },
            { "missing/deeper", "does not exist" },
            { "a file", "does not exist|cannot be read" },
            { "empty", "holds no backup" },
        };

    [Theory]
    [MemberData(nameof(Absences))]
    public void EachDatabaseThatWasAskedForIsFailed(string name, string words)
    {
        string folder = Place(name);
        foreach (TimeSpan? age in new TimeSpan?[] { null, TimeSpan.FromHours(26) })
        {
            VerificationResult[] results = Verify(folder, age, "app", "crm", "shop*");
            Assert.Equal(["app", "crm", "shop*"], results.Select(result => result.Database));
            Assert.All(
                results,
                result =>
                {
                    Assert.Equal((Verdict.Failed, folder), (result.Verdict, result.Path));
                    Assert.Equal(
                        result.Reason.Contains("cannot be read", StringComparison.Ordinal)
                            ? CryoBackupError.PermissionDenied
                            : CryoBackupError.BackupNotFound,
                        result.ErrorId
                    );
                    Assert.Contains(words.Split('|'), word => result.Reason.Contains(word, StringComparison.Ordinal));
                    Assert.Contains($"'{result.Database}'", result.Reason, StringComparison.Ordinal);
                    Assert.NotNull(result.Remedy);
                    Assert.Equal(age is null ? "file_integrity" : "age", Assert.Single(result.Checks).Name);
                    Assert.StartsWith($"{result.Database} in ", RunItem.Of(result).FileName, StringComparison.Ordinal);
                }
            );

            // The configuration names them as well as the user does.
            Assert.Equal(
                ["app"],
                FolderVerification
                    .Tasks(How(age), new(folder) { Expected = ["app"] }, static _ => { }, default)
                    .Select(task => task.Database)
            );
        }
    }

    [Theory]
    [MemberData(nameof(Absences))]
    public void PlaceIsFailedWhereNoDatabaseWasNamed(string name, string words)
    {
        string folder = Place(name);
        foreach (TimeSpan? age in new TimeSpan?[] { null, TimeSpan.FromHours(26) })
        {
            VerificationResult result = Assert.Single(Verify(folder, age));
            Assert.Equal((Verdict.Failed, folder, ""), (result.Verdict, result.Path, result.Database));
            Assert.Contains(words.Split('|'), word => result.Reason.Contains(word, StringComparison.Ordinal));
        }
    }

    /// <summary>One database of two has a backup: the other is not passed over.</summary>
    [Fact]
    public void DatabaseWithoutABackupIsFailedBesideThoseThatHaveOne()
    {
        Foreign("app_20260101_000000_full.dump");
        Assert.Equal(
            ["app", "crm"],
            Verify(_folder.Path, null, "app", "crm").Select(result => result.Database).Order(StringComparer.Ordinal)
        );
        IReadOnlyList<VerificationTask> configured = FolderVerification.Tasks(
            How(null),
            new(_folder.Path) { Expected = ["crm", "app"], Latest = true },
            static _ => { },
            default
        );
        Assert.Equal([null, "crm"], configured.Select(task => task.Database));
        Assert.Equal("'" + _folder.Path + "' holds no backup of 'crm'.", configured[1].Run(static _ => { }, default).Reason);
    }

    /// <summary>Whether a path that leads nowhere was meant for a folder or a file, its name tells.</summary>
    [Fact]
    public void PlaceIsTakenForWhatItIs()
    {
        Assert.True(FolderVerification.IsPlace(_folder.Path));
        Assert.True(FolderVerification.IsPlace(Path.Combine(_folder.Path, "missing")));
        Assert.False(FolderVerification.IsPlace(Path.Combine(_folder.Path, "missing.dump.gz")));
        Assert.False(FolderVerification.IsPlace(Path.Combine(_folder.Path, "missing.dump.gz.meta.json")));
        Assert.False(FolderVerification.IsPlace(_folder.Write("file", "text")));
    }

    /// <summary>The file is gone and its manifest lies there: the database is named wherever the folder is looked into.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void LostFileIsMissedByItsDatabase(bool readable)
    {
        const string Name = "app_20260101_000000_full.dump";
        string path = Foreign(Name);
        string manifest = path + BackupFileName.ManifestSuffix;
        File.WriteAllText(
            manifest,
            readable
                ? $$"""
                {"timestamp": "2026-01-01T00:00:00.000000", "database": "app", "backup_type": "full", "backup_file": "{{Name}}",
                 "size_bytes": 1, "host": "localhost", "port": 5432, "backup_tool_version": "1.0.0"}
                """
                : "{}"
        );
        File.Delete(path);
        string words = readable ? "describes a backup of 'app'" : "does not exist";

        // A folder, the newest of a folder, a name, the file itself.
        VerificationTask[] asked =
        [
            .. FolderVerification.Tasks(How(null), new(_folder.Path), static _ => { }, default),
            .. FolderVerification.Tasks(How(null), new(_folder.Path) { Latest = true }, static _ => { }, default),
            .. FolderVerification.Tasks(How(null), new(_folder.Path) { Wanted = ["app"], Latest = true }, static _ => { }, default),
            VerificationTask.Of(How(null) with { Path = path }),
        ];
        Assert.Equal(4, asked.Length);
        Assert.All(
            asked,
            task =>
            {
                VerificationResult result = task.Run(static _ => { }, default);
                Assert.Equal((Verdict.Failed, "app", path), (result.Verdict, result.Database, result.Path));
                Assert.Contains(words, result.Reason, StringComparison.Ordinal);
            }
        );

        VerificationResult fresh = Assert.Single(Verify(_folder.Path, TimeSpan.FromDays(9999)));
        Assert.Equal((Verdict.Failed, "app"), (fresh.Verdict, fresh.Database));
        Assert.Contains(readable ? words : "No manifest that can be read", fresh.Reason, StringComparison.Ordinal);

        var messages = new List<EngineMessage>();
        Assert.Empty(BackupCatalog.Find(_folder.Path, ["app"], latest: true, messages.Add, default));
        Assert.Contains(
            readable ? "The backup of 'app' of 2026-01-01" : manifest,
            Assert.IsType<WarningMessage>(Assert.Single(messages)).Text,
            StringComparison.Ordinal
        );
    }

    private string Place(string name)
    {
        string folder = Path.Combine(_folder.Path, name);
        if (name == "empty")
        {
            Directory.CreateDirectory(folder);
        }
        else if (name == "a file")
        {
            File.WriteAllText(folder, "text");
        }

        return folder;
    }

    private string Foreign(string name)
    {
        string path = Path.Combine(_folder.Path, name);
        File.WriteAllBytes(path, ArchiveImage.CreateSample().ToBytes());
        return path;
    }

    private static VerificationRequest How(TimeSpan? age) => new() { MaxAge = age };

    private static VerificationResult[] Verify(string folder, TimeSpan? age, params string[] databases) =>
        [
            .. FolderVerification
                .Tasks(How(age), new(folder) { Wanted = databases }, static _ => { }, default)
                .Select(task => task.Run(static _ => { }, default)),
        ];
}
