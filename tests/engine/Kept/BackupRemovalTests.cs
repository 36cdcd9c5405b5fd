using CryoBackup.Configuration;
using CryoBackup.Hosting;
using CryoBackup.Notifications;
using CryoBackup.Retention;
using CryoBackup.Runs;
using CryoBackup.Storage;
using CryoBackup.Tests.Restore;
using static CryoBackup.RemovalAction;

namespace CryoBackup.Tests.Kept;

/// <summary>What is decided is what is done, and nothing else is touched.</summary>
[Trait("Runs", "Once")]
public sealed class BackupRemovalTests : IDisposable
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ThePlanIsWhatIsDone()
    {
        string[] all = [.. Enumerable.Range(1, 6).Select(day => _folder.Add(day, hasGlobals: day % 2 == 0))];
        _folder.Write("notes.txt", "somebody's");
        string[] before = _folder.Files;
        IReadOnlyList<RemovalResult> plan = _folder.Plan(LastTwo);
        Assert.Equal(before, _folder.Files);
        Assert.Equal([Keep, Keep, Remove, Remove, Remove, Remove], plan.Select(result => result.Action));
        Assert.All(plan, result => Assert.NotEmpty(result.Reasons));

        IReadOnlyList<RemovalResult> done = _folder.Remove(LastTwo);
        Assert.Equal(
            plan.Select(result => (result.Path, result.Action == Remove ? Removed : Keep)),
            done.Select(result => (result.Path, result.Action))
        );
        Assert.Equal(
            before.Where(name =>
                name == "notes.txt" || all[4..].Any(path => name.StartsWith(Path.GetFileName(path), StringComparison.Ordinal))
            ),
            _folder.Files
        );
        Assert.All(_folder.Remove(LastTwo), result => Assert.Equal(Keep, result.Action));
    }

    [Fact]
    public void ItGoesWithWhatBelongsToIt()
    {
        string old = _folder.Add(1, hasGlobals: true);
        ProofRecord.Remember(old, new ProofRecord.TestVerdict());
        HoldRecord.Put(old, Folder.Now.AddDays(-1), "ended");
        string foreign = _folder.Write(Path.GetFileName(old) + ".globals.sql.zst", "no manifest names it");
        _folder.Add(2);
        _folder.Add(3);
        Assert.Equal([old], Gone(_folder.Remove(LastTwo)));
        Assert.Equal(
            [Path.GetFileName(foreign)],
            _folder.Files.Where(name => name.StartsWith(Path.GetFileName(old), StringComparison.Ordinal))
        );
    }

    /// <summary>Servers are told apart by their identifiers alone: each is localhost on its own machine,
    /// and several may share a folder.</summary>
    [Theory]
    [InlineData("identifier")]
    [InlineData("no identifier")]
    [InlineData("selection")]
    [InlineData("file")]
    [InlineData("path")]
    [InlineData("globals")]
    [InlineData("database")]
    [InlineData("no time")]
    public void BackupOfAnotherStays(string difference)
    {
        string target = _folder.Write("target", "somebody's");
        string other = _folder.Add(
            1,
            manifest =>
                difference switch
                {
                    "identifier" => manifest with { Server = new() { SystemIdentifier = "7001" } },
                    "no identifier" => manifest with { Server = null },
                    "selection" => manifest with
                    {
                        BackupType = "partial",
                        Client = new() { Arguments = ["--table=a"] },
                    },
                    "file" => manifest with { BackupFile = "app_20260102_000000_full.dump.gz" },
                    "path" => manifest with { BackupFile = "../target" },
                    "globals" => manifest with
                    {
                        Globals = new() { File = "target", Sha256 = new string('b', 64) },
                    },
                    "no time" => manifest with { Timestamp = "soon" },
                    _ => manifest with { Database = "App" },
                }
        );
        _folder.Add(2);
        _folder.Add(3);
        _folder.Add(4);
        Assert.Equal([Path.Combine(_folder.Path, "app_20260102_000000_full.dump.gz")], Gone(_folder.Remove(LastTwo)));
        Assert.True(File.Exists(other) && File.Exists(other + BackupFileName.ManifestSuffix));
        Assert.Equal("somebody's", File.ReadAllText(target));
    }

    /// <summary>Which selection it is nobody can tell without the key.</summary>
    [Fact]
    public void AnEncryptedSelectionReplacesNoOther()
    {
        string[] all =
        [
            .. new[] { 1, 2, 20, 21 }.Select(day =>
                _folder.Add(day, manifest => (manifest with { BackupType = "partial" }).WithoutContent(["age1"]))
            ),
        ];
        _folder.Add(30);
        Assert.Empty(Gone(_folder.Remove(LastTwo)));
        Assert.Equal(Blocked, _folder.RemoveNamed(all[0]).Action);
        Assert.Equal(Removed, _folder.RemoveNamed(all[0], force: true).Action);
    }

    [UnixFact]
    public void ALinkIsNotFollowedAndNotRemoved()
    {
        string old = _folder.Add(1);
        string elsewhere = _folder.Write("elsewhere", "data");
        File.Delete(old);
        File.CreateSymbolicLink(old, elsewhere);
        _folder.Add(2);
        _folder.Add(3);
        RemovalResult result = Assert.Single(_folder.Remove(LastTwo), one => one.Path == old);
        Assert.Equal(Keep, result.Action);
        Assert.Equal("data", File.ReadAllText(elsewhere));
        Assert.NotNull(new FileInfo(old).LinkTarget);
    }

    [Fact]
    public void AManifestWhoseFileIsLostStays()
    {
        string lost = _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        File.Delete(lost);
        RemovalResult result = Assert.Single(_folder.Remove(LastTwo), one => one.Path == lost);
        Assert.Equal((Keep, "its file is gone: the manifest alone tells of it"), (result.Action, Assert.Single(result.Reasons)));
        Assert.True(File.Exists(lost + BackupFileName.ManifestSuffix));
    }

    [Fact]
    public void WhatIsChangedFillsNoSlot()
    {
        string changed = _folder.Add(29);
        File.AppendAllText(changed, "more");
        string good = _folder.Add(28);
        _folder.Add(1);
        _folder.Add(30);
        Assert.DoesNotContain(good, Gone(_folder.Remove(LastTwo)));
    }

    [UnixFact]
    public void WhatIsBeingReadIsBlocked()
    {
        string old = _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        using (BackupSource.OpenFile(old))
        {
            RemovalResult result = Assert.Single(_folder.Remove(LastTwo), one => one.Path == old);
            Assert.Equal(Blocked, result.Action);
            Assert.Contains("is being read", result.Reasons[0], StringComparison.Ordinal);
        }

        Assert.Equal([old], Gone(_folder.Remove(LastTwo)));
    }

    [Fact]
    public void WhileABackupIsMadeNothingIsRemoved()
    {
        string old = _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        using (BackupLock.Take(_folder.Path, "app", static _ => { }))
        {
            RemovalResult result = Assert.Single(_folder.Remove(LastTwo), one => one.Path == old);
            Assert.Equal(Blocked, result.Action);
            Assert.Contains("is running", result.Reasons[0], StringComparison.Ordinal);
        }
    }

    /// <summary>A folder stands where its roles were.</summary>
    [Fact]
    public void WhatCannotBeRemovedIsToldAndCompletedLater()
    {
        string stuck = _folder.Add(1, hasGlobals: true);
        string gone = _folder.Add(2);
        _folder.Add(3);
        _folder.Add(4);
        File.Delete(stuck + ".globals.sql.gz");
        Directory.CreateDirectory(stuck + ".globals.sql.gz");
        IReadOnlyList<RemovalResult> done = _folder.Remove(LastTwo);
        Assert.Equal([gone], Gone(done));
        Assert.Equal(Blocked, done.Single(result => result.Path == stuck).Action);
        Assert.True(File.Exists(stuck + BackupFileName.ManifestSuffix));
        Directory.Delete(stuck + ".globals.sql.gz");
        _folder.Remove(LastTwo);
        Assert.DoesNotContain(_folder.Files, name => name.StartsWith(Path.GetFileName(stuck), StringComparison.Ordinal));
    }

    [Fact]
    public void NamedOnesGoUnlessAFloorHolds()
    {
        string[] all = [.. Enumerable.Range(1, 4).Select(day => _folder.Add(day))];
        ProofRecord.Remember(all[0], Rehearsed(all[0]));
        Assert.Equal(Removed, _folder.RemoveNamed(all[1]).Action);
        Assert.Contains("the newest that came back in a rehearsal", _folder.RemoveNamed(all[0]).Reasons);
        RemovalResult newest = _folder.RemoveNamed(all[3]);
        Assert.Equal(Blocked, newest.Action);
        Assert.Equal(["the newest", "the newest that is proven", "-Force removes it all the same"], newest.Reasons);
        Assert.Equal(Removed, _folder.RemoveNamed(all[0], force: true).Action);
        Assert.Equal(Removed, _folder.RemoveNamed(all[3], force: true).Action);
        Assert.Equal(CryoBackupError.BackupNotFound, Assert.Throws<CryoBackupException>(() => _folder.RemoveNamed(all[3])).Error);
    }

    [Fact]
    public void ForceIsNotForRules()
    {
        _folder.Add(1);
        foreach (
            Action refused in (Action[])
                [
                    () => Request([_folder.Path], new(), force: false),
                    () => Request([_folder.Path], LastTwo, force: true),
                    () => Request([_folder.Path], new(), force: true),
                    () => _folder.Plan(new()),
                ]
        )
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(refused);
            Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
            Assert.NotNull(failure.Remedy);
        }

        Assert.Same(LastTwo, Assert.Single(Request([_folder.Path], LastTwo, force: false)).Rules);
    }

    [Fact]
    public void OfBackupsThatAreNamedWithRulesOnlyTheseGo()
    {
        string[] all = [.. Enumerable.Range(1, 5).Select(day => _folder.Add(day))];
        RemovalRequest request = Assert.Single(Request([all[0], all[4] + BackupFileName.ManifestSuffix], LastTwo, force: false));
        IReadOnlyList<RemovalResult> done = BackupRemoval.Run(
            request with
            {
                Now = Folder.Now,
            },
            null,
            _folder.Said.Add,
            CancellationToken.None
        );
        Assert.Equal([(all[4], Keep), (all[0], Removed)], done.Select(result => (result.Path, result.Action)));
        Assert.True(File.Exists(all[1]));
    }

    [Fact]
    public void WhatWasNotApprovedStays()
    {
        string[] all = [.. Enumerable.Range(1, 5).Select(day => _folder.Add(day))];
        var request = new RemovalRequest
        {
            Folder = _folder.Path,
            Rules = LastTwo,
            Now = Folder.Now,
        };
        IReadOnlyList<RemovalResult> done = BackupRemoval.Run(
            request,
            new HashSet<string>(StringComparer.Ordinal) { all[1] },
            _folder.Said.Add,
            CancellationToken.None
        );
        Assert.Equal([all[1]], Gone(done));
    }

    [Fact]
    public void AManifestThatCannotBeReadIsToldAndLeftAlone()
    {
        string damaged = _folder.Add(1);
        File.AppendAllText(damaged + BackupFileName.ManifestSuffix, "x");
        _folder.Add(2);
        _folder.Add(3);
        _folder.Add(4);
        Assert.Single(Gone(_folder.Remove(LastTwo)));
        Assert.True(File.Exists(damaged));
        Assert.Contains(damaged, _folder.Warnings.First(), StringComparison.Ordinal);
    }

    [Fact]
    public void IsToldInLogNotificationAndMetrics()
    {
        string[] all = [.. Enumerable.Range(1, 4).Select(day => _folder.Add(day))];
        _folder.Add(5, manifest => manifest with { RowsCounted = false }, database: "other");
        _folder.Add(4, database: "other");
        string log = Path.Combine(_folder.Path, "x.log"),
            metrics = Path.Combine(_folder.Path, "x.prom");
        using (var evidence = new RecordedRun(RunKind.Removal, new BackupConfiguration { LogFile = log, MetricsFile = metrics }, null))
        {
            evidence.Run(
                new RemovalRequest
                {
                    Folder = _folder.Path,
                    Rules = LastTwo,
                    Now = Folder.Now,
                },
                null,
                _folder.Said.Add,
                CancellationToken.None
            );
            evidence.Finish(_folder.Said.Add, CancellationToken.None);
        }

        string written = File.ReadAllText(log);
        Assert.Contains($"Removed old backup: {all[0]}: no rule keeps it", written, StringComparison.Ordinal);
        Assert.Contains("No old backup of other is removed: ", written, StringComparison.Ordinal);
        string measured = File.ReadAllText(metrics);
        Assert.Contains("cryobackup_last_removed_backups{database=\"app\"} 2\n", measured, StringComparison.Ordinal);
        Assert.Contains("cryobackup_last_removed_bytes{database=\"app\"} 8\n", measured, StringComparison.Ordinal);
        Assert.Contains("cryobackup_retention_frozen{database=\"app\"} 0\n", measured, StringComparison.Ordinal);
        Assert.Contains("cryobackup_retention_frozen{database=\"other\"} 1\n", measured, StringComparison.Ordinal);

        var run = new RunRecord { Kind = RunKind.Removal };
        run.Items.AddRange(
            RunItem.Of([
                new RemovalResult
                {
                    Database = "app",
                    Path = "/b/app.dump",
                    Size = 5,
                    Action = Removed,
                    Reasons = ["no rule keeps it"],
                },
            ])
        );
        var notification = new Notification(run);
        Assert.Contains("Removed old backup: /b/app.dump: no rule keeps it\n", notification.Body, StringComparison.Ordinal);
        Assert.Equal(("removal", "removed"), (notification.Document.Verb, notification.Document.Results[0].Status));
        Assert.Equal("Removal of app completed successfully", run.Title);
    }

    /// <summary>What is to make room needs none.</summary>
    [FullDiskFact]
    public void OnAFullDiskOldBackupsCanBeRemoved()
    {
        using SmallDisk disk = SmallDisk.TryMount(_folder.Path, 1)!;
        string old = _folder.Add(1);
        _folder.Add(2);
        _folder.Add(3);
        using (FileStream filler = File.Create(Path.Combine(_folder.Path, "filler")))
        {
            Assert.Throws<IOException>(() => filler.Write(new byte[1 << 21]));
        }

        Assert.Equal([old], Gone(_folder.Remove(LastTwo)));
        Assert.DoesNotContain(_folder.Files, name => name.StartsWith(Path.GetFileName(old), StringComparison.Ordinal));
    }

    private static string[] Gone(IEnumerable<RemovalResult> results) =>
        [.. results.Where(result => result.Action == Removed).Select(result => result.Path)];

    private static ProofRecord.TestVerdict Rehearsed(string path) =>
        new()
        {
            Level = VerificationLevel.Restore,
            Verdict = Verdict.Passed,
            Time = DateTime.UtcNow,
            Sha256 = new string('a', 64),
            SizeBytes = 4,
            Modified = File.GetLastWriteTimeUtc(path),
        };

    private static IReadOnlyList<RemovalRequest> Request(string[] paths, RetentionRules rules, bool force) =>
        RemovalPlan.Of(paths, rules, null, [], force);
}
