using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using CryoBackup.Hosting;
using CryoBackup.Retention;
using CryoBackup.Storage;
using CryoBackup.Stores;
using CryoBackup.Tests.Stores;
using static CryoBackup.RemovalAction;

namespace CryoBackup.Tests.Kept;

/// <summary>In a store what is decided is what is done, as in a folder, and what the store itself keeps is said to be kept.</summary>
[Trait("Runs", "Once")]
public sealed class StoreRemovalTests : IDisposable
{
    private static readonly RetentionRules LastTwo = new() { KeepLast = 2 };

    private readonly KeptStore _store = new();

    public void Dispose() => _store.Dispose();

    [Fact]
    public void ThePlanIsWhatIsDone()
    {
        string[] all = [.. Enumerable.Range(1, 6).Select(day => _store.Add(day, hasGlobals: day % 2 == 0))];
        _store.Write("notes.txt", "somebody's");
        _store.Write(Path.GetFileName(all[0]) + ".globals.sql.zst", "no manifest names it");
        string[] before = _store.Files;
        IReadOnlyList<RemovalResult> plan = _store.Plan(LastTwo);
        Assert.Equal(before, _store.Files);
        Assert.Equal([Keep, Keep, Remove, Remove, Remove, Remove], plan.Select(result => result.Action));

        IReadOnlyList<RemovalResult> done = _store.Remove(LastTwo);
        Assert.Equal(
            plan.Select(result => (result.Path, result.Action == Remove ? Removed : Keep)),
            done.Select(result => (result.Path, result.Action))
        );
        Assert.Equal(
            before.Where(name =>
                name == "notes.txt"
                || name.EndsWith(".zst", StringComparison.Ordinal)
                || all[4..].Any(path => name.StartsWith(Path.GetFileName(path), StringComparison.Ordinal))
            ),
            _store.Files
        );
        Assert.All(_store.Remove(LastTwo), result => Assert.Equal(Keep, result.Action));
        Assert.Empty(_store.Warnings);
    }

    /// <summary>The same backups give the same decisions, in the same words, in a folder and in a store.</summary>
    [Fact]
    public void ItDecidesAsInAFolder()
    {
        using var folder = new Folder();
        foreach (int day in (int[])[1, 2, 3, 9, 10, 17, 24, 28, 29, 30])
        {
            BackupManifest Change(BackupManifest manifest) =>
                day switch
                {
                    9 => manifest with { RowsCounted = false },
                    17 => manifest with { Server = new() { SystemIdentifier = "7001" } },
                    28 => manifest with
                    {
                        BackupType = BackupManifest.PartialType,
                        Client = new() { Arguments = ["--table=a"] },
                    },
                    29 => manifest with { SizeBytes = 5 },
                    _ => manifest,
                };
            folder.Add(day, Change);
            _store.Add(day, Change);
        }

        var rules = new RetentionRules { KeepDaily = 3, KeepWeekly = 2 };
        (string, RemovalAction, string)[] Words(IReadOnlyList<RemovalResult> plan) =>
            [.. plan.Select(result => (Path.GetFileName(result.Path), result.Action, string.Join("; ", result.Reasons)))];
        Assert.Equal(Words(folder.Plan(rules)), Words(_store.Plan(rules)));
        Assert.Contains(_store.Plan(rules), result => result.Action == Remove);
    }

    [Fact]
    public void AHoldIsShownAndHonouredUntilItEnds()
    {
        string held = _store.Add(1),
            later = _store.Add(2);
        _store.Add(3);
        _store.Add(4);
        Assert.Equal("held: audit", _store.Hold(held).Hold);
        Assert.Equal("held: audit", _store.Find().Single(backup => backup.Path == held).Hold);
        Assert.Contains("held until 2", _store.Hold(later, DateTime.UtcNow.AddDays(1)).Hold, StringComparison.Ordinal);

        // Anew in place of the one that is there.
        Assert.Contains("held until 2", _store.Hold(held, DateTime.UtcNow.AddDays(2)).Hold, StringComparison.Ordinal);
        Assert.Equal(2, _store.Files.Count(name => name.Contains(".hold.", StringComparison.Ordinal)));
        Assert.Empty(Gone(_store.Remove(LastTwo)));
        Assert.Equal(Blocked, _store.RemoveNamed(held).Action);
        Assert.Null(_store.LetGo(held).Hold);
        Assert.Null(_store.LetGo(held).Hold);
        Assert.Equal([held], Gone(_store.Remove(LastTwo)));
        Assert.Equal(CryoBackupError.BackupNotFound, Assert.Throws<CryoBackupException>(() => _store.Hold(held)).Error);
        Assert.Equal(Removed, _store.RemoveNamed(later, force: true).Action);
    }

    [Theory]
    [InlineData("")]
    [InlineData("noise")]
    [InlineData("""{"schema_version":1,"backup_file":"another","reason":"","machine":"","account":""}""")]
    public void AHoldThatCannotBeReadHolds(string text)
    {
        string held = _store.Add(1);
        _store.Add(2);
        _store.Add(3);
        _store.Write(Path.GetFileName(held) + BackupFileName.HoldSuffix, text);
        Assert.Empty(Gone(_store.Remove(LastTwo)));
        _store.LetGo(held);
        Assert.Equal([held], Gone(_store.Remove(LastTwo)));
    }

    /// <summary>The store's own hold is put on each of its objects by the request of the documentation, and goes with ours.</summary>
    [Fact]
    public void ALegalHoldIsTheStoresOwn()
    {
        string held = _store.Add(1, hasGlobals: true);
        _store.Add(2);
        _store.Add(3);
        _store.Hold(held, isLegal: true);
        Assert.Equal(3, _store.Server.Objects.Values.Count(one => one.HasLegalHold));
        Assert.Equal(
            3,
            _store.Server.Seen.Count(seen =>
                seen.Line.StartsWith("PUT", StringComparison.Ordinal) && seen.Line.EndsWith("?legal-hold", StringComparison.Ordinal)
            )
        );
        RemovalResult forced = _store.RemoveNamed(held, force: true);
        Assert.Equal((Blocked, "blocked by a legal hold of the store"), (forced.Action, Assert.Single(forced.Reasons)));

        // A later hold without it takes nothing off.
        _store.Hold(held);
        Assert.Equal(3, _store.Server.Objects.Values.Count(one => one.HasLegalHold));
        _store.LetGo(held);
        Assert.DoesNotContain(_store.Server.Objects.Values, one => one.HasLegalHold);
        Assert.Equal([held], Gone(_store.Remove(LastTwo)));

        // A bucket that was not made for it refuses, and nothing is held.
        string other = _store.Files.First(name => name.EndsWith(".gz", StringComparison.Ordinal));
        _store.Server.Fault = (_, request) =>
            request.RawUrl!.EndsWith("?legal-hold", StringComparison.Ordinal) ? new S3Fault(S3FaultKind.Unknown) : null;
        Assert.Throws<CryoBackupException>(() => _store.Hold($"{KeptStore.Place}/{other}", isLegal: true));
        Assert.DoesNotContain(_store.Files, name => name.Contains(".hold.", StringComparison.Ordinal));
        CryoBackupException refused = Assert.Throws<CryoBackupException>(() =>
            BackupHold.Put(new HoldRequest { Path = Path.GetFullPath("a.dump"), LegalHold = true }, _store.Say, default)
        );
        Assert.Equal(CryoBackupError.ConfigurationInvalid, refused.Error);
    }

    [Fact]
    public void WhatIsLockedIsBlockedUntilThen()
    {
        string locked = _store.Add(1),
            free = _store.Add(2);
        _store.Add(3);
        _store.Add(4);
        _store.Change(locked, content => content with { Lock = ("COMPLIANCE", "2031-01-01T00:00:00Z") });
        _store.Change(free, content => content with { Lock = ("COMPLIANCE", "2025-01-01T00:00:00Z") });
        RemovalResult planned = Assert.Single(_store.Plan(LastTwo), result => result.Path == locked);
        Assert.Equal((Blocked, "blocked until 2031-01-01 00:00:00Z by the store's lock"), (planned.Action, Assert.Single(planned.Reasons)));
        Assert.Equal([free], Gone(_store.Remove(LastTwo)));
        Assert.Contains(Path.GetFileName(locked), _store.Files);
        Assert.DoesNotContain(_store.Files, name => name.Contains(".removal.", StringComparison.Ordinal));
    }

    /// <summary>Who may not delete is told once, and leaves nothing behind.</summary>
    [Fact]
    public void WhoMayNotDeleteIsToldAndChangesNothing()
    {
        for (int day = 1; day <= 5; day++)
        {
            _store.Add(day);
        }

        string[] before = _store.Files;
        _store.Server.Fault = (_, request) => request.HttpMethod == "DELETE" ? new S3Fault(S3FaultKind.Denied) : null;
        IReadOnlyList<RemovalResult> done = _store.Remove(LastTwo);
        Assert.Equal([Keep, Keep, Blocked, Blocked, Blocked], done.Select(result => result.Action));
        Assert.All(
            done.Skip(2),
            result => Assert.Contains("do not allow to delete at 's3://backups/db'", result.Reasons[0], StringComparison.Ordinal)
        );
        Assert.Equal(before, _store.Files);
        Assert.Single(_store.Server.Seen, seen => seen.Line.StartsWith("DELETE", StringComparison.Ordinal));
    }

    /// <summary>Somebody holds it between the decision and the deed.</summary>
    [Fact]
    public void WhatIsHeldMeanwhileStays()
    {
        string old = _store.Add(1);
        _store.Add(2);
        _store.Add(3);
        int lists = 0;
        _store.Server.Fault = (_, request) =>
        {
            // The look at this one backup, after all decisions.
            if (request.RawUrl!.Contains("prefix=db%2Fapp_20260101", StringComparison.Ordinal) && Interlocked.Increment(ref lists) == 1)
            {
                _store.Write(Path.GetFileName(old) + BackupFileName.HoldSuffix, "somebody's");
            }

            return null;
        };
        RemovalResult result = Assert.Single(_store.Remove(LastTwo), one => one.Path == old);
        Assert.Equal((1, Blocked), (lists, result.Action));
        Assert.Contains("is not as it was", result.Reasons[0], StringComparison.Ordinal);
        Assert.Contains(Path.GetFileName(old), _store.Files);
    }

    /// <summary>Killed before each object goes, a removal leaves what is found again, and the next run completes it.</summary>
    [Fact]
    public void KilledAtEachStepItIsCompletedByTheNext()
    {
        const int Steps = 7;
        for (int step = 0; step < Steps; step++)
        {
            using var store = new KeptStore();
            string old = store.Add(1, hasGlobals: true);
            store.Add(2);
            store.Add(3);
            string name = Path.GetFileName(old);
            store.Write(NoteName.Make(name, BackupFileName.ProofSuffix, "hash-passed", DateTime.UtcNow), "{}");
            store.Write(
                name + BackupFileName.HoldSuffix,
                System.Text.Encoding.UTF8.GetString(HoldRecord.New(name, DateTime.UtcNow.AddYears(-1), "ended").Write())
            );
            string[] others = [.. store.Files.Where(file => !file.StartsWith(name, StringComparison.Ordinal))];
            var start = new ProcessStartInfo(
                Environment.ProcessPath!,
                [
                    "exec",
                    typeof(StoreRemovalTests).Assembly.Location,
                    "remove-stored",
                    store.Server.Endpoint.AbsoluteUri,
                    old,
                    step.ToString(CultureInfo.InvariantCulture),
                ]
            );
            using (Process child = Process.Start(start)!)
            {
                child.WaitForExit();
                Assert.True(child.ExitCode is 137 or -1, $"Step {step}: {child.ExitCode}");
            }

            string[] left = [.. store.Files.Except(others)];
            Assert.NotEmpty(left);
            Assert.True(
                left.Contains(name + BackupFileName.ManifestSuffix)
                    || (left is [var only] && only.Contains(".removal.", StringComparison.Ordinal)),
                $"Step {step}: {string.Join(", ", left)}"
            );
            store.Remove(LastTwo);
            Assert.True(others.SequenceEqual(store.Files), $"Step {step}: {string.Join(", ", store.Files)}");
        }
    }

    /// <summary>Cut and refused for a while at every request, it removes the same.</summary>
    [Theory]
    [InlineData(S3FaultKind.Busy)]
    [InlineData(S3FaultKind.AnswerLost)]
    public void WhatGoesWrongForAWhileChangesNothing(object kind)
    {
        string old = _store.Add(1, hasGlobals: true);
        _store.Add(2);
        _store.Add(3);
        int number = 0;
        _store.Server.Fault = (_, _) => Interlocked.Increment(ref number) % 2 == 1 ? new S3Fault((S3FaultKind)kind) : null;
        Assert.Equal([old], Gone(_store.Remove(LastTwo)));
        Assert.DoesNotContain(_store.Files, name => name.StartsWith(Path.GetFileName(old), StringComparison.Ordinal));
    }

    [Fact]
    public void AManifestWhoseDataIsLostStays()
    {
        string lost = _store.Add(1);
        _store.Add(2);
        _store.Add(3);
        _store.Server.Objects.TryRemove("db/" + Path.GetFileName(lost), out _);
        RemovalResult result = Assert.Single(_store.Remove(LastTwo), one => one.Path == lost);
        Assert.Equal((Keep, "its file is gone: the manifest alone tells of it"), (result.Action, Assert.Single(result.Reasons)));
    }

    [Fact]
    public void PathsAndLocationsBecomeRequests()
    {
        string backup = _store.Add(1);
        RemovalRequest[] requests =
        [
            .. RemovalPlan.Of([KeptStore.Place, backup, backup + BackupFileName.ManifestSuffix], LastTwo, null, [], force: false),
        ];
        Assert.Equal([KeptStore.Place, KeptStore.Place], requests.Select(request => request.Folder));
        Assert.Equal([backup], requests[0].Backups);
        Assert.Empty(requests[1].Backups);
        CryoBackupException missing = Assert.Throws<CryoBackupException>(() =>
            _store.RemoveNamed($"{KeptStore.Place}/app_20250101_000000_full.dump.gz")
        );
        Assert.Equal(CryoBackupError.BackupNotFound, missing.Error);
    }

    /// <summary>The policy of the help for a store with object lock, run as it stands there, by the tool.</summary>
    [Fact]
    public void ThePolicyOfTheHelpForObjectLockIsRun()
    {
        string page = TestData.Page("about_CryoBackup_Retention.help.txt");
        Match example = Regex.Match(page, @"Remove-CryoBackup s3://my-backups/database ((?:-\w+ \d+[\s`]+)+)");
        Assert.True(example.Success);
        string options = Regex.Replace(
            example.Groups[1].Value,
            "-Keep(\\w+)",
            match => $"--keep-{match.Groups[1].Value.ToLowerInvariant()}"
        );

        string[] all = [.. Enumerable.Range(1, 31).Select(day => _store.Add(day))];
        foreach (string young in all[11..])
        {
            _store.Change(young, content => content with { Lock = ("COMPLIANCE", "2031-01-01T00:00:00Z") });
        }

        string[] words = ["remove", KeptStore.Place, .. options.Split([' ', '`', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries)];
        var start = new ProcessStartInfo(BuiltTool.Program, BuiltTool.Arguments(words)) { RedirectStandardOutput = true };
        start.Environment["AWS_ENDPOINT_URL_S3"] = _store.Server.Endpoint.AbsoluteUri;
        start.Environment["AWS_ACCESS_KEY_ID"] = S3Server.AccessKey;
        start.Environment["AWS_SECRET_ACCESS_KEY"] = S3Server.SecretKey;
        using Process process = Process.Start(start)!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        // The last 14 days stay by the rules, six more by the lock.
        Assert.True(process.ExitCode == 1, output);
        Assert.Equal(6, Regex.Count(output, "blocked until 2031-01-01 00:00:00Z by the store's lock"));
        Assert.Equal(
            all[11..].Select(path => Path.GetFileName(path)),
            _store.Files.Where(name => name.EndsWith(".gz", StringComparison.Ordinal))
        );
    }

    /// <summary>Runs as the child: kills itself before the given object goes.</summary>
    internal static int Run(string endpoint, string backup, string step)
    {
        int next = 0;
        var file = new StoredFile(backup, KeptStore.OptionsOf(new Uri(endpoint)), static _ => { });
        using var remover = new StoreRemover(StoreLocation.Parse(KeptStore.Place), file.Store, static _ => { }, default)
        {
            Removing = _ =>
            {
                if (next++ == int.Parse(step, CultureInfo.InvariantCulture))
                {
                    using var self = Process.GetCurrentProcess();
                    self.Kill();
                    Thread.Sleep(Timeout.Infinite);
                }
            },
        };
        remover.Remove(StoredBackup.Read(BackupListing.OfBackup(file, default), backup + BackupFileName.ManifestSuffix, DateTime.UtcNow));
        return 0;
    }

    private static string[] Gone(IEnumerable<RemovalResult> results) =>
        [.. results.Where(result => result.Action == Removed).Select(result => result.Path)];
}
