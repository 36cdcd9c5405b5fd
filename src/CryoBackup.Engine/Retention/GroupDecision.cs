using System.Globalization;
using CryoBackup.Text;

namespace CryoBackup.Retention;

/// <summary>The decision on one group.</summary>
/// <param name="newestFirst">Its backups, the newest first.</param>
/// <param name="rules">What is kept.</param>
/// <param name="slots">The hours, days, weeks, months and years.</param>
/// <param name="now">The time, in UTC.</param>
internal sealed class GroupDecision(KeptBackup[] newestFirst, RetentionRules rules, RetentionSlots slots, DateTime now)
{
    // A time that has not come yet tells nothing of the others.
    private readonly KeptBackup[] _known = [.. newestFirst.Where(backup => !IsOfFuture(backup, now))];
    private readonly Dictionary<string, List<string>> _reasons = newestFirst.ToDictionary(
        backup => backup.Id,
        _ => new List<string>(),
        StringComparer.Ordinal
    );

    /// <summary>Decides on each, the newest first.</summary>
    public IEnumerable<RetentionDecision> Decide()
    {
        foreach (KeptBackup backup in newestFirst)
        {
            _reasons[backup.Id].AddRange(Floors(backup));
        }

        KeptBackup[] filling = Array.FindAll(_known, Fills);
        ApplyCounts(filling);
        if (Reference() is { } reference)
        {
            // The newest proven stays anyway; the last before a pause must, or with it would go what is counted from it.
            _reasons[reference.Id].Add("the one from which ages are counted");
        }

        ApplyAge(filling, rules.KeepWithin, span => $"within {span} of the newest proven");
        ApplyAge(_known, rules.OlderThan, span => $"not older than {span}, counted from the newest proven");
        TimeSpan others = ForOthers();
        ApplyAge(Array.FindAll(_known, backup => !Fills(backup)), others, span => $"{Others}; such are kept for {span}");
        return newestFirst.Select(backup => Conclude(backup, others));
    }

    /// <summary>What keeps a backup whatever the rules say.</summary>
    /// <param name="backup">One of the group.</param>
    /// <returns>Reasons; none where nothing does.</returns>
    public IReadOnlyList<string> Floors(KeptBackup backup)
    {
        List<string> floors = [];
        if (IsOfFuture(backup, now))
        {
            floors.Add("its time lies in the future: a clock was wrong, and it counts for nothing");
        }

        if (_known is [var newest, ..])
        {
            AddIf(ReferenceEquals(newest, backup), "the newest");
            AddIf(ReferenceEquals(Array.Find(_known, one => one.IsProven), backup), "the newest that is proven");
            AddIf(ReferenceEquals(Array.Find(_known, one => one.IsRehearsed), backup), "the newest that came back in a rehearsal");
            AddIf(Freeze(newest) is not null, Freeze(newest) ?? "");
        }

        AddIf(backup.IsUnknown, "what Tests concluded of it cannot be read");
        AddIf(backup.Hold is not null, backup.Hold ?? "");
        return floors;

        void AddIf(bool holds, string reason)
        {
            if (holds)
            {
                floors.Add(reason);
            }
        }
    }

    /// <summary>Why nothing of a group is removed; null where nothing hinders.</summary>
    /// <param name="newest">Its newest backup that does not lie in the future.</param>
    public static string? Freeze(KeptBackup newest) =>
        newest is { IsProven: true, IsDegraded: false }
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"frozen: the newest, of {newest.Start:yyyy-MM-dd HH:mm:ss}Z, is {(newest.IsProven ? "degraded" : "not proven")}"
            );

    private const string Others = "of a selection, not proven, or degraded";

    /// <summary>Only what can replace another fills a slot.</summary>
    private static bool Fills(KeptBackup backup) => backup is { IsWhole: true, IsProven: true, IsDegraded: false };

    private static bool IsOfFuture(KeptBackup backup, DateTime now) => backup.Start - RetentionPolicy.Ahead > now;

    private void ApplyCounts(KeptBackup[] filling)
    {
        Count(filling, rules.KeepLast, (_, place) => $"the last {rules.KeepLast}: {place}");
        Count(
            Array.FindAll(filling, backup => backup.IsRehearsed),
            rules.KeepRehearsed,
            (_, place) => $"the last {rules.KeepRehearsed} that came back in a rehearsal: {place}"
        );
        Fill(filling, rules.KeepHourly, slots.Hour, "hour");
        Fill(filling, rules.KeepDaily, slots.Day, "day");
        Fill(filling, rules.KeepWeekly, slots.Week, "week");
        Fill(filling, rules.KeepMonthly, slots.Month, "month");
        Fill(filling, rules.KeepYearly, slots.Year, "year");
    }

    private void Fill(KeptBackup[] filling, int? count, Func<DateTime, string> slot, string name) =>
        Count(
            [.. filling.DistinctBy(backup => slot(backup.Start), StringComparer.Ordinal)],
            count,
            (backup, place) => string.Create(CultureInfo.InvariantCulture, $"the newest of {slot(backup.Start)}, {name} {place} of {count}")
        );

    private void Count(KeptBackup[] from, int? count, Func<KeptBackup, int, string> reason)
    {
        for (int i = 0; i < Math.Min(from.Length, count ?? 0); i++)
        {
            _reasons[from[i].Id].Add(reason(from[i], i + 1));
        }
    }

    private void ApplyAge(KeptBackup[] among, TimeSpan? span, Func<string, string> reason)
    {
        if (span is { } most && Reference()?.Start is { } reference)
        {
            foreach (KeptBackup backup in among.Where(backup => reference - backup.Start <= most))
            {
                _reasons[backup.Id].Add(reason(DurationText.Of(most)));
            }
        }
    }

    /// <summary>
    /// From when ages are counted: from the newest that is proven, not from now. After a pause of more than a month it is the last before
    /// the pause, until a week of days has brought new ones: neither a gap nor a clock that jumped makes everything before it old at once.
    /// </summary>
    private KeptBackup? Reference()
    {
        KeptBackup[] proven = Array.FindAll(_known, backup => backup.IsProven);
        KeptBackup? reference = proven.FirstOrDefault();
        var days = new HashSet<DateTime>();
        for (int i = 0; i + 1 < proven.Length; i++)
        {
            days.Add(proven[i].Start.Date);
            if (days.Count >= RetentionPolicy.DaysAfterPause)
            {
                break;
            }

            if (proven[i].Start - proven[i + 1].Start > RetentionPolicy.Pause)
            {
                // Of several pauses the oldest: those that a removal makes change nothing then.
                reference = proven[i + 1];
            }
        }

        return reference;
    }

    /// <summary>How long what fills no slot is kept: as long as the daily ones, and never less than a week.</summary>
    private TimeSpan ForOthers() =>
        new[]
        {
            RetentionPolicy.LeastForOthers,
            rules.KeepWithin ?? TimeSpan.Zero,
            rules.OlderThan ?? TimeSpan.Zero,
            TimeSpan.FromDays(rules.KeepDaily ?? 0),
            TimeSpan.FromHours(rules.KeepHourly ?? 0),
        }.Max();

    private RetentionDecision Conclude(KeptBackup backup, TimeSpan others)
    {
        List<string> reasons = _reasons[backup.Id];
        if (backup.Group.Server.Length == 0)
        {
            reasons.Add("its manifest names no system identifier, so that nobody knows which backups replace it");
        }

        return reasons.Count > 0 ? new RetentionDecision(backup, RemovalAction.Keep, reasons)
            : backup.Lock is { } held ? new RetentionDecision(backup, RemovalAction.Blocked, [held])
            : new RetentionDecision(
                backup,
                RemovalAction.Remove,
                [Fills(backup) ? "no rule keeps it" : $"{Others}, and older than {DurationText.Of(others)}"]
            );
    }
}
