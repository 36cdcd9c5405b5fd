using CryoBackup.Text;

namespace CryoBackup.Storage;

/// <summary>Which backups of a place are to be listed.</summary>
public sealed record CatalogQuery
{
    /// <summary>Only backups of these databases: names, and patterns with * and ?; empty for all.</summary>
    public IReadOnlyList<string> Databases { get; init; } = [];

    /// <summary>
    /// Only backups of these servers: host names, <c>host:port</c> or system identifiers, and patterns with * and ?; empty for all.
    /// </summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>Only backups that were begun then or later, in UTC.</summary>
    public DateTime? Since { get; init; }

    /// <summary>Only backups that were begun before, in UTC.</summary>
    public DateTime? Before { get; init; }

    /// <summary>True for only those that hold a selection of their database.</summary>
    public bool Partial { get; init; }

    /// <summary>True for only those whose content is proven.</summary>
    public bool Proven { get; init; }

    /// <summary>True for only those that came back in a rehearsal.</summary>
    public bool Rehearsed { get; init; }

    /// <summary>True for only those that hold suspiciously less than the one before.</summary>
    public bool Degraded { get; init; }

    /// <summary>True for only the newest of each database of each server, a whole one where there is any.</summary>
    public bool Latest { get; init; }

    /// <summary>True to list also what is no complete backup, as what it is, instead of warning of it.</summary>
    public bool All { get; init; }

    /// <summary>True for the folders below too.</summary>
    public bool Recurse { get; init; }

    /// <summary>True if more than the databases is said.</summary>
    internal bool IsNarrow => Servers.Count > 0 || Since is not null || Before is not null || Partial || Proven || Rehearsed || Degraded;

    /// <summary>What narrows the list, as a remedy names it.</summary>
    internal string Words => IsNarrow ? "what narrows it" : "-Database";

    /// <summary>Whether a backup is among those asked for, but for <see cref="Latest"/>, which compares them.</summary>
    /// <param name="backup">The backup.</param>
    internal bool Wants(BackupInfo backup) =>
        BackupCatalog.IsWanted(backup.Database, Databases)
        && (Servers.Count == 0 || Servers.Any(server => IsOf(server, backup)))
        && IsWithin(backup.Start)
        && (!Partial || backup.Partial)
        && (!Proven || backup.Proven is not null)
        && (!Rehearsed || backup.Rehearsed is not null)
        && (!Degraded || backup.Degraded.Length > 0);

    private static bool IsOf(string server, BackupInfo backup) =>
        Matches(server, backup.ComputerName)
        || Matches(server, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{backup.ComputerName}:{backup.Port}"))
        || Matches(server, backup.SystemIdentifier);

    private static bool Matches(string server, string name) => name.Length > 0 && NamePattern.Matches(server, name, ignoreCase: true);

    // One that nothing dates is in no span of time.
    private bool IsWithin(DateTime start) =>
        (Since is null && Before is null)
        || (start > DateTime.MinValue && start >= (Since ?? DateTime.MinValue) && start < (Before ?? DateTime.MaxValue));
}
