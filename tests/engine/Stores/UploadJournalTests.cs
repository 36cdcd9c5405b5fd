using CryoBackup.Stores;
using CryoBackup.Streams;

namespace CryoBackup.Tests.Stores;

/// <summary>Who lives is left alone, who died is found by those who bring backups to the same place. Alone: a process that another test
/// starts has this one's locks until it becomes its program.</summary>
[Collection("environment")]
[Trait("Runs", "Once")]
public sealed class UploadJournalTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    // The journals lie where this account's real ones do: no other place bears this name.
    private readonly string _place = "s3://test-" + Guid.NewGuid().ToString("N");

    [Fact]
    public void WhoLivesIsNotFoundAndLeavesNothing()
    {
        using (UploadJournal journal = UploadJournal.Open(_place, isWhole: true)!)
        {
            journal.Add("a.dump", "mark");
            Assert.Empty(UploadJournal.FindDead(_place));
        }

        Assert.Empty(Journals());
    }

    /// <summary>What a run of a whole backup put is worth nothing without the rest; of a copy the uploads alone are.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WhoDiedIsFoundWithWhatItLeft(bool isWhole)
    {
        Die(isWhole);
        using (UploadJournal.DeadUploads dead = Find())
        {
            Assert.Equal(isWhole, dead.IsWhole);
            Assert.Equal([("a.dump", "mark"), ("b.dump", "other")], dead.Objects.Select(one => (one.Key, one.Value)));
            Assert.True(dead.Left(Upload("a.dump", "its own")));
            Assert.Equal(isWhole, dead.Left(Upload("a.dump", "another's")));
            Assert.True(dead.Left(Upload("b.dump", "any")));
            Assert.False(dead.Left(Upload("c.dump", "any")));

            // Who looks after it keeps others away from it meanwhile.
            Assert.Empty(UploadJournal.FindDead(_place));
        }

        using (UploadJournal.DeadUploads again = Find())
        {
            again.Forget();
        }

        Assert.Empty(Journals());
    }

    /// <summary>A beginning of which nobody knows the name may have left several.</summary>
    [Fact]
    public void WhatMayHaveLeftSomethingStays()
    {
        using (UploadJournal journal = UploadJournal.Open(_place, isWhole: false)!)
        {
            journal.Begin("a.dump", null);
        }

        using UploadJournal.DeadUploads dead = Find();
        dead.Forget();
    }

    /// <summary>Who looks for the dead of one place is in nobody's way who looks for those of another, or is just beginning.</summary>
    [Fact]
    public async Task WhoLooksIsInNobodysWay()
    {
        Die(isWhole: true);
        string begun = Path.Combine(UploadJournal.Folder, Guid.NewGuid().ToString("N") + ".uploads");
        File.WriteAllText(begun, "");
        using var done = new CancellationTokenSource();
        string elsewhere = "s3://test-" + Guid.NewGuid().ToString("N");
        var looking = Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
            {
                Assert.Empty(UploadJournal.FindDead(elsewhere));
            }
        });
        for (int round = 0; round < 2000; round++)
        {
            Assert.Single(UploadJournal.FindDead(_place)).Dispose();
        }

        await done.CancelAsync();
        await looking;
        Assert.True(File.Exists(begun));
        File.Delete(begun);
        using UploadJournal.DeadUploads left = Find();
        left.Forget();
    }

    /// <summary>What no run has written is no journal, and one that nobody has come back to for a month is none any more.</summary>
    [Fact]
    public void WhatIsOfNoUseGoes()
    {
        Die(isWhole: true);
        string old = Assert.Single(Journals());
        string noise = Path.Combine(UploadJournal.Folder, _place[^32..] + ".uploads");
        File.WriteAllText(noise, "noise");
        File.SetLastWriteTimeUtc(noise, DateTime.UtcNow.AddHours(-1));
        string elsewhere = "s3://test-" + Guid.NewGuid().ToString("N");
        Assert.True(Until(() => UploadJournal.FindDead(elsewhere).Count == 0 && !File.Exists(noise)));
        Assert.True(File.Exists(old));
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-31));
        Assert.True(Until(() => UploadJournal.FindDead(elsewhere).Count == 0 && !File.Exists(old)));
    }

    /// <summary>Another run of this account may look at it in the same moment.</summary>
    private UploadJournal.DeadUploads Find()
    {
        IReadOnlyList<UploadJournal.DeadUploads> dead = [];
        Assert.True(Until(() => (dead = UploadJournal.FindDead(_place)).Count > 0));
        return Assert.Single(dead);
    }

    private static bool Until(Func<bool> isSo) => SpinWait.SpinUntil(isSo, Long);

    private void Die(bool isWhole)
    {
        using UploadJournal journal = UploadJournal.Open(_place, isWhole)!;
        journal.Add("a.dump", "mark");
        journal.Begin("a.dump", "its own");
        journal.Add("b.dump", "other");
        journal.Leave();
    }

    private static UnfinishedUpload Upload(string key, string id) => new(key, id, DateTime.UtcNow);

    /// <summary>Those of this place, read as they lie there: a lock would be one more that looks.</summary>
    private string[] Journals() =>
        [
            .. Directory
                .GetFiles(UploadJournal.Folder, "*.uploads")
                .Where(path =>
                {
                    try
                    {
                        using var reader = new StreamReader(RegularFile.Open(path, FileAccess.Read));
                        return reader.ReadToEnd().Contains(_place, StringComparison.Ordinal);
                    }
                    catch (IOException)
                    {
                        return false;
                    }
                }),
        ];
}
