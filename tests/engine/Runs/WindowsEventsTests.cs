using System.Globalization;
using System.Runtime.Versioning;
using CryoBackup.Processes;
using CryoBackup.Runs;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Runs;

/// <summary>Events have numbers on which filters rely, and say what a mail would.</summary>
public sealed class WindowsEventsTests
{
    [Fact]
    public void NumbersAreThoseOfTheHelp()
    {
        (RunKind Kind, RunItem Item, int Id)[] known =
        [
            (RunKind.Backup, RunItem.Of(new BackupInfo()), 1000),
            (RunKind.Backup, RunItem.Of(new BackupInfo { Warnings = ["w"] }), 1001),
            (RunKind.Backup, Failed(RunKind.Backup), 1002),
            (RunKind.Verification, RunItem.Of(new VerificationResult { Verdict = Verdict.Passed }), 1010),
            (RunKind.Verification, RunItem.Of(new VerificationResult { Verdict = Verdict.Failed }), 1012),
            (RunKind.Verification, RunItem.Of(new VerificationResult { Verdict = Verdict.Inconclusive }), 1013),
            (RunKind.Restore, RunItem.Of(new(), new RestoreResult { Status = RestoreStatus.Restored }), 1020),
            (RunKind.Restore, RunItem.Of(new(), new RestoreResult { Status = RestoreStatus.Restored, Warnings = ["w"] }), 1021),
            (RunKind.Restore, Failed(RunKind.Restore), 1022),
            (RunKind.Removal, RunItem.Of([new RemovalResult { Action = RemovalAction.Removed }]).Single(), 1030),
            (RunKind.Removal, RunItem.Of([new RemovalResult { Action = RemovalAction.Blocked }]).Single(), 1031),
            (RunKind.Removal, Failed(RunKind.Removal), 1032),
            (RunKind.Hold, RunItem.OfHold(new BackupInfo()), 1040),
            (RunKind.Hold, Failed(RunKind.Hold), 1042),
        ];
        Assert.All(known, one => Assert.Equal(one.Id, WindowsEvents.IdOf(one.Kind, one.Item)));
        foreach (IGrouping<RunKind, (RunKind Kind, RunItem Item, int Id)> line in known.GroupBy(one => one.Kind))
        {
            string ids = string.Join(@"\s+", line.Select(one => one.Id.ToString(CultureInfo.InvariantCulture)));
            Assert.Matches($@"{line.Key.Name}\s+{ids}\s", TestData.Page("about_CryoBackup_Windows.help.txt"));
        }
    }

    [Fact]
    public void SaysWhatHappenedAndWhatCanBeDone()
    {
        var failure = new CryoBackupException(CryoBackupError.DiskFull, "The disk is\u0007 full.", remedy: "Make room.");
        Assert.Equal(
            "Backup failed: The disk is\\x07 full.\r\nRemedy: Make room.",
            WindowsEvents.TextOf(RunItem.Failed(RunKind.Backup, "app", "", failure, DateTime.UtcNow))
        );
        Assert.EndsWith(
            "app.dump\r\none\r\ntwo",
            WindowsEvents.TextOf(RunItem.Of(new BackupInfo { Path = "app.dump", Warnings = ["one", "two"] })),
            StringComparison.Ordinal
        );
        Assert.InRange(WindowsEvents.TextOf(RunItem.Of(new BackupInfo { Warnings = [new string('x', 100_000)] })).Length, 30_000, 31_839);
    }

    /// <summary>The one event that comes is read as an administrator would.</summary>
    [WindowsFact]
    [SupportedOSPlatform("windows")]
    [Trait(WineLimits.Trait, WineLimits.EventLog)]
    public void CanBeReadFromTheLog()
    {
        string mark = Guid.NewGuid().ToString();
        Write(mark);
        var read = new ToolCommand("wevtutil", "qe", "Application", "/rd:true", "/c:50", "/f:xml", "/q:*[System[EventID=1002]]");
        Assert.Contains(mark, ToolProcess.Run(read, CancellationToken.None).Output, StringComparison.Ordinal);
    }

    /// <summary>As far as Wine has it: it takes the event.</summary>
    [WindowsFact]
    [SupportedOSPlatform("windows")]
    public void IsTakenByTheLog() => Write("taken");

    [SupportedOSPlatform("windows")]
    private static void Write(string mark)
    {
        var run = new RunRecord { Kind = RunKind.Backup };
        run.Items.Add(RunItem.Failed(RunKind.Backup, "app", "", new InvalidOperationException($"Größe 🧊 {mark}"), DateTime.UtcNow));
        WindowsEvents.Write(run);
    }

    private static RunItem Failed(RunKind kind) => RunItem.Failed(kind, "app", "", new InvalidOperationException("x"), DateTime.UtcNow);
}
