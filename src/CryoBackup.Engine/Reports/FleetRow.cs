namespace CryoBackup.Reports;

/// <summary>One database of one server, by all of its backups that were listed.</summary>
/// <param name="Database">The database.</param>
/// <param name="Server">The server as host:port; empty where none is known.</param>
/// <param name="Backups">Its whole backups, oldest first; none where there is no backup of it.</param>
/// <param name="Word">How far the newest is to be relied on, in a word: that of a listing, or None, or Late.</param>
/// <param name="Holes">The times between two backups, or since the last, in which at least one is missing.</param>
internal sealed record FleetRow(
    string Database,
    string Server,
    IReadOnlyList<BackupInfo> Backups,
    string Word,
    IReadOnlyList<(DateTime From, DateTime Until)> Holes
)
{
    // Fewer backups have no rhythm.
    private const int LeastForRhythm = 4;

    /// <summary>The newest backup; null for none.</summary>
    public BackupInfo? Newest => Backups.Count > 0 ? Backups[^1] : null;

    /// <summary>When any of its backups was last proven, in UTC.</summary>
    public DateTime? Proven => Backups.Max(backup => backup.Proven);

    /// <summary>When any of its backups last came back, in UTC.</summary>
    public DateTime? Rehearsed => Backups.Max(backup => backup.Rehearsed);

    /// <summary>How long the last restore of a rehearsal took.</summary>
    public TimeSpan? RestoreDuration =>
        Backups.Where(backup => backup.RestoreDuration is not null).MaxBy(backup => backup.Rehearsed)?.RestoreDuration;

    /// <summary>The page's word for it: failed, inconclusive for what wants a look, passed.</summary>
    public string Status =>
        Word switch
        {
            "Rehearsed" or "Proven" => Holes.Count > 0 ? "inconclusive" : "passed",
            "Unproven" or "Degraded" => "inconclusive",
            _ => "failed",
        };

    /// <summary>One row a database of a server, those that want a look first.</summary>
    /// <param name="backups">What was listed.</param>
    /// <param name="expected">Databases that must have a backup; a pattern counts as met.</param>
    /// <param name="maxAge">How old the newest may be; null for any age.</param>
    /// <param name="now">In UTC.</param>
    public static IReadOnlyList<FleetRow> Of(IEnumerable<BackupInfo> backups, IEnumerable<string> expected, TimeSpan? maxAge, DateTime now)
    {
        FleetRow[] found =
        [
            .. backups
                .Where(backup => backup is { Partial: false, Database.Length: > 0 } && backup.Start > DateTime.MinValue)
                .GroupBy(backup => (backup.Database, backup.Source))
                .Select(group => Of(group.Key.Database, [.. group.OrderBy(backup => backup.Start)], maxAge, now)),
        ];
        HashSet<string> names = [.. found.Select(row => row.Database)];
        return
        [
            .. found
                .Concat(
                    expected
                        .Where(name => name.AsSpan().IndexOfAny('*', '?') < 0 && names.Add(name))
                        .Select(name => new FleetRow(name, "", [], "None", []))
                )
                .OrderBy(row => Array.IndexOf(["failed", "inconclusive", "passed"], row.Status))
                .ThenBy(row => row.Database, StringComparer.Ordinal)
                .ThenBy(row => row.Server, StringComparer.Ordinal),
        ];
    }

    private static FleetRow Of(string database, BackupInfo[] backups, TimeSpan? maxAge, DateTime now)
    {
        BackupInfo newest = backups[^1];
        string word = BackupWord.Of(newest);
        bool isGood = word is "Rehearsed" or "Proven" or "Unproven" or "Degraded";
        return new FleetRow(
            database,
            newest.ComputerName.Length == 0 ? "" : FormattableString.Invariant($"{newest.ComputerName}:{newest.Port}"),
            backups,
            isGood && now - newest.Start > maxAge ? "Late" : word,
            HolesOf([.. backups.Select(backup => backup.Start)], maxAge, now)
        );
    }

    /// <summary>A hole is longer than what was promised; where nothing was, than twice the usual time from one to the next.</summary>
    private static (DateTime, DateTime)[] HolesOf(DateTime[] starts, TimeSpan? maxAge, DateTime now)
    {
        TimeSpan[] steps = [.. starts.Zip(starts.Skip(1), (one, next) => next - one).Order()];
        return maxAge is null && starts.Length < LeastForRhythm
            ? []
            : [.. starts.Zip([.. starts.Skip(1), now]).Where(pair => pair.Second - pair.First > (maxAge ?? (steps[steps.Length / 2] * 2)))];
    }
}
