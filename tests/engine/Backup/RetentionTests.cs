using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Notifications;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Tests.Reports;

namespace CryoBackup.Tests.Backup;

/// <summary>What cannot be removed stays and is told; what is not ours for certain is never removed.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _warnings = [];
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FileThatCannotBeRemovedStaysAndIsTold()
    {
        string stuck = Add("app", 1, hasGlobals: true),
            gone = Add("app", 2);
        AddNewest();

        // A folder stands where its globals were.
        File.Delete(stuck + ".globals.sql.gz");
        Directory.CreateDirectory(stuck + ".globals.sql.gz");
        Assert.Equal([gone], Apply());
        Assert.True(File.Exists(stuck + BackupFileName.ManifestSuffix));
        Assert.StartsWith($"The old backup '{stuck}' could not be removed: ", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void FolderThatIsGoneIsTold()
    {
        BackupInfo made = SampleResults.Backup(folder: Path.Combine(_folder.Path, "none"));
        Assert.Empty(Retention.Apply(made, Manifest("app", 1), 1, Take));
        Assert.StartsWith("Old backups in '", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    /// <summary>Servers are told apart by their identifiers alone: each is localhost on its own machine,
    /// and several may share a folder.</summary>
    [Theory]
    [InlineData("identifier")]
    [InlineData("no identifier")]
    [InlineData("type")]
    [InlineData("selection")]
    [InlineData("file")]
    [InlineData("database")]
    public void BackupOfAnotherStays(string difference)
    {
        AddNewest();
        Add(
            "app",
            1,
            manifest =>
                difference switch
                {
                    "identifier" => manifest with { Server = new() { SystemIdentifier = "7001" } },
                    "no identifier" => manifest with { Server = null },
                    "type" => manifest with { BackupType = "partial" },
                    "selection" => manifest with
                    {
                        Client = new() { Arguments = ["--format=custom", "--exclude-table-data=public.events"] },
                    },
                    "file" => manifest with { BackupFile = "another_20260101_000000_full.dump.gz" },
                    _ => manifest with { Database = "App" },
                }
        );
        Assert.Empty(Apply());
        Assert.Empty(_warnings);
    }

    [Fact]
    public void ServerIsKnownByItsIdentifierWhateverItsName()
    {
        AddNewest();
        string renamed = Add("app", 1, manifest => manifest with { Host = "elsewhere", Port = 5433 });
        Assert.Equal([renamed], Apply());
    }

    [Fact]
    public void PartialBackupReplacesNone()
    {
        Add("app", 1);
        AddNewest();
        Assert.Empty(Apply(manifest => manifest with { BackupType = "partial" }));
        Assert.Contains("holds only a selection, and replaces none", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAnIdentifierNobodyKnowsWhoseTheyAre()
    {
        Add("app", 1, manifest => manifest with { Server = null });
        AddNewest();
        Assert.Empty(Apply(manifest => manifest with { Server = null }));
        Assert.Contains("pg_control_system()", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    /// <summary>After a pause of a month all are old by the clock; by what was there before none is.</summary>
    [Fact]
    public void PauseRemovesNothing()
    {
        string[] before = [.. Enumerable.Range(1, 7).Select(day => Add("app", day))];
        Assert.Empty(Apply());
        Assert.All(before, path => Assert.True(File.Exists(path)));
    }

    [Fact]
    public void NewestProvenStaysHoweverOldItIs()
    {
        string proven = Add("app", 3),
            older = Add("app", 2);
        string unproven = Add("app", 4, manifest => manifest with { RowsCounted = null });
        foreach (int day in (int[])[27, 28, 29, 30])
        {
            Add("app", day, manifest => manifest with { RowsCounted = false });
        }

        Assert.Equal([older, unproven], Apply(manifest => manifest with { RowsCounted = false }));
        Assert.True(File.Exists(proven));
    }

    [Fact]
    public void RemovalIsToldOfInLogNotificationAndResult()
    {
        string old = Add("app", 1);
        AddNewest();
        BackupInfo made = SampleResults.Backup(folder: _folder.Path);
        made.Removed = [.. Apply()];
        Assert.Equal([old], made.Removed);
        Assert.Contains(_said, text => text.Contains(old, StringComparison.Ordinal));

        string log = Path.Combine(_folder.Path, "x.log");
        using var evidence = new RecordedRun(RunKind.Backup, new BackupConfiguration { LogFile = log }, null);
        evidence.Add(made);
        Assert.Contains($"Removed old backup: {old}", File.ReadAllText(log), StringComparison.Ordinal);

        var run = new RunRecord { Kind = RunKind.Backup };
        run.Items.Add(RunItem.Of(made));
        var notification = new Notification(run);
        Assert.Contains($"  Removed old backup: {old}\n", notification.Body, StringComparison.Ordinal);
        Assert.Equal([old], notification.Document.Results[0].Removed);
    }

    private IReadOnlyList<string> Apply(Func<BackupManifest, BackupManifest>? change = null)
    {
        BackupInfo made = SampleResults.Backup(folder: _folder.Path);
        BackupManifest manifest = Manifest("app", 31) with { BackupFile = Path.GetFileName(made.Path), Timestamp = "2026-01-31T12:00:00Z" };
        manifest = change?.Invoke(manifest) ?? manifest;
        File.WriteAllText(made.Path, "");
        File.WriteAllBytes(made.Path + BackupFileName.ManifestSuffix, manifest.Serialize());
        return Retention.Apply(made, manifest, days: 7, Take);
    }

    private void Take(EngineMessage message)
    {
        if (message is WarningMessage warning)
        {
            _warnings.Add(warning.Text);
        }
        else if (message is VerboseMessage verbose)
        {
            _said.Add(verbose.Text);
        }
    }

    /// <summary>So many that the newest three are young.</summary>
    private void AddNewest()
    {
        foreach (int day in (int[])[28, 29, 30])
        {
            Add("app", day);
        }
    }

    private string Add(string database, int day, Func<BackupManifest, BackupManifest>? change = null, bool hasGlobals = false)
    {
        BackupManifest manifest = Manifest(database, day);
        string path = _folder.Write(manifest.BackupFile, "");
        if (hasGlobals)
        {
            _folder.Write(manifest.BackupFile + ".globals.sql.gz", "");
        }

        File.WriteAllBytes(path + BackupFileName.ManifestSuffix, (change?.Invoke(manifest) ?? manifest).Serialize());
        return path;
    }

    private static BackupManifest Manifest(string database, int day) =>
        new()
        {
            Timestamp = $"2026-01-{day:00}T00:00:00Z",
            Database = database,
            BackupType = "full",
            BackupFile = $"{database}_202601{day:00}_000000_full.dump.gz",
            SizeBytes = 0,
            Host = "localhost",
            Port = 5432,
            SchemaVersion = 1,
            Sha256 = new string('a', 64),
            Server = new() { SystemIdentifier = "7000" },
            RowsCounted = true,
            ManifestSha256 = new string('0', 64),
        };
}
