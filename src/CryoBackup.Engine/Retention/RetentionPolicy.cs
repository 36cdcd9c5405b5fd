namespace CryoBackup.Retention;

/// <summary>
/// Decides what is kept, from the backups, the rules and the time alone: no file is looked at, and the order of the list does not matter.
/// Of each group stay, whatever the rules say: the newest, the newest that is proven, the newest that came back in a rehearsal, and what is
/// held. While the newest is not proven, or degraded, nothing of its group is removed.
/// </summary>
internal static class RetentionPolicy
{
    /// <summary>How long what fills no slot is kept at least: what is not proven, degraded, or of a selection.</summary>
    public static readonly TimeSpan LeastForOthers = TimeSpan.FromDays(7);

    /// <summary>How far clocks may differ. What is later than that lies in the future.</summary>
    public static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    /// <summary>What is longer than any ordinary time between two backups.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromDays(31);

    /// <summary>On how many days there must be proven backups after a pause before what is older than it begins to age again.</summary>
    public const int DaysAfterPause = 7;

    /// <summary>Decides on every backup.</summary>
    /// <param name="backups">The backups of a place, in any order.</param>
    /// <param name="rules">What is kept; checked.</param>
    /// <param name="now">The time, in UTC. It decides only what lies in the future.</param>
    /// <returns>One decision a backup, group by group, the newest first.</returns>
    public static IReadOnlyList<RetentionDecision> Decide(IEnumerable<KeptBackup> backups, RetentionRules rules, DateTime now)
    {
        var slots = new RetentionSlots(rules.Zone(), rules.FirstDayOfWeek);
        return
        [
            .. backups
                .GroupBy(backup => backup.Group)
                .OrderBy(group => group.Key.Database, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Server, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Selection, StringComparer.Ordinal)
                .SelectMany(group => new GroupDecision(NewestFirst(group), rules, slots, now).Decide()),
        ];
    }

    /// <summary>What keeps a single backup from being removed by its name, the rules left aside.</summary>
    /// <param name="backups">The backups of its place, in any order.</param>
    /// <param name="id">The backup.</param>
    /// <param name="now">The time, in UTC.</param>
    /// <returns>Reasons; none where nothing does.</returns>
    public static IReadOnlyList<string> Floors(IEnumerable<KeptBackup> backups, string id, DateTime now)
    {
        KeptBackup[] all = [.. backups];
        KeptBackup? named = Array.Find(all, backup => string.Equals(backup.Id, id, StringComparison.Ordinal));
        return named is null
            ? []
            : new GroupDecision(
                NewestFirst(all.Where(backup => backup.Group == named.Group)),
                new RetentionRules(),
                new RetentionSlots(TimeZoneInfo.Utc, DayOfWeek.Monday),
                now
            ).Floors(named);
    }

    /// <summary>Tells whether nothing of a group is removed, for its newest is not proven or degraded.</summary>
    /// <param name="group">All backups of the group.</param>
    /// <param name="now">The time, in UTC.</param>
    public static bool IsFrozen(IEnumerable<KeptBackup> group, DateTime now) =>
        NewestFirst(group.Where(backup => backup.Start - Ahead <= now)) is [var newest, ..] && GroupDecision.Freeze(newest) is not null;

    private static KeptBackup[] NewestFirst(IEnumerable<KeptBackup> backups) =>
        [.. backups.OrderByDescending(backup => backup.Start).ThenByDescending(backup => backup.Id, StringComparer.Ordinal)];
}
