using System.Globalization;
using CryoBackup.Retention;
using CryoBackup.Tests.Standalone;

namespace CryoBackup.Tests.Kept;

/// <summary>
/// The policy against a model of its own: random histories of several servers, with gaps, clocks that jump both ways, the ends of daylight
/// saving, leap years, ISO weeks 53, backups that are not proven, of a selection, degraded, held, locked. The model says of one backup at a
/// time, by looking at all others, whether it stays.
/// </summary>
[Trait(WineLimits.Trait, WineLimits.TimeZones)]
[Trait("Runs", "Once")]
public sealed class RetentionModelTests
{
    private static readonly string[] Zones =
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
    ];

    [Fact]
    public void NothingThatIsPromisedIsEverLost()
    {
        int removed = 0;
        int histories = Thoroughness.Of(2_000, 100_000);
        Parallel.For(0, histories, seed => Interlocked.Add(ref removed, Live(seed)));

        // A policy that removes nothing would hold every promise.
        Assert.True(removed > histories, $"Only {removed} were removed in {histories} histories.");
    }

    private static int Live(int seed)
    {
        var random = new Random(seed);
        (KeptBackup[] all, DateTime now) = History(random);
        RetentionRules rules = Rules(random);
        IReadOnlyList<RetentionDecision> decisions = RetentionPolicy.Decide(all, rules, now);
        HashSet<string> removed = Removed(decisions);

        // Every backup once, each with its reasons, and those of the model.
        Assert.Equal(all.Select(backup => backup.Id).Order(), decisions.Select(decision => decision.Backup.Id).Order());
        Assert.All(decisions, decision => Assert.NotEmpty(decision.Reasons));
        foreach (RetentionDecision decision in decisions)
        {
            RemovalAction expected = new Model(all, rules, now).Decide(decision.Backup);
            Assert.True(
                expected == decision.Action,
                $"Seed {seed}: {decision.Backup} is {decision.Action} ({string.Join("; ", decision.Reasons)}), and should be {expected} by {rules}."
            );
        }

        // The order of the listing does not matter.
        KeptBackup[] shuffled = [.. all];
        random.Shuffle(shuffled);
        Assert.Equal(
            decisions.Select(decision => (decision.Backup.Id, decision.Action)),
            RetentionPolicy.Decide(shuffled, rules, now).Select(decision => (decision.Backup.Id, decision.Action))
        );

        // A longer policy never keeps less.
        Assert.Subset(removed, Removed(RetentionPolicy.Decide(all, Longer(random, rules), now)));

        // What was done once leaves nothing to do, but for the one from which ages were counted, where an older one has taken its place.
        KeptBackup[] left = [.. all.Where(backup => !removed.Contains(backup.Id))];
        HashSet<string> again = Removed(RetentionPolicy.Decide(left, rules, now));
        Assert.All(
            again,
            id => Assert.Contains("the one from which ages are counted", decisions.Single(one => one.Backup.Id == id).Reasons)
        );

        // What stands between a backup and its removal by name is the same.
        Assert.All(
            left.Where(backup => RetentionPolicy.Floors(all, backup.Id, now).Count > 0),
            backup => Assert.DoesNotContain(backup.Id, removed)
        );
        Assert.All(removed, id => Assert.Empty(RetentionPolicy.Floors(all, id, now)));
        return removed.Count;
    }

    private static HashSet<string> Removed(IEnumerable<RetentionDecision> decisions) =>
        [.. decisions.Where(decision => decision.Action == RemovalAction.Remove).Select(decision => decision.Backup.Id)];

    private static (KeptBackup[] All, DateTime Now) History(Random random)
    {
        DateTime[] beginnings =
        [
            new(2020, 12, 20, 1, 30, 0, DateTimeKind.Utc),
            new(2024, 2, 20, 23, 0, 0, DateTimeKind.Utc),
            new(2026, 10, 20, 0, 15, 0, DateTimeKind.Utc),
            new(2026, 3, 20, 0, 45, 0, DateTimeKind.Utc),
        ];
        DateTime clock = beginnings[random.Next(beginnings.Length)];
        var step = TimeSpan.FromHours(new[] { 1, 6, 24, 24, 24, 168 }[random.Next(6)]);
        BackupGroup[] groups =
        [
            new("7000", "app", ""),
            new("7001", "app", ""),
            new("7000", "app", "selection --table=a"),
            new("", "app", ""),
        ];
        var all = new KeptBackup[random.Next(1, 60)];
        for (int i = 0; i < all.Length; i++)
        {
            clock += random.Next(25) switch
            {
                0 => TimeSpan.FromDays(random.Next(30, 400)),
                1 => -TimeSpan.FromDays(random.Next(1, 60)),
                2 when random.Next(4) == 0 => TimeSpan.FromDays(1300),
                3 when random.Next(4) == 0 => -TimeSpan.FromDays(1300),
                4 => TimeSpan.Zero,
                5 => TimeSpan.FromMinutes(random.Next(120)),
                _ => step,
            };
            BackupGroup group = groups[
                random.Next(8) switch
                {
                    < 5 => 0,
                    5 => 1,
                    6 => 2,
                    _ => random.Next(3) == 0 ? 3 : 0,
                }
            ];
            bool isProven = random.Next(6) > 0;
            all[i] = new KeptBackup(string.Create(CultureInfo.InvariantCulture, $"b{random.Next(1000):000}-{i}"), group, clock)
            {
                IsWhole = group.Selection.Length == 0 && random.Next(15) > 0,
                IsProven = isProven,
                IsRehearsed = isProven && random.Next(7) == 0,
                IsDegraded = random.Next(20) == 0,
                Hold = random.Next(25) == 0 ? "held" : null,
                Lock = random.Next(25) == 0 ? "locked until" : null,
            };
        }

        // The newest is mostly good, or nothing would ever be removed.
        if (random.Next(5) > 0)
        {
            int newest = Array.IndexOf(all, all.MaxBy(backup => backup.Start));
            all[newest] = all[newest] with { IsProven = true, IsDegraded = false };
        }

        DateTime end = all.Max(backup => backup.Start);
        return (all, random.Next(6) == 0 ? all[random.Next(all.Length)].Start : end + TimeSpan.FromHours(random.Next(2000)));
    }

    private static RetentionRules Rules(Random random)
    {
        int? Some(int most) => random.Next(3) == 0 ? random.Next(most) : null;
        TimeSpan? Span() => random.Next(4) == 0 ? TimeSpan.FromHours(random.Next(1, 1500)) : null;
        return new RetentionRules
        {
            KeepLast = Some(6),
            KeepHourly = Some(30),
            KeepDaily = Some(15),
            KeepWeekly = Some(8),
            KeepMonthly = Some(8),
            KeepYearly = Some(4),
            KeepRehearsed = Some(3),
            KeepWithin = Span(),
            OlderThan = Span(),
            TimeZone = Zones[random.Next(Zones.Length)],
            FirstDayOfWeek = random.Next(2) == 0 ? DayOfWeek.Monday : (DayOfWeek)random.Next(7),
        };
    }

    private static RetentionRules Longer(Random random, RetentionRules rules) =>
        random.Next(9) switch
        {
            0 => rules with { KeepLast = (rules.KeepLast ?? 0) + random.Next(5) },
            1 => rules with { KeepHourly = (rules.KeepHourly ?? 0) + random.Next(20) },
            2 => rules with { KeepDaily = (rules.KeepDaily ?? 0) + random.Next(20) },
            3 => rules with { KeepWeekly = (rules.KeepWeekly ?? 0) + random.Next(8) },
            4 => rules with { KeepMonthly = (rules.KeepMonthly ?? 0) + random.Next(8) },
            5 => rules with { KeepYearly = (rules.KeepYearly ?? 0) + random.Next(4) },
            6 => rules with { KeepRehearsed = (rules.KeepRehearsed ?? 0) + random.Next(3) },
            7 => rules with { OlderThan = (rules.OlderThan ?? TimeSpan.Zero) + TimeSpan.FromHours(random.Next(1000)) },
            _ => rules with { KeepWithin = (rules.KeepWithin ?? TimeSpan.Zero) + TimeSpan.FromHours(random.Next(1000)) },
        };

    /// <summary>The semantics once more, in the words of the help, one backup at a time.</summary>
    private sealed class Model(KeptBackup[] all, RetentionRules rules, DateTime now)
    {
        private readonly TimeZoneInfo _zone = TimeZoneInfo.FindSystemTimeZoneById(rules.TimeZone);

        public RemovalAction Decide(KeptBackup backup)
        {
            KeptBackup[] group = [.. all.Where(other => other.Group == backup.Group && other.Start <= now.AddMinutes(5))];
            bool stays =
                backup.Group.Server == ""
                || backup.Start > now.AddMinutes(5)
                || backup.Hold is not null
                || IsNewest(backup, group)
                || (backup.IsProven && IsNewest(backup, group.Where(one => one.IsProven)))
                || (backup.IsRehearsed && IsNewest(backup, group.Where(one => one.IsRehearsed)))
                || IsFrozen(group)
                || (
                    backup.IsProven
                    && Age(backup, group) == TimeSpan.Zero
                    && IsNewest(backup, group.Where(one => one.IsProven && one.Start == backup.Start))
                )
                || IsKept(backup, group);
            return stays ? RemovalAction.Keep
                : backup.Lock is not null ? RemovalAction.Blocked
                : RemovalAction.Remove;
        }

        private static bool IsAfter(KeptBackup one, KeptBackup other) =>
            one.Start > other.Start || (one.Start == other.Start && string.CompareOrdinal(one.Id, other.Id) > 0);

        private static bool IsNewest(KeptBackup backup, IEnumerable<KeptBackup> among) => !among.Any(other => IsAfter(other, backup));

        private static bool IsFrozen(KeptBackup[] group)
        {
            KeptBackup newest = group.Single(one => IsNewest(one, group));
            return !newest.IsProven || newest.IsDegraded;
        }

        private bool IsKept(KeptBackup backup, KeptBackup[] group)
        {
            KeptBackup[] counting = [.. group.Where(one => one.IsWhole && one.IsProven && !one.IsDegraded)];
            TimeSpan? age = Age(backup, group);
            if (!counting.Contains(backup))
            {
                double days = new[]
                {
                    7,
                    rules.KeepDaily ?? 0,
                    (rules.KeepHourly ?? 0) / 24.0,
                    rules.KeepWithin?.TotalDays ?? 0,
                    rules.OlderThan?.TotalDays ?? 0,
                }.Max();
                return age is { } own && own.TotalDays <= days;
            }

            return age <= rules.KeepWithin
                || age <= rules.OlderThan
                || counting.Count(other => IsAfter(other, backup)) < (rules.KeepLast ?? 0)
                || (backup.IsRehearsed && counting.Count(other => other.IsRehearsed && IsAfter(other, backup)) < (rules.KeepRehearsed ?? 0))
                || Fills(backup, counting, rules.KeepHourly, Hour)
                || Fills(backup, counting, rules.KeepDaily, Day)
                || Fills(backup, counting, rules.KeepWeekly, Week)
                || Fills(backup, counting, rules.KeepMonthly, start => Day(start).ToString("yyyyMM", CultureInfo.InvariantCulture))
                || Fills(backup, counting, rules.KeepYearly, start => Day(start).Year);
        }

        private static bool Fills<T>(KeptBackup backup, KeptBackup[] counting, int? count, Func<DateTime, T> slot)
            where T : notnull
        {
            KeptBackup[] inSlot = [.. counting.Where(other => slot(other.Start).Equals(slot(backup.Start)))];
            int newerSlots = counting
                .Except(inSlot)
                .Where(other => inSlot.All(one => IsAfter(other, one)))
                .Select(other => slot(other.Start))
                .Distinct()
                .Count();
            return count > newerSlots && IsNewest(backup, inSlot);
        }

        private (DateTime, TimeSpan) Hour(DateTime start)
        {
            DateTime local = TimeZoneInfo.ConvertTimeFromUtc(start, _zone);
            return (local.Date.AddHours(local.Hour), local - DateTime.SpecifyKind(start, DateTimeKind.Unspecified));
        }

        private DateTime Day(DateTime start) => TimeZoneInfo.ConvertTimeFromUtc(start, _zone).Date;

        // A week is known by its first day, whatever number it bears.
        private DateTime Week(DateTime start)
        {
            DateTime day = Day(start);
            while (day.DayOfWeek != rules.FirstDayOfWeek)
            {
                day = day.AddDays(-1);
            }

            return day;
        }

        private static TimeSpan? Age(KeptBackup backup, KeptBackup[] group)
        {
            KeptBackup[] proven = [.. group.Where(one => one.IsProven).OrderByDescending(one => one.Start)];
            if (proven.Length == 0)
            {
                return null;
            }

            // The oldest pause among the newest days, if it comes before there were seven.
            int pauses = Enumerable
                .Range(1, proven.Length - 1)
                .LastOrDefault(i =>
                    proven.Take(i).Select(one => one.Start.Date).Distinct().Count() < 7
                    && proven[i - 1].Start - proven[i].Start > TimeSpan.FromDays(31)
                );
            if (pauses > 0)
            {
                return proven[pauses].Start - backup.Start;
            }

            return proven[0].Start - backup.Start;
        }
    }
}
