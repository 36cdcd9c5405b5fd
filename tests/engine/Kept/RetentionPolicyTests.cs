using System.Globalization;
using CryoBackup.Retention;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Kept;

/// <summary>The policy by examples: what others lost, and what a usual policy leaves.</summary>
[Trait("Runs", "Once")]
public sealed class RetentionPolicyTests
{
    private static readonly BackupGroup App = new("7000", "app", "");
    private static readonly DateTime Now = Utc("2026-06-15 03:00");

    [Fact]
    public void TheClockThatJumpedTo2030AndBackWipesNothing()
    {
        // Two nights of 2030, then the old time again.
        KeptBackup[] all = [.. Nightly(Now.AddDays(-60), 60), .. Nightly(Utc("2030-01-01 03:00"), 2)];
        foreach (RetentionRules rules in Usual)
        {
            // As seen while the clock is wrong: the new ones take their own places, and as many stand as before.
            HashSet<string> wrong = Removed(all, rules, Utc("2030-01-02 04:00"));
            Assert.True(wrong.Count <= Removed(all[..60], rules, Now.AddHours(1)).Count + 4, $"{wrong.Count} by {rules}");

            // And once it is right again: what lies in the future counts for nothing, and is told.
            IReadOnlyList<RetentionDecision> right = RetentionPolicy.Decide(all, rules, Now.AddDays(1));
            Assert.Equal(Removed(all[..60], rules, Now.AddDays(1)), Removed(right));
            Assert.All(
                right.Where(decision => decision.Backup.Start.Year == 2030),
                decision => Assert.Contains("future", decision.Reasons[0], StringComparison.Ordinal)
            );
        }
    }

    /// <summary>Who reads the decisions finds a database's backups together, in the same order each time.</summary>
    [Fact]
    public void DecisionsComeGroupByGroupTheNewestFirst()
    {
        BackupGroup[] groups = [new("2", "b", ""), new("1", "b", "y"), new("1", "b", "x"), new("9", "a", "")];
        KeptBackup[] all =
        [
            .. groups.SelectMany(group => Enumerable.Range(1, 3).Select(day => new KeptBackup($"{group} {day}", group, Now.AddDays(-day)))),
        ];
        IReadOnlyList<RetentionDecision> decisions = RetentionPolicy.Decide(all, new RetentionRules { KeepLast = 1 }, Now);
        Assert.Equal(
            [.. Enumerable.Reverse(groups).SelectMany(group => Enumerable.Range(1, 3).Select(day => $"{group} {day}"))],
            decisions.Select(decision => decision.Backup.Id)
        );
    }

    [Fact]
    public void AFiveWeekGapWipesNothing()
    {
        RetentionRules rules = new() { KeepWithin = TimeSpan.FromDays(30) };
        KeptBackup[] before = [.. Nightly(Now.AddDays(-90), 55)];

        // Nothing was made for five weeks: nothing ages.
        Assert.Equal(Removed(before, rules, before[^1].Start), Removed(before, rules, Now));

        // One is made: the month before the gap is there still.
        KeptBackup[] after = [.. before, Backup(Now)];
        Assert.Equal(Removed(before, rules, Now), Removed(after, rules, Now));

        // After a week of days they age as always.
        KeptBackup[] week = [.. before, .. Nightly(Now, 7)];
        Assert.Superset(before.Select(backup => backup.Id).Take(50).ToHashSet(), Removed(week, rules, Now.AddDays(7)));
    }

    [Fact]
    public void TwoServersInOneFolderDoNotDisplaceEachOther()
    {
        BackupGroup other = new("7001", "app", "");
        KeptBackup[] mine = [.. Nightly(Now.AddDays(-20), 20)];
        KeptBackup[] theirs =
        [
            .. Nightly(Now.AddDays(-20).AddHours(1), 20).Select(backup => backup with { Id = "x" + backup.Id, Group = other }),
        ];
        RetentionRules rules = new() { KeepDaily = 5 };
        HashSet<string> removed = Removed([.. mine, .. theirs], rules, Now);
        Assert.Equal(30, removed.Count);
        Assert.Equal(Removed(mine, rules, Now), [.. removed.Where(id => id[0] != 'x')]);
    }

    [Fact]
    public void FourHundredFailedRunsPushOutNothing()
    {
        KeptBackup[] good = [.. Nightly(Now.AddDays(-430), 30)];
        KeptBackup[] bad = [.. Nightly(Now.AddDays(-400), 400).Select(backup => backup with { IsProven = false })];
        foreach (RetentionRules rules in Usual)
        {
            IReadOnlyList<RetentionDecision> decisions = RetentionPolicy.Decide([.. good, .. bad], rules, Now);
            Assert.Empty(Removed(decisions));
            Assert.All(
                decisions,
                decision => Assert.Contains(decision.Reasons, reason => reason.StartsWith("frozen", StringComparison.Ordinal))
            );
        }

        // Then one succeeds: of the good ones as many stay as if none had failed.
        RetentionRules daily = new() { KeepDaily = 14 };
        HashSet<string> removed = Removed([.. good, .. bad, Backup(Now)], daily, Now);
        Assert.Equal(13, good.Count(backup => !removed.Contains(backup.Id)));

        // After a week of good ones the bad ones go, but for those of the last days.
        removed = Removed([.. good, .. bad, .. Nightly(Now, 7)], daily, Now.AddDays(7));
        Assert.Equal(7, good.Count(backup => !removed.Contains(backup.Id)));
        Assert.Equal(8, bad.Count(backup => !removed.Contains(backup.Id)));
    }

    [Fact]
    public void OnePartialRunReplacesNoWholeOne()
    {
        KeptBackup partial = Backup(Now) with { Group = App with { Selection = "selection --table=a" }, IsWhole = false };
        KeptBackup[] whole = [.. Nightly(Now.AddDays(-10), 10)];
        RetentionRules rules = new() { KeepLast = 1 };
        HashSet<string> removed = Removed([.. whole, partial], rules, Now);
        Assert.Equal(Removed(whole, rules, Now), removed);
        Assert.DoesNotContain(whole[^1].Id, removed);
    }

    [Fact]
    public void ADegradedOneFreezesItsGroup()
    {
        KeptBackup[] all = [.. Nightly(Now.AddDays(-20), 20), Backup(Now) with { IsDegraded = true }];
        Assert.Empty(Removed(all, new RetentionRules { KeepLast = 1 }, Now));

        // It fills no slot either, once a good one follows.
        HashSet<string> removed = Removed([.. all, Backup(Now.AddHours(1))], new RetentionRules { KeepDaily = 2 }, Now.AddHours(1));
        Assert.DoesNotContain(all[^2].Id, removed);
        Assert.DoesNotContain(all[^1].Id, removed);
        Assert.Contains(all[^3].Id, removed);
    }

    [Trait(WineLimits.Trait, WineLimits.TimeZones)]
    [Fact]
    public void TheHourThatComesTwiceIsTwo()
    {
        // The clocks of Berlin are set back at 01:00 UTC of 25 October 2026: 00:30Z and 01:30Z are both 02:30 there.
        KeptBackup[] all = [Backup(Utc("2026-10-24 23:30")), Backup(Utc("2026-10-25 00:30")), Backup(Utc("2026-10-25 01:30"))];
        RetentionRules rules = new() { KeepHourly = 2, TimeZone = "Europe/Berlin" };
        IReadOnlyList<RetentionDecision> decisions = RetentionPolicy.Decide(all, rules, Utc("2026-10-25 02:00"));
        Assert.Equal([all[0].Id], Removed(decisions));
        Assert.Contains("the newest of 2026-10-25 02:00 +01:00, hour 1 of 2", decisions[0].Reasons);
        Assert.Contains("the newest of 2026-10-25 02:00 +02:00, hour 2 of 2", decisions[1].Reasons);
    }

    [Theory]
    [InlineData(DayOfWeek.Monday, "2020-W53", "2020-W53")]
    [InlineData(DayOfWeek.Sunday, "the week of 2020-12-27", "the week of 2021-01-03")]
    public void TheWeekOfTheTurnOfTheYearIsOne(DayOfWeek first, string friday, string sunday)
    {
        var slots = new RetentionSlots(TimeZoneInfo.Utc, first);
        Assert.Equal((friday, sunday), (slots.Week(Utc("2021-01-01 03:00")), slots.Week(Utc("2021-01-03 03:00"))));

        // The first of all days is a Monday.
        Assert.EndsWith(first == DayOfWeek.Monday ? "0001-W01" : "0001-01-01", slots.Week(DateTime.MinValue), StringComparison.Ordinal);
    }

    [Trait(WineLimits.Trait, WineLimits.TimeZones)]
    [Fact]
    public void ADayIsThatOfTheTimeZone()
    {
        var slots = new RetentionSlots(TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), DayOfWeek.Monday);
        Assert.Equal(
            ("2025-12-31", "2025-12", "2025"),
            (slots.Day(Utc("2026-01-01 03:00")), slots.Month(Utc("2026-01-01 03:00")), slots.Year(Utc("2026-01-01 03:00")))
        );
        Assert.Equal("0001-01-01", slots.Day(DateTime.MinValue));
        Assert.Equal(
            ("2026-11-01 01:00 -04:00", "2026-11-01 01:00 -05:00"),
            (slots.Hour(Utc("2026-11-01 05:30")), slots.Hour(Utc("2026-11-01 06:30")))
        );
    }

    /// <summary>What lies in the future counts for nothing, also where nothing else is there.</summary>
    [Fact]
    public void OnlyWhatIsThereByNowFreezesItsGroup()
    {
        KeptBackup unproven = Backup(Now.AddDays(1)) with { IsProven = false };
        Assert.False(RetentionPolicy.IsFrozen([unproven], Now));
        Assert.True(RetentionPolicy.IsFrozen([unproven], Now.AddDays(1)));
        Assert.False(RetentionPolicy.IsFrozen([unproven, Backup(Now)], Now));
        Assert.False(RetentionPolicy.IsFrozen([], Now));
    }

    /// <summary>What Tests concluded of it may be a failure, and may be the only proof of its month.</summary>
    [Fact]
    public void WhatNobodyCanReadTheVerdictsOfStaysAndProvesNothing()
    {
        RetentionRules rules = new() { KeepLast = 2 };
        KeptBackup[] all = [.. Nightly(Now.AddDays(-60), 60)];
        all[5] = all[5] with { IsProven = false, IsUnknown = true };
        RetentionDecision old = RetentionPolicy.Decide(all, rules, Now).Single(decision => decision.Backup == all[5]);
        Assert.Equal(RemovalAction.Keep, old.Action);
        Assert.Equal(["what Tests concluded of it cannot be read"], old.Reasons);
        Assert.Equal(57, Removed(all, rules, Now).Count);
        all[^1] = all[^1] with { IsProven = false, IsUnknown = true };
        Assert.Empty(Removed(all, rules, Now));
        Assert.Contains("what Tests concluded of it cannot be read", RetentionPolicy.Floors(all, all[5].Id, Now));
    }

    /// <summary>Of a backup that is not among those given nothing is known, not even a floor.</summary>
    [Fact]
    public void OfWhatIsNotThereNoFloorIsTold()
    {
        KeptBackup[] all = [.. Nightly(Now.AddDays(-3), 3)];
        Assert.Empty(RetentionPolicy.Floors(all, "another", Now));
        Assert.NotEmpty(RetentionPolicy.Floors(all, all[^1].Id, Now));
    }

    [Fact]
    public void RulesThatSayNothingAreRefused()
    {
        foreach (
            RetentionRules rules in (RetentionRules[])
                [
                    new(),
                    new() { KeepLast = 0 },
                    new() { KeepDaily = -1 },
                    new() { KeepDaily = RetentionRules.Most + 1 },
                    new() { KeepWithin = TimeSpan.FromDays(-1) },
                    new() { KeepLast = 1, TimeZone = "Mars/Olympus" },
                ]
        )
        {
            CryoBackupException failure = Assert.Throws<CryoBackupException>(rules.Check);
            Assert.Equal(CryoBackupError.ConfigurationInvalid, failure.Error);
            Assert.NotNull(failure.Remedy);
        }
    }

    /// <summary>Ten years of nightly backups under a usual policy, which is applied each night: what stands at the end of each year.</summary>
    [Trait(WineLimits.Trait, WineLimits.TimeZones)]
    [Fact]
    public void TenYearsOfNights()
    {
        RetentionRules rules = new()
        {
            KeepDaily = 14,
            KeepWeekly = 8,
            KeepMonthly = 12,
            KeepYearly = 7,
            TimeZone = "Europe/Berlin",
        };
        var standing = new List<KeptBackup>();
        List<string> table = ["year made standing oldest"];
        int made = 0;
        for (DateTime night = Utc("2026-01-01 01:30"); night.Year < 2036; night = night.AddDays(1))
        {
            standing.Add(Backup(night) with { IsRehearsed = night.DayOfWeek == DayOfWeek.Sunday });
            made++;
            HashSet<string> removed = Removed(standing, rules, night);
            standing.RemoveAll(backup => removed.Contains(backup.Id));
            if (night is { Month: 12, Day: 31 })
            {
                table.Add(
                    string.Create(CultureInfo.InvariantCulture, $"{night.Year} {made} {standing.Count} {standing[0].Start:yyyy-MM-dd}")
                );
            }
        }

        Assert.Equal(
            [
                "year made standing oldest",
                "2026 365 30 2026-01-31",
                "2027 730 31 2026-12-31",
                "2028 1096 33 2026-12-31",
                "2029 1461 33 2026-12-31",
                "2030 1826 34 2026-12-31",
                "2031 2191 34 2026-12-31",
                "2032 2557 36 2026-12-31",
                "2033 2922 36 2027-12-31",
                "2034 3287 37 2028-12-31",
                "2035 3652 36 2029-12-31",
            ],
            table
        );
    }

    private static readonly RetentionRules[] Usual =
    [
        new() { KeepWithin = TimeSpan.FromDays(30) },
        new()
        {
            KeepDaily = 14,
            KeepWeekly = 8,
            KeepMonthly = 12,
            KeepYearly = 7,
        },
        new() { KeepLast = 10, OlderThan = TimeSpan.FromDays(20) },
    ];

    private static HashSet<string> Removed(IReadOnlyCollection<KeptBackup> all, RetentionRules rules, DateTime now) =>
        Removed(RetentionPolicy.Decide(all, rules, now));

    private static HashSet<string> Removed(IEnumerable<RetentionDecision> decisions) =>
        [.. decisions.Where(decision => decision.Action == RemovalAction.Remove).Select(decision => decision.Backup.Id)];

    private static IEnumerable<KeptBackup> Nightly(DateTime first, int count) =>
        Enumerable.Range(0, count).Select(day => Backup(first.AddDays(day)));

    private static KeptBackup Backup(DateTime start) => new(start.ToString("s", CultureInfo.InvariantCulture), App, start);

    private static DateTime Utc(string text) =>
        DateTime.SpecifyKind(DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.None), DateTimeKind.Utc);
}
